package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"atoll/internal/hint"
)

// GoVersion is the oldest Go that builds the provider.
const GoVersion = "1.26"

const tryGo = "install Go " + GoVersion + " or newer from https://go.dev/dl/ and put its bin folder on PATH, " +
	"or go where https://registry.terraform.io can be reached, from which no build is needed"

// goTool is a go command that is new enough, run in the module that asks for the provider.
type goTool struct {
	Path        string
	BuildCache  string // GOCACHE
	ModuleCache string // GOMODCACHE
	Dir         string
	env         []string
}

// findGo looks for the go command on PATH. temp is for its temporary files.
func findGo(ctx context.Context, dir, temp string) (goTool, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return goTool{}, hint.Errorf(tryGo, "the go command is needed: %w", err)
	}
	g := goTool{Path: path, Dir: dir, env: append(os.Environ(),
		"GO111MODULE=on", "GOWORK=off", "GOFLAGS=-mod=readonly", "GOTMPDIR="+temp, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH,
	)}
	// A go command that is older than what go.mod asks for fetches a newer one or fails, by GOTOOLCHAIN.
	out, err := g.run(ctx, nil, "env", "-json", "GOVERSION", "GOCACHE", "GOMODCACHE")
	if err != nil {
		return goTool{}, g.explain(ctx, err)
	}
	var env struct{ GOVERSION, GOCACHE, GOMODCACHE string }
	if err := json.Unmarshal(out, &env); err != nil {
		return goTool{}, fmt.Errorf("reading what %s env says: %w", path, err)
	}
	if isOld(env.GOVERSION) {
		return goTool{}, hint.Errorf(tryGo, "%s is %s, and go%s is needed", path, env.GOVERSION, GoVersion)
	}
	g.BuildCache, g.ModuleCache = env.GOCACHE, env.GOMODCACHE
	return g, nil
}

// explain says that the go command is too old, if that is why it failed.
func (g goTool) explain(ctx context.Context, cause error) error {
	g.env = append(slices.Clip(g.env), "GOTOOLCHAIN=local")
	g.Dir = filepath.Dir(g.Path) // outside of the module
	out, err := g.run(ctx, nil, "version")
	fields := strings.Fields(string(out)) // go version go1.26.8 linux/amd64
	if err != nil || len(fields) < 3 || !isOld(fields[2]) {
		return cause
	}
	return hint.Errorf(tryGo, "%s is %s, and go%s is needed: %w", g.Path, fields[2], GoVersion, cause)
}

// isOld is false for development versions, which have no number to compare.
func isOld(goVersion string) bool {
	return version.IsValid(goVersion) && version.Compare(goVersion, "go"+GoVersion) < 0
}

func (g goTool) run(ctx context.Context, eat func(line string) bool, args ...string) ([]byte, error) {
	return run(ctx, g.Dir, g.env, eat, append([]string{g.Path}, args...)...)
}
