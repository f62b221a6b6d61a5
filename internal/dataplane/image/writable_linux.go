package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"atoll/internal/dataplane/rootless"

	"golang.org/x/sys/unix"
)

// overlay mounts base under a container's own files. The error is errors.ErrUnsupported where that cannot be.
func overlay(base, dir string) error {
	upper, work := filepath.Join(dir, writableUpper), filepath.Join(dir, writableWork)
	if strings.ContainsAny(base+dir, `:,\`) { // which mean something in mount options
		return errors.ErrUnsupported
	}
	if err := sameMode(base, upper); err != nil {
		return err
	}
	options := "lowerdir=" + base + ",upperdir=" + upper + ",workdir=" + work
	err := unix.Mount("overlay", filepath.Join(dir, writableRoot), "overlay", 0, options)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EINVAL):
		return errors.ErrUnsupported // not root, no overlayfs, or a file system that cannot be under one
	case err != nil:
		return fmt.Errorf("mounting overlayfs: %w", err)
	}
	return nil
}

// sameMode gives the top of a container's own files the mode and owner of the image's, which it hides.
func sameMode(base, upper string) error {
	info, err := os.Stat(base)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && rootless.Privileged() {
		if err := os.Chown(upper, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(upper, info.Mode())
}

// unmount takes a mount away as soon as its last user ends. Where there is none it does nothing.
func unmount(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EPERM):
		return nil // no mount, or one who may not mount either
	}
	return err
}

// copyOwner gives a copy the owner of what was copied, as far as that is allowed.
func copyOwner(source, target *os.Root, path string) error {
	if !rootless.Privileged() {
		return nil
	}
	info, err := source.Lstat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return target.Lchown(path, int(owner.Uid), int(owner.Gid))
}

// copyAttributes gives a copied file its capabilities, which are the only attribute that images use.
func copyAttributes(in, out *os.File) error {
	const capability = "security.capability"
	value := make([]byte, 64)
	n, err := unix.Fgetxattr(int(in.Fd()), capability, value)
	if err != nil || !rootless.Privileged() {
		return nil //nolint:nilerr // it has none
	}
	return setAttributes(out, map[string]string{attributeRecord + capability: string(value[:n])})
}
