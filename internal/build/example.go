package build

import (
	"fmt"
	"os"

	"example.com/guestbook"
)

// Example writes the source of the example app into a folder, which must not exist or be empty of its files. It is built like any project.
func Example(dir string) error {
	if err := os.CopyFS(dir, guestbook.Source()); err != nil {
		return fmt.Errorf("writing the example app: %w", err)
	}
	return nil
}
