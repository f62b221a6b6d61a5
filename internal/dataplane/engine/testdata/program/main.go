// Command program is what the tests run in containers.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "serve", "echo":
		l, err := net.Listen("tcp", os.Args[2])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		host, _ := os.Hostname()
		fmt.Println("ready on", host)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c, os.Args[1] == "echo")
		}
	case "ask":
		c, err := net.Dial("tcp", os.Args[2])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Fprintln(c, "hello")
		said, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Print(said)
	case "write":
		if err := os.WriteFile(os.Args[2], []byte("x"), 0o600); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "mode":
		for _, name := range os.Args[2:] {
			info, err := os.Stat(name)
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Printf("%#o %d ", info.Mode().Perm(), info.Sys().(*syscall.Stat_t).Uid)
		}
		fmt.Println()
	case "count": // of the processes that do what is named
		n := 0
		all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, name := range all {
			line, _ := os.ReadFile(name)
			if args := strings.Split(string(line), "\x00"); len(args) > 1 && args[1] == os.Args[2] {
				n++
			}
		}
		fmt.Println(n)
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}
}

func answer(c net.Conn, echo bool) {
	defer c.Close()
	if echo {
		_, _ = io.Copy(c, c)
		return
	}
	said, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		fmt.Fprintf(c, "%s says %s", from, said)
	}
}
