// Command program is what the tests run in containers.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		fmt.Println("out")
		fmt.Fprintln(os.Stderr, "err")
		os.Exit(code)
	case "whoami":
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		groups, _ := os.Getgroups()
		fmt.Println(os.Getuid(), os.Getgid(), groups, host, dir, os.Getenv("HOME"), os.Getenv("A"), os.Getpid())
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			_ = all
		}
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Println("ready")
		<-signals
		fmt.Println("terminated")
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "spin":
		for { //nolint:revive // burns CPU until it is ended
		}
	case "write":
		fmt.Println(os.WriteFile(os.Args[2], []byte("x"), 0o600))
	case "cat":
		_, _ = io.Copy(os.Stdout, os.Stdin)
	case "limit": // of memory, as either version of control groups has it
		for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
			if b, err := os.ReadFile(file); err == nil {
				fmt.Print(string(b))
			}
		}
	case "files": // how many may be open, once that has been set
		var limit syscall.Rlimit
		for fmt.Sprint(limit.Max) != os.Args[2] {
			_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
		}
		fmt.Println(limit.Max)
	case "daemon":
		fmt.Println(exec.Command(os.Args[0], "sleep").Start())
	}
}
