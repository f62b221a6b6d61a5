package provider

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"atoll/internal/disk"
	"atoll/internal/hint"
)

const gigabyte = 1 << 30

// What a cold build needs, measured and rounded up: the source of all modules, Go's build cache, and the provider with
// what the linker needs for it.
const (
	moduleSpace     = 2 * gigabyte
	buildCacheSpace = 7 * gigabyte
	outputSpace     = 2 * gigabyte
)

// demand is space wanted in a folder.
type demand struct {
	dir   string
	bytes uint64
}

// spaceNeeded tells what a build still asks of each folder: the modules only if they are missing, and of the build cache as
// much as there are packages to compile.
func (g goTool) spaceNeeded(cacheDir string, stale, total int) []demand {
	needs := []demand{
		{dir: cacheDir, bytes: outputSpace},
		{dir: g.BuildCache, bytes: uint64(buildCacheSpace) / uint64(max(total, 1)) * uint64(stale)},
	}
	if _, err := os.Stat(filepath.Join(g.ModuleCache, filepath.FromSlash(forkFolder))); err != nil {
		needs = append(needs, demand{dir: g.ModuleCache, bytes: moduleSpace})
	}
	return needs
}

// checkSpace fails where a file system has less than what is wanted of it by all demands together.
func checkSpace(free func(path string) (disk.Space, error), needs []demand) error {
	type volume struct {
		free, needed uint64
		dirs         []string
	}
	volumes := map[string]*volume{}
	for _, need := range needs {
		space, err := free(need.dir)
		if err != nil {
			return err
		}
		v := volumes[space.Volume]
		if v == nil {
			v = &volume{free: space.Free}
			volumes[space.Volume] = v
		}
		v.needed += need.bytes
		v.dirs = append(v.dirs, need.dir)
	}
	for _, name := range slices.Sorted(maps.Keys(volumes)) {
		v := volumes[name]
		if v.free >= v.needed {
			continue
		}
		slices.Sort(v.dirs)
		dirs := strings.Join(slices.Compact(v.dirs), ", ")
		return hint.Errorf(
			fmt.Sprintf("free %s there, or move the caches with ATOLL_CACHE_DIR, GOCACHE and GOMODCACHE", size(v.needed-v.free)),
			"the build of the AWS provider needs %s of disk for %s, and %s are free", size(v.needed), dirs, size(v.free))
	}
	return nil
}

func size(bytes uint64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/gigabyte) }
