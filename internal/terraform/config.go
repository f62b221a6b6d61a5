package terraform

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"atoll/internal/disk"
	"atoll/tools/provider"
)

const cliConfig = `# Written by atoll, which gives it to Terraform as TF_CLI_CONFIG_FILE.
provider_installation {
  filesystem_mirror {
    path    = %[1]s
    include = [%[2]s]
  }
  direct {
    exclude = [%[2]s]
  }
}
`

// WriteCLIConfig writes the file for TF_CLI_CONFIG_FILE into dir and gives its absolute path: hashicorp/aws comes from the
// provider's mirror, all else from its registry. The file is left alone if it is right already. A provider FromRegistry
// needs none: the path is then empty, and the user's own configuration stands.
func (p Provider) WriteCLIConfig(dir string) (string, error) {
	if p.Mirror == "" {
		return "", nil
	}
	var sources []string
	for _, host := range provider.Hosts() {
		if len(versions(p.Mirror, host)) > 0 {
			sources = append(sources, strconv.Quote(host+"/hashicorp/aws"))
		}
	}
	if len(sources) == 0 {
		return "", fmt.Errorf("writing Terraform's CLI configuration: %s holds no provider for %s", p.Mirror, platform)
	}
	path, err := filepath.Abs(filepath.Join(dir, "terraform.rc"))
	if err != nil {
		return "", fmt.Errorf("writing Terraform's CLI configuration: %w", err)
	}
	mirror := strconv.Quote(filepath.ToSlash(p.Mirror))
	if _, err := disk.Write(path, fmt.Appendf(nil, cliConfig, mirror, strings.Join(sources, ", ")), 0o644); err != nil {
		return "", fmt.Errorf("writing Terraform's CLI configuration: %w", err)
	}
	return path, nil
}
