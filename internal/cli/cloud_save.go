package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
	"atoll/internal/disk"
)

func newCloudSave(env Env) *cobra.Command {
	var dirArg string
	cmd := &cobra.Command{
		Use: "save FILE", Short: "Keep the whole local cloud in a file", Args: cobra.ExactArgs(1),
		Long: `Write all of the local cloud to a file: every resource, object and key, as of one moment. The cloud may run; calls are answered
meanwhile. The file holds secrets, and only you can read it. 'atoll cloud restore FILE' brings it back.`,
		Example: "  atoll cloud save before-upgrade.atoll",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := cloudDir(env, dirArg)
			if err != nil {
				return err
			}
			size, err := saveTo(cmd.Context(), dir, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(env.Stdout, "Saved the cloud to %s (%s)\n", args[0], bytesText(size))
			return nil
		},
	}
	dirFlagVar(cmd, env, &dirArg)
	return cmd
}

// saveTo writes the archive beside its place and moves it there when it is whole, so that an older one survives an error.
func saveTo(ctx context.Context, dir daemon.Dir, path string) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".atoll-save-*")
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = daemon.NewClient(dir).Save(ctx, f)
	if errors.Is(err, daemon.ErrNotRunning) {
		err = saveStopped(ctx, dir, f)
	}
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err == nil {
		err = disk.Commit(f.Name(), path)
	}
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", path, err)
	}
	return info.Size(), nil
}

func saveStopped(ctx context.Context, dir daemon.Dir, w io.Writer) (err error) {
	if _, err := os.Stat(cloud.StateFile(dir.Data())); err != nil {
		return advise(fmt.Errorf("there is no cloud in %s", dir), "atoll cloud start --detach      (makes one)\n--dir DIR                       (names another)")
	}
	unlock, err := dir.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	c, err := cloud.Open(ctx, cloud.Config{Dir: dir.Data()})
	if err != nil {
		return err
	}
	return errors.Join(c.Save(ctx, w), c.Close())
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
