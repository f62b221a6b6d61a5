// Command network is what atoll is in a network container, and no more: tests build it sooner.
package main

import (
	"os"

	"atoll/internal/dataplane/fabric"
)

func main() { os.Exit(fabric.RunNetwork(os.Args[2:])) }
