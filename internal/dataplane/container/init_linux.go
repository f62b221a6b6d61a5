package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// InitCommand is the first argument with which this executable is process 1 of a container: atoll container-init PROGRAM [ARG...].
const InitCommand = "container-init"

// Init runs a program as process 1 of a container should: signals go on to it, and whatever processes it leaves are reaped. It gives the exit code.
func Init(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, InitCommand+": no program is given")
		return 2
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	path, err := exec.LookPath(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 127
	}
	child, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 126
	}
	return attend(child, signals)
}

// attend passes signals on to a program until it has ended, and gives its exit code.
func attend(child int, signals <-chan os.Signal) int {
	for s := range signals {
		if s != syscall.SIGCHLD && s != syscall.SIGURG { // SIGURG is the Go runtime's own
			_ = syscall.Kill(child, s.(syscall.Signal))
			continue
		}
		if code, ended := reap(child); ended {
			return code
		}
	}
	return 0
}

// reap collects what has ended, and says whether the program is among it.
func reap(child int) (code int, ended bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil || pid <= 0:
			return code, ended
		case pid == child && status.Signaled():
			code, ended = 128+int(status.Signal()), true
		case pid == child:
			code, ended = status.ExitStatus(), true
		}
	}
}
