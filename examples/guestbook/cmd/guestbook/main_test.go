package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"example.com/guestbook/internal/pgtest"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestUsage(t *testing.T) {
	for want, args := range map[int][][]string{usage: {{"nothing"}, {"serve", "more"}}, 0: {{"version"}}, failed: {{"cleanup"}}} {
		for _, a := range args {
			if got := run(t.Context(), a, env(map[string]string{"KEEP_DAYS": "x"})); got != want {
				t.Errorf("%v: exit code %d, want %d", a, got, want)
			}
		}
	}
}

func TestServeAndTheOthers(t *testing.T) {
	pgtest.Start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	getenv := env(map[string]string{"PORT": strconv.Itoa(port), "DRAIN_SECONDS": "0", "KEEP_DAYS": "0", "LOG_LEVEL": "error"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 2)
	for _, name := range []string{"serve", "worker"} {
		go func() { ended <- run(ctx, []string{name}, getenv) }()
	}
	address := "http://127.0.0.1:" + strconv.Itoa(port)
	for deadline := time.Now().Add(time.Minute); ; {
		answer, err := http.Get(address + "/healthz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not become healthy")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := run(t.Context(), []string{"migrate"}, getenv); got != 0 {
		t.Errorf("migrate: %d", got)
	}
	if got := run(t.Context(), []string{"cleanup"}, getenv); got != 0 {
		t.Errorf("cleanup: %d", got)
	}
	cancel() // as SIGTERM does
	for range cap(ended) {
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
}
