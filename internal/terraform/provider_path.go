package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/hashicorp/go-version"

	"atoll/internal/hint"
	"atoll/tools/provider"
)

const tryProvider = `set ATOLL_PROVIDER to "registry", to "build", to a binary named terraform-provider-aws_vVERSION, ` +
	"or to a folder as `terraform providers mirror` makes it"

// A provider's file, such as terraform-provider-aws_v6.34.0_x5.
var providerFile = regexp.MustCompile(`^terraform-provider-aws_v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)(?:_x\d+)?(?:\.exe)?$`)

// providerAt takes the provider from a path of the user's: a binary, or a folder laid out as a mirror.
func providerAt(cacheDir, path string) (Provider, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Provider{}, fmt.Errorf("ATOLL_PROVIDER: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Provider{}, hint.Errorf(tryProvider, "ATOLL_PROVIDER: %w", err)
	}
	p := Provider{Source: FromPath, Why: "ATOLL_PROVIDER is " + path, Mirror: path, Ready: true}
	if info.IsDir() {
		if p.Version = newest(path); p.Version == "" {
			return Provider{}, hint.Errorf(tryProvider, "ATOLL_PROVIDER: %s is no mirror of hashicorp/aws for %s", path, platform)
		}
		return p, nil
	}
	name := providerFile.FindStringSubmatch(filepath.Base(path))
	if name == nil {
		return Provider{}, hint.Errorf(tryProvider, "ATOLL_PROVIDER: the name of %s tells no version", path)
	}
	p.Version = name[1]
	// A mirror for this binary alone, so that Terraform sees no other version.
	sum := sha256.Sum256([]byte(path))
	p.Mirror = filepath.Join(cacheDir, "provider-at", hex.EncodeToString(sum[:8]))
	for _, host := range provider.Hosts() {
		if err := symlink(path, provider.Binary(p.Mirror, host, p.Version)); err != nil {
			return Provider{}, fmt.Errorf("ATOLL_PROVIDER: %w", err)
		}
	}
	return p, nil
}

const platform = runtime.GOOS + "_" + runtime.GOARCH

// symlink makes a symbolic link, and its folder, unless it is there.
func symlink(to, link string) error {
	if old, err := os.Readlink(link); err == nil && old == to {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return err
	}
	return os.Symlink(to, link)
}

// newest gives the newest hashicorp/aws for this platform in a mirror, unpacked or as an archive; "" if it has none.
func newest(mirror string) string {
	var best *version.Version
	for _, host := range provider.Hosts() {
		for _, v := range versions(mirror, host) {
			if best == nil || v.GreaterThan(best) {
				best = v
			}
		}
	}
	if best == nil {
		return ""
	}
	return best.String()
}

// versions lists what a mirror has of a host's hashicorp/aws for this platform, in no order.
// See https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror for both layouts.
func versions(mirror, host string) []*version.Version {
	folder := filepath.Join(mirror, host, "hashicorp", "aws")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var found []*version.Version
	for _, entry := range entries {
		name, packed := strings.CutSuffix(entry.Name(), "_"+platform+".zip")
		if packed {
			name = strings.TrimPrefix(name, "terraform-provider-aws_")
		} else if _, err := os.Stat(filepath.Join(folder, name, platform)); err != nil {
			continue
		}
		if v, err := version.NewSemver(name); err == nil {
			found = append(found, v)
		}
	}
	return found
}
