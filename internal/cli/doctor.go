package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/engine"
	"atoll/internal/doctor"
)

func newDoctor(env Env) *cobra.Command {
	var dirArg string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check what this machine has, and say how to get what it lacks", Args: cobra.NoArgs,
		Long: `Check what atoll needs on this machine: Terraform or OpenTofu, the AWS provider, PostgreSQL, a container runtime, disk space, a free
port. "warn" marks what only some commands need; "fail", what nothing works without: then the exit code is 1.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := env.Machine.CacheDir()
			if err != nil {
				return err
			}
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			options := doctor.Options{Machine: env.Machine, CacheDir: cache, DataDir: string(dir), Address: fmt.Sprintf("127.0.0.1:%d", defaultPort), Root: os.Getuid() == 0, Processes: container.Try, Engine: func(ctx context.Context) (string, error) {
				found, err := engine.Find(ctx, env.Machine.Getenv)
				return found.String(), err
			}}
			if _, err := daemon.NewClient(dir).Info(cmd.Context()); err == nil {
				options.Address = "" // the port is taken by the cloud itself
			} else if !errors.Is(err, daemon.ErrNotRunning) {
				return err
			}
			report := doctor.Run(cmd.Context(), options)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(env, report)
			} else {
				err = doctor.WriteText(env.Stdout, report)
			}
			if err == nil && report.Status() == doctor.Fail {
				return &silent{exitFailed}
			}
			return err
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
