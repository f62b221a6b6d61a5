package build

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/hint"
)

// Write writes an image as an OCI layout: into a new or empty folder, or into an archive where path ends in ".tar".
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
func Write(image v1.Image, platform v1.Platform, path string) (err error) {
	if !strings.HasSuffix(path, ".tar") {
		if list, err := os.ReadDir(path); err == nil && len(list) > 0 {
			return hint.Errorf("name a folder that is empty or not there yet", "%s is not empty", path)
		}
		return writeLayout(image, platform, path)
	}
	temp, err := os.MkdirTemp(filepath.Dir(path), ".atoll-layout-")
	if err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	content := filepath.Join(temp, "layout")
	if err := writeLayout(image, platform, content); err != nil {
		return err
	}
	archive := filepath.Join(temp, "layout.tar")
	if err := writeArchive(content, archive); err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	return os.Rename(archive, path)
}

func writeLayout(image v1.Image, platform v1.Platform, dir string) error {
	p, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = p.AppendImage(image, layout.WithPlatform(platform))
	}
	if err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	return nil
}

// writeArchive writes a folder's files into a tar archive.
func writeArchive(dir, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	t := tar.NewWriter(f)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		info, err := in.Stat()
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: info.Size(), ModTime: epoch, Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = io.Copy(t, in)
		return err
	})
	return errors.Join(err, t.Close(), f.Close())
}
