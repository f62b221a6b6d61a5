package download

import (
	"bufio"
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"atoll/internal/hint"
)

const (
	scope         = "@embedded-postgres"
	npmsRegistry  = "https://registry.npmjs.org"
	registryUnset = "set npm_config_registry to the registry's address, such as " + npmsRegistry
)

// registryOf gives the registry's address: that of npm_config_registry or NPM_CONFIG_REGISTRY, else that of ~/.npmrc (or of npm_config_userconfig)
// for the scope or for all, else npm's own. https://docs.npmjs.com/cli/using-npm/config
func registryOf(getenv func(string) string) (string, error) {
	address := cmp.Or(getenv("npm_config_registry"), getenv("NPM_CONFIG_REGISTRY"))
	if address == "" {
		file := cmp.Or(getenv("npm_config_userconfig"), getenv("NPM_CONFIG_USERCONFIG"))
		if home := getenv("HOME"); file == "" && home != "" {
			file = filepath.Join(home, ".npmrc")
		}
		settings := npmrc(file, getenv)
		address = cmp.Or(settings[scope+":registry"], settings["registry"], npmsRegistry)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", hint.Errorf(registryUnset, "%w: the registry in npm's settings is no web address", ErrUnavailable)
	}
	return strings.TrimRight(address, "/"), nil
}

// npmrc reads the settings of registries, nothing else: such files hold passwords. Values may name variables as ${NAME}.
func npmrc(file string, getenv func(string) string) map[string]string {
	out := map[string]string{}
	f, err := os.Open(file)
	if err != nil {
		return out
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		name, value, _ := strings.Cut(in.Text(), "=")
		if name = strings.TrimSpace(name); name != "registry" && name != scope+":registry" {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		out[name] = os.Expand(value, getenv)
	}
	return out
}

// address gives where a package lies in the registry.
func (s *Source) address(p Package) string {
	return fmt.Sprintf("%s/%s/%s/-/%s-%s.tgz", s.registry, scope, p.Name, p.Name, p.Version)
}

func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Redacted()
}
