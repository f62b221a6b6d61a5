// Command atoll takes a containerised app and its PostgreSQL to production on AWS, and rehearses that on this machine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"atoll/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.System(), os.Args[1:])
	stop()
	os.Exit(code)
}
