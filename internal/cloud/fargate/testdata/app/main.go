// Command app is what the tests run in tasks.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "env":
		fmt.Println(os.Getenv("PLAIN"), os.Getenv("SECRET"), os.Getenv("FIELD"), os.Getenv("PARAMETER"), os.Getenv("AWS_REGION"))
	case "metadata":
		for _, url := range []string{os.Getenv("ECS_CONTAINER_METADATA_URI_V4") + "/task", "http://169.254.170.2" + os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")} {
			res, err := http.Get(url)
			if err != nil {
				fmt.Println(err)
				continue
			}
			body, _ := io.ReadAll(res.Body)
			fmt.Println(string(body))
		}
	case "lines": // events of several lines, each after one of the arguments
		fmt.Println("before")
		for _, start := range os.Args[2:] {
			fmt.Printf("%[1]s first\n  at a\n\n  at b\n%[1]s second\n", start)
		}
	case "fail":
		fmt.Println("it cannot go on")
		os.Exit(7)
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
	case "healthy":
		if _, err := os.Stat("/healthy"); err != nil {
			os.Exit(1)
		}
	case "serve":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Println("ready")
		go func() {
			fmt.Println(http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })))
		}()
		<-signals
		fmt.Println("bye")
	}
}
