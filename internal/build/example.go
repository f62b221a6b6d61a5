package build

import (
	"context"
	"fmt"
	"os"

	"example.com/guestbook"
)

// ExampleImage builds the example app in a folder that is there for it alone: what is in it is written anew. Where Go is installed it is
// the builder, for the Dockerfile's base images come from the internet.
func ExampleImage(ctx context.Context, dir string, o Options) (*Built, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("writing the example app: %w", err)
	}
	if err := Example(dir); err != nil {
		return nil, err
	}
	if _, err := o.Machine.LookPath("go"); err == nil && o.Builder == "" {
		o.Builder = Go
	}
	return Image(ctx, dir, o)
}

// Example writes the source of the example app into a folder that has none of its files.
func Example(dir string) error {
	if err := os.CopyFS(dir, guestbook.Source()); err != nil {
		return fmt.Errorf("writing the example app: %w", err)
	}
	return nil
}
