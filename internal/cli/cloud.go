package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
)

func newCloud(env Env) *cobra.Command {
	cmd := group("cloud", "Run the local cloud: an AWS on this machine",
		`The local cloud is an AWS of your own: it listens on 127.0.0.1, takes the calls of Terraform, of the AWS CLI and of
any AWS SDK, checks their signatures, and keeps everything in one directory. What it does not implement it refuses by name.

  atoll cloud start --detach      start it in the background
  eval "$(atoll cloud env)"       use it in this shell
  atoll cloud save before.atoll   keep everything in a file, to come back to
  atoll cloud reset               begin anew
  atoll cloud stop                stop it; everything is kept for the next start`,
		newCloudStart(env), newCloudStop(env), newCloudStatus(env), newCloudEnv(env), newCloudReset(env), newCloudSave(env), newCloudRestore(env))
	return cmd
}

// dirFlagVar adds --dir to a command.
func dirFlagVar(cmd *cobra.Command, env Env, to *string) {
	cmd.Flags().StringVar(to, "dir", "", "directory that holds the cloud (default "+defaultDirHelp(env)+"; $ATOLL_CLOUD_DIR overrides it)")
}

func defaultDirHelp(env Env) string {
	dir, err := defaultDir(env)
	if err != nil {
		return "none: the home directory is unknown"
	}
	return dir
}

// cloudDir gives the directory that a command's --dir names, as an absolute path.
func cloudDir(env Env, flag string) (daemon.Dir, error) {
	if flag == "" {
		dir, err := defaultDir(env)
		if err != nil {
			return "", err
		}
		flag = dir
	}
	abs, err := filepath.Abs(flag)
	if err != nil {
		return "", fmt.Errorf("finding the directory %s: %w", flag, err)
	}
	return daemon.Dir(abs), nil
}

// defaultDir is where a user's data belongs on the system.
func defaultDir(env Env) (string, error) {
	if dir := env.Machine.Getenv("ATOLL_CLOUD_DIR"); dir != "" {
		return dir, nil
	}
	if dir := env.Machine.Getenv("XDG_DATA_HOME"); dir != "" && filepath.IsAbs(dir) {
		return filepath.Join(dir, "atoll", "cloud"), nil
	}
	home := env.Machine.Getenv("HOME")
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", advise(fmt.Errorf("finding the home directory: %w", err), "name a directory with --dir")
		}
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "atoll", "cloud"), nil
	}
	return filepath.Join(home, ".local", "share", "atoll", "cloud"), nil
}
