package postgres_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"atoll/internal/dataplane/postgres/postgrestest"
	"atoll/internal/dataplane/rootless"
)

// TestInUserNamespace runs the machine's server where there is no user but one, and no other to become.
func TestInUserNamespace(t *testing.T) {
	postgrestest.Need(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^TestServer$/^installed$")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	rootless.Enter(cmd.SysProcAttr)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("%v: let users make namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone) to have this tested", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestServer") {
		t.Fatalf("%v\n%s", err, out)
	}
}
