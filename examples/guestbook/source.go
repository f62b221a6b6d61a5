// Package guestbook carries the source of the guestbook, so that atoll can build the example where there is no clone of it. The app is
// in cmd/guestbook.
package guestbook

import (
	"embed"
	"io/fs"
)

//go:embed go.mod go.sum *.go Dockerfile .dockerignore README.md cmd/*/*.go internal/*/*.go internal/*/*.html internal/*/*.css internal/*/*/*.sql
var source embed.FS

// Source returns the files of the module, tests included. Paths are relative to its folder and slash-separated.
func Source() fs.FS { return source }
