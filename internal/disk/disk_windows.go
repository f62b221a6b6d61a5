package disk

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

func free(path string) (Space, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Space{}, fmt.Errorf("reading the free space of %s: %w", path, err)
	}
	var space Space
	if err := windows.GetDiskFreeSpaceEx(name, &space.Free, nil, nil); err != nil {
		return Space{}, fmt.Errorf("reading the free space of %s: %w", path, err)
	}
	space.Volume = filepath.VolumeName(path)
	return space, nil
}

// syncDir does nothing: Windows has no way to sync a folder, and keeps renames in the journal of the file system.
func syncDir(string) error { return nil }
