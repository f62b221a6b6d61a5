package container_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"atoll/internal/dataplane/rootless"
)

// TestInUserNamespace runs the tests of processes once more where there is no user but one.
func TestInUserNamespace(t *testing.T) {
	if rootless.Inside() {
		t.Skip("this process is there already")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^Test.*/^process$")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	rootless.Enter(cmd.SysProcAttr)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("%v: let users make namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone) to have this tested", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: TestRuntimes/process (") {
		t.Skipf("run this where users may make namespaces and mount /proc in them to have it tested:\n%s", out)
	}
	t.Log(strings.Count(string(out), "--- PASS"), "tests passed")
}
