package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
)

func newCloudStop(env Env) *cobra.Command {
	var dirArg string
	cmd := &cobra.Command{
		Use: "stop", Short: "Stop the local cloud; everything is kept", Args: cobra.NoArgs,
		Long: "Stop the local cloud and wait until its process has ended. Everything is kept for the next start. Where none runs, there is nothing to do.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer cancel()
			err = daemon.NewClient(dir).Stop(ctx)
			if errors.Is(err, daemon.ErrNotRunning) {
				say(env, "No cloud is running on %s", dir)
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(env.Stdout, "The local cloud has stopped.")
			return nil
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	return cmd
}
