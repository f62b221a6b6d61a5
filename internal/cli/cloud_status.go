package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
)

// cloudStatus is what `atoll cloud status --json` prints.
type cloudStatus struct {
	Running bool `json:"running"`
	*daemon.Info
	Dir string `json:"dir"`
}

func newCloudStatus(env Env) *cobra.Command {
	var dirArg string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show whether the local cloud runs, and where", Args: cobra.NoArgs,
		Long: "Show whether the local cloud runs, and where. The exit code is 0 if it runs and 3 if it does not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			info, err := daemon.NewClient(dir).Info(cmd.Context())
			if err != nil && !errors.Is(err, daemon.ErrNotRunning) {
				return err
			}
			running := err == nil
			switch {
			case asJSON && running:
				return writeJSON(env, cloudStatus{Running: true, Info: &info, Dir: string(dir)})
			case asJSON:
				if err := writeJSON(env, cloudStatus{Dir: string(dir)}); err != nil {
					return err
				}
			case running:
				printStatus(env, info)
				return nil
			default:
				fmt.Fprintf(env.Stdout, "No cloud is running on %s\n", dir)
			}
			return &silent{exitNotRunning}
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// Bytes of free disk below which a cloud is said to have a full one, and which the making of an environment takes: its image as pushed and as
// unpacked, its database and that one's first backup (220 MB of the example's).
const (
	lowDisk = 64 << 20
	roomFor = 256 << 20
)

// diskLine tells how much space a cloud has left, and what happens if it has none.
func diskLine(info daemon.Info) string {
	if info.Free >= lowDisk {
		return fmt.Sprintf("%d MB free", info.Free>>20)
	}
	return fmt.Sprintf("FULL: %d MB free. What writes is refused until there is space; what runs goes on, and nothing is lost. Free space on this machine", info.Free>>20)
}

func printStatus(env Env, info daemon.Info) {
	tasks := "run with " + string(info.Runtime)
	if info.Engine != "" {
		tasks += ": " + info.Engine
	}
	if info.Runtime == daemon.None {
		tasks = "are records: " + strings.ReplaceAll(info.Lacks, "\n", "; ")
	}
	for _, row := range [][2]string{
		{"Endpoint", info.Endpoint},
		{"Edge", info.Edge + " (load balancers)"},
		{"Tasks", tasks},
		{"Directory", info.Dir},
		{"Disk", diskLine(info)},
		{"Process", fmt.Sprintf("%d, since %s (%s)", info.PID, info.Started.Local().Format(time.DateTime), time.Since(info.Started).Round(time.Second))},
		{"Account", info.Account},
		{"Services", strings.Join(info.Services, ", ")},
		{"Calls", fmt.Sprint(info.Calls)},
		{"Version", info.Version},
	} {
		fmt.Fprintf(env.Stdout, "%-10s %s\n", row[0], row[1])
	}
}
