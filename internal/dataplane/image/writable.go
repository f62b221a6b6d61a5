package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Names in the directory of a container's own files.
const (
	writableRoot  = "root"
	writableUpper = "upper"
	writableWork  = "work"
)

// Writable makes a root file system that looks like base and may be written to; all that is written lies in dir, which must not exist
// or be empty. base must stay as it is until release, which takes the file system away and removes dir. Where overlayfs can be
// mounted it takes no time; else base is copied.
func Writable(ctx context.Context, base, dir string) (rootfs string, release func() error, err error) {
	rootfs = filepath.Join(dir, writableRoot)
	for _, d := range []string{writableRoot, writableUpper, writableWork} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", nil, fmt.Errorf("making a writable root file system: %w", err)
		}
	}
	err = overlay(base, dir)
	if errors.Is(err, errors.ErrUnsupported) {
		err = copyTree(ctx, base, rootfs)
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("making a writable root file system: %w", err), RemoveWritable(dir))
	}
	return rootfs, func() error { return RemoveWritable(dir) }, nil
}

// RemoveWritable takes away what Writable has made in a directory, also in a process before this one; that there is nothing is no error.
func RemoveWritable(dir string) error {
	if err := unmount(filepath.Join(dir, writableRoot)); err != nil {
		return fmt.Errorf("taking away the file system %s: %w", dir, err)
	}
	if err := removeAll(dir); err != nil {
		return fmt.Errorf("removing the file system %s: %w", dir, err)
	}
	return nil
}

// copyTree copies a directory's content to another one. Hard links become files of their own.
func copyTree(ctx context.Context, from, to string) error {
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer target.Close()
	var dirs []string
	err = fs.WalkDir(source.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if d.IsDir() {
			dirs = append(dirs, path)
			if path == "." {
				return nil
			}
			return target.Mkdir(path, 0o700)
		}
		return copyEntry(source, target, path, d)
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- { // modes and times last: directories may not be writable
		err = copyMetadata(source, target, dirs[i])
	}
	return err
}

func copyEntry(source, target *os.Root, path string, d fs.DirEntry) error {
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		link, err := source.Readlink(path)
		if err != nil {
			return err
		}
		if err := target.Symlink(link, path); err != nil {
			return err
		}
		return copyOwner(source, target, path)
	case !d.Type().IsRegular():
		return nil
	}
	in, err := source.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := target.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, copyAttributes(in, out), out.Close()); err != nil {
		return err
	}
	return copyMetadata(source, target, path)
}

func copyMetadata(source, target *os.Root, path string) error {
	info, err := source.Lstat(path)
	if err != nil {
		return err
	}
	if err := copyOwner(source, target, path); err != nil {
		return err
	}
	if err := target.Chmod(path, info.Mode()); err != nil {
		return err
	}
	return target.Chtimes(path, info.ModTime(), info.ModTime())
}
