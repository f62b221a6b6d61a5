// Command network is what atoll is in the containers that an engine runs for it, and no more: tests build it sooner.
package main

import (
	"os"

	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/fabric"
)

func main() {
	if os.Args[1] == engine.KillCommand {
		os.Exit(engine.RunKill(os.Args[2:]))
	}
	os.Exit(fabric.RunNetwork(os.Args[2:]))
}
