//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRootless runs the example app on the cloud of a user who has nothing but an account on this machine: no root, no container engine.
func TestRootless(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("becoming another user needs root: TestRunning does the same as this user")
	}
	need(t, "setpriv", "apt-get install util-linux")
	const nobody = 65534
	dir, err := os.MkdirTemp("", "atoll-rootless-")
	if err == nil {
		t.Cleanup(func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
		err = errors.Join(os.Chown(dir, nobody, nobody), os.Chmod(filepath.Dir(atoll), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &localCloud{t: t, dir: filepath.Join(dir, "cloud"), runtime: "auto", as: []string{
		"setpriv", fmt.Sprintf("--reuid=%d", nobody), fmt.Sprintf("--regid=%d", nobody), "--clear-groups",
		"env", "HOME=" + dir, "ATOLL_CACHE_DIR=" + filepath.Join(dir, "cache"), "DOCKER_HOST=unix:///nowhere",
	}}
	c.start("0")
	t.Cleanup(func() { run(t, nil, atoll, "cloud", "stop", "--dir", c.dir).must(0) })
	status := c.status()
	if status.Wants {
		t.Skipf("%s. Try: sysctl -w user.max_user_namespaces=10000 kernel.apparmor_restrict_unprivileged_userns=0", status.Lacks)
	}
	if status.Runtime != "process" || !strings.Contains(status.Engine, "user namespace") {
		t.Errorf("tasks run with %s: %s", status.Runtime, status.Engine)
	}
	c.env = c.settingsFor("dev")
	g := &guestbook{t: t, cloud: c, dir: t.TempDir()}
	var outputs map[string]any
	if err := json.Unmarshal([]byte(g.atoll("up", "--json").must(0)), &outputs); err != nil {
		t.Fatal(err)
	}
	g.url = fmt.Sprint(outputs["url"])
	g.get("/", ok)
	g.write("a row")
	c.kill()
	g.get("/api/entries", func(status int, body string) bool { return status == http.StatusOK && strings.Contains(body, "a row") })
	if r := g.atoll("exec", "dev", "web", "--", "/nothing"); r.code == 0 || !strings.Contains(r.stderr, "no such file or directory") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	g.atoll("destroy", "dev", "--yes").must(0)
	for _, left := range []string{"tasks", "databases/servers"} {
		if found, _ := filepath.Glob(filepath.Join(c.dir, "data", left, "*")); len(found) > 0 {
			t.Errorf("left: %q", found)
		}
	}
}
