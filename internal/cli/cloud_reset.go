package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
)

func newCloudReset(env Env) *cobra.Command {
	var dirArg string
	cmd := &cobra.Command{
		Use: "reset", Short: "Make the local cloud as new", Args: cobra.NoArgs,
		Long: `Delete everything in the local cloud. A running one goes on at the same address with the same keys; one that is stopped starts
anew next time. 'atoll cloud save FILE' first keeps what is there.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			err = daemon.NewClient(dir).Reset(cmd.Context())
			if errors.Is(err, daemon.ErrNotRunning) {
				err = resetStopped(dir)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(env.Stdout, "The local cloud is as new.")
			return nil
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	return cmd
}

// resetStopped removes the data of a cloud that does not run.
func resetStopped(dir daemon.Dir) (err error) {
	unlock, err := dir.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return cloud.Remove(dir.Data())
}
