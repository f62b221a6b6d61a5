package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
)

func newCloudRestore(env Env) *cobra.Command {
	var dirArg string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Bring back a saved cloud", Args: cobra.ExactArgs(1),
		Long: `Replace the local cloud by the one that 'atoll cloud save' wrote to a file, with its keys. The cloud must be stopped. What was
there before is gone only once the file has been read and checked; a damaged file changes nothing.`,
		Example: "  atoll cloud stop && atoll cloud restore before-upgrade.atoll && atoll cloud start --detach",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			if err := restore(cmd.Context(), dir, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(env.Stdout, "Restored the cloud from %s\n", args[0])
			say(env, "Start it with:  atoll cloud start --detach")
			return nil
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	return cmd
}

func restore(ctx context.Context, dir daemon.Dir, path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the saved cloud: %w", err)
	}
	defer f.Close()
	unlock, err := dir.Lock()
	if errors.Is(err, daemon.ErrRunning) {
		return advise(err, "atoll cloud stop      (first)")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return cloud.Restore(ctx, dir.Data(), f)
}
