package fargate

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"atoll/internal/dataplane/container"
)

// copyVolume fills a volume with what an image has at its place, and gives it the same mode and owner.
func copyVolume(root, target, dir string) error {
	files, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer files.Close()
	at := strings.TrimPrefix(path.Clean(target), "/")
	info, err := files.Stat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	from, err := files.OpenRoot(at)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.CopyFS(dir, from.FS()); err != nil {
		return err
	}
	return own(dir, info)
}

// trustTarget is where a container finds the certificates that it is to trust.
const trustTarget = "/etc/ssl/certs/atoll.pem"

// bundles are where programs look for certificates, by distribution. https://go.dev/src/crypto/x509/root_linux.go
func bundles() []string {
	return []string{"etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem"}
}

// trustMounts has a container trust the cloud's certificates beside those that its image trusts.
func (c *taskContainer) trustMounts() ([]container.Mount, error) {
	if c.task.trust == nil {
		return nil, nil
	}
	path := filepath.Join(c.task.dir, "etc", "trust.pem")
	if err := os.WriteFile(path, c.task.trust, 0o644); err != nil { //nolint:gosec // every user of the container reads it
		return nil, err
	}
	out := []container.Mount{{Source: path, Target: trustTarget, ReadOnly: true}}
	files, err := os.OpenRoot(c.image.Root)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	for _, bundle := range bundles() {
		theirs, err := files.ReadFile(bundle)
		if err != nil { // not there, or a link that leads outside
			continue
		}
		joined := filepath.Join(c.task.dir, "etc", c.name+"-"+filepath.Base(bundle))
		if err := os.WriteFile(joined, append(append(theirs, '\n'), c.task.trust...), 0o644); err != nil { //nolint:gosec // every user of the container reads it
			return nil, err
		}
		out = append(out, container.Mount{Source: joined, Target: "/" + bundle, ReadOnly: true})
	}
	return out, nil
}
