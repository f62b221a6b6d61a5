//go:build !linux

package container

import (
	"context"
	"log/slog"
	"runtime"
)

// NewRunc fails: containers run on Linux.
func NewRunc(context.Context, string, *slog.Logger) (Runtime, error) {
	return nil, Unavailable("%s has no containers of Linux", runtime.GOOS)
}

// NewProcess fails: namespaces are Linux's.
func NewProcess(string, *slog.Logger) (Runtime, error) {
	return nil, Unavailable("%s has no namespaces", runtime.GOOS)
}

// InitCommand is the first argument with which this executable is process 1 of a container, on Linux.
const InitCommand = "container-init"

// Init fails: there are no containers.
func Init([]string) int { return 1 }

// StageCommand is the first argument with which this executable sets a container up, on Linux.
const StageCommand = "container-stage"

// Stage fails: there are no containers.
func Stage([]string) int { return 1 }

// Try fails: namespaces are Linux's.
func Try(context.Context) error { return Unavailable("%s has no namespaces", runtime.GOOS) }
