package image

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// attributeRecord is what the PAX records of extended attributes begin with.
const attributeRecord = "SCHILY.xattr."

// setAttributes gives a file its extended attributes, such as capabilities; a file system that has none does without.
func setAttributes(f *os.File, records map[string]string) error {
	for record, value := range records {
		name, ok := strings.CutPrefix(record, attributeRecord)
		if !ok || strings.HasPrefix(name, "trusted.") { // overlayfs's own
			continue
		}
		err := unix.Fsetxattr(int(f.Fd()), name, []byte(value), 0)
		if err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("setting the attribute %s: %w", name, err)
		}
	}
	return nil
}

// settle brings a file system's changes to disk.
func settle(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
