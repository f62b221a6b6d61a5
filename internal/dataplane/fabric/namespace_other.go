//go:build !linux

package fabric

import (
	"errors"
	"fmt"
)

// Namespace is a network namespace whose traffic the fabric carries.
type Namespace struct{}

// Attach fails: there are network namespaces on Linux only.
func (f *Fabric) Attach(Interface) (*Namespace, error) {
	return nil, fmt.Errorf("network namespaces: %w", errors.ErrUnsupported)
}

// Path is empty.
func (n *Namespace) Path() string { return "" }

// Close does nothing.
func (n *Namespace) Close() error { return nil }
