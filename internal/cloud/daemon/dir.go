package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"atoll/internal/dataplane/rootless"

	"github.com/gofrs/flock"
)

// ErrRunning means that another process has the directory.
var ErrRunning = errors.New("a cloud is running on this directory")

// Dir is a cloud's directory.
type Dir string

// Data is where the cloud itself lives.
func (d Dir) Data() string { return filepath.Join(string(d), "data") }

// Log is where a detached cloud writes.
func (d Dir) Log() string { return filepath.Join(string(d), "cloud.log") }

// Credentials is the file with the root user's keys.
func (d Dir) Credentials() string { return filepath.Join(string(d), "credentials") }

// Authority is where the certificate of the cloud's authority is put for programs that are to trust it.
func (d Dir) Authority() string { return filepath.Join(string(d), "authority.pem") }

// maxSocketPath is what fits in a socket address on every system that Go runs on, with its final NUL byte.
const maxSocketPath = 103

// Socket is the path of the control socket: in the directory or, where that path is too long for a socket, in a private
// directory under the system's temporary one.
func (d Dir) Socket() string {
	path := filepath.Join(string(d), "control.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(d))
	uid, _ := rootless.User()
	return filepath.Join(os.TempDir(), "atoll-"+strconv.Itoa(uid), hex.EncodeToString(sum[:8])+".sock")
}

// make makes the directory, for its owner alone.
func (d Dir) make() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("making the cloud's directory: %w", err)
	}
	info, err := os.Stat(string(d))
	if err != nil {
		return fmt.Errorf("making the cloud's directory: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(string(d), 0o700); err != nil {
			return fmt.Errorf("closing the cloud's directory to other users: %w", err)
		}
	}
	return nil
}

// Lock takes the directory for this process, or gives ErrRunning. It makes the directory if it is not there.
func (d Dir) Lock() (unlock func() error, err error) {
	if err := d.make(); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(string(d), "lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the cloud's directory: %w", err)
	}
	if !ok {
		return nil, ErrRunning
	}
	return lock.Close, nil
}

// listenPath prepares the control socket's place: its directory is the user's alone, and what a killed process left is gone.
func (d Dir) listenPath() (string, error) {
	path := d.Socket()
	parent := filepath.Dir(path)
	if parent != string(d) {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return "", fmt.Errorf("making the control socket's directory: %w", err)
		}
		info, err := os.Lstat(parent)
		if err != nil {
			return "", fmt.Errorf("making the control socket's directory: %w", err)
		}
		if !info.IsDir() || info.Mode().Perm() != 0o700 {
			return "", fmt.Errorf("the directory %s of the control socket is open to other users", parent)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("clearing the control socket: %w", err)
	}
	return path, nil
}
