package build

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"atoll/internal/machine"
)

// file is a file of a layer, or a folder where its name ends in a slash.
type file struct {
	name    string
	mode    int64
	user    int
	content []byte
	from    string // path of the content, instead of content
}

// certificates is where images have the authorities that they trust.
const certificates = "etc/ssl/certs/ca-certificates.crt"

// bundles are where systems keep their authorities, as Go looks for them.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem", "/opt/homebrew/etc/ca-certificates/cert.pem",
}

// baseFiles are what a program that has nothing else needs: the machine's authorities, if they are found, a user, a folder for temporary files.
func baseFiles(m machine.Machine) ([]file, error) {
	files := []file{
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, content: []byte("root:x:0:\nnonroot:x:65532:\n")},
		{name: "etc/nsswitch.conf", mode: 0o644, content: []byte("hosts: files dns\n")},
		{name: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "home/", mode: 0o755},
		{name: "home/nonroot/", mode: 0o700, user: nonroot},
		{name: "tmp/", mode: 0o1777},
	}
	named := m.Getenv("SSL_CERT_FILE")
	list := bundles
	if named != "" {
		list = []string{named}
	}
	for _, path := range list {
		raw, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) && named == "" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the certificates: %w", err)
		}
		return append(files, file{name: certificates, mode: 0o644, content: raw}), nil
	}
	return files, nil
}

// writeLayer writes a layer to a file, and gives it. The same files make the same layer.
func writeLayer(path string, files []file) (v1.Layer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriter(f)
	z := gzip.NewWriter(buffered)
	t := tar.NewWriter(z)
	for _, entry := range files {
		if err == nil {
			err = writeFile(t, entry)
		}
	}
	if err = errors.Join(err, t.Close(), z.Close(), buffered.Flush(), f.Close()); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromFile(path, tarball.WithMediaType(types.OCILayer))
	return plain{layer}, err
}

// plain hides of a layer that it has annotations, and none in them.
type plain struct{ v1.Layer }

func writeFile(t *tar.Writer, entry file) error {
	h := &tar.Header{Name: entry.name, Mode: entry.mode, Uid: entry.user, Gid: entry.user, ModTime: epoch, Size: int64(len(entry.content)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
	if strings.HasSuffix(entry.name, "/") {
		h.Typeflag = tar.TypeDir
	}
	if entry.from == "" {
		return errors.Join(t.WriteHeader(h), write(t, entry.content))
	}
	f, err := os.Open(entry.from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h.Size = info.Size()
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

func write(w io.Writer, content []byte) error {
	_, err := w.Write(content)
	return err
}
