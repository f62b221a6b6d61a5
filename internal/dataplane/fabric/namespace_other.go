//go:build !linux

package fabric

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Attach fails: there are network namespaces on Linux only.
func (f *Fabric) Attach(context.Context, Interface) (*Namespace, error) {
	return nil, fmt.Errorf("network namespaces: %w", errors.ErrUnsupported)
}

// RunNetwork fails: there are none to be in.
func RunNetwork([]string) int {
	fmt.Fprintln(os.Stderr, NetworkCommand+" runs on Linux")
	return 1
}
