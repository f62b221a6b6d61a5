package engine

import "testing"

func TestComplaint(t *testing.T) {
	const want = `exec: "/nope": stat /nope: no such file or directory`
	for _, said := range []string{
		`Error response from daemon: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown`,
		`OCI runtime exec failed: exec failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown` + "\r\n",
		`Error: runc: time="2026-11-26T16:42:12Z" level=error msg="exec failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory": OCI runtime attempted to invoke a command that was not found`,
		`runc: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: OCI runtime attempted to invoke a command that was not found`,
	} {
		if got := complaint(said); got != want {
			t.Errorf("%s\nof %s", got, said)
		}
	}
}
