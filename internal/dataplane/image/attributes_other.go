//go:build !linux

package image

import "os"

// setAttributes does nothing: images are run on Linux.
func setAttributes(*os.File, map[string]string) error { return nil }

// settle does nothing: a power failure may leave files of an image empty.
func settle(string) error { return nil }
