package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// patience bounds how long an engine may take to say that it is there.
const patience = 5 * time.Second

// podman is the name of the engine that differs here and there from the others.
const podman = "Podman"

// Found is an engine that answers.
type Found struct {
	Host    string // such as unix:///var/run/docker.sock
	Name    string // "Docker" or "Podman"
	Version string
}

func (f Found) String() string { return f.Name + " " + f.Version + " at " + f.Host }

// Find looks for an engine: the one that $DOCKER_HOST names and no other, else that of docker's current context, else at the sockets that
// engines usually have. Its error wraps container.ErrUnavailable and says what is in the way.
func Find(ctx context.Context, getenv func(string) string) (Found, error) {
	found, c, err := find(ctx, getenv)
	if err != nil {
		return Found{}, err
	}
	return found, c.Close()
}

func find(ctx context.Context, getenv func(string) string) (Found, *client.Client, error) {
	var lacks []string
	for _, host := range hosts(getenv) {
		path, isSocket := strings.CutPrefix(host, "unix://")
		if _, err := os.Stat(path); isSocket && errors.Is(err, fs.ErrNotExist) && getenv("DOCKER_HOST") == "" {
			continue
		}
		found, c, err := ask(ctx, host, getenv)
		if err == nil {
			return found, c, nil
		}
		lacks = append(lacks, host+": "+err.Error())
	}
	if len(lacks) == 0 {
		return Found{}, nil, container.Unavailable("neither Docker nor Podman answers: there is no socket of either")
	}
	return Found{}, nil, container.Unavailable("neither Docker nor Podman answers: %s", strings.Join(lacks, "; "))
}

// ask asks an engine who it is.
func ask(ctx context.Context, host string, getenv func(string) string) (Found, *client.Client, error) {
	options := []client.Opt{client.WithHost(host)}
	if dir := getenv("DOCKER_CERT_PATH"); dir != "" && strings.HasPrefix(host, "tcp://") {
		options = append(options, client.WithTLSClientConfig(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	}
	c, err := client.New(options...)
	if err != nil {
		return Found{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := c.ServerVersion(ctx, client.ServerVersionOptions{})
	if err == nil && v.Os != "linux" {
		err = fmt.Errorf("it runs containers of %s, not of Linux", v.Os)
	}
	if err != nil {
		return Found{}, nil, errors.Join(plain(err), c.Close())
	}
	found := Found{Host: host, Name: "Docker", Version: v.Version}
	for _, part := range v.Components {
		if strings.HasPrefix(part.Name, "Podman") {
			found.Name = podman
		}
	}
	return found, c, nil
}

// plain words what keeps one from an engine.
func plain(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return errors.New("you have no right to use it; its owner can add you to the socket's group (docker): sudo usermod -aG docker $USER, then log in anew")
	}
	if client.IsErrConnectionFailed(err) {
		return errors.New("nobody answers there; start the engine")
	}
	return err
}

func hosts(getenv func(string) string) []string {
	if host := getenv("DOCKER_HOST"); host != "" {
		return []string{host}
	}
	var out []string
	home := getenv("HOME")
	if host := currentContext(getenv, home); host != "" {
		out = append(out, host)
	}
	sockets := []string{"/var/run/docker.sock"}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock"), filepath.Join(dir, "podman", "podman.sock"))
	}
	sockets = append(sockets, "/run/podman/podman.sock")
	if home != "" {
		sockets = append(sockets, filepath.Join(home, ".docker", "run", "docker.sock"), filepath.Join(home, ".docker", "desktop", "docker.sock"))
	}
	for _, s := range sockets {
		if host := "unix://" + s; len(out) == 0 || out[0] != host {
			out = append(out, host)
		}
	}
	return out
}

// currentContext gives the host of the context that docker's own commands use; empty for the default one.
// https://docs.docker.com/engine/manage-resources/contexts/
func currentContext(getenv func(string) string, home string) string {
	dir := getenv("DOCKER_CONFIG")
	if dir == "" && home != "" {
		dir = filepath.Join(home, ".docker")
	}
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		if read(filepath.Join(dir, "config.json"), &config) != nil {
			return ""
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return ""
	}
	sum := sha256.Sum256([]byte(name))
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if read(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"), &meta) != nil {
		return ""
	}
	return meta.Endpoints["docker"].Host
}

func read(file string, into any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
