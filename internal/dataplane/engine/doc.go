// Package engine runs containers with a container engine that speaks Docker's API: Docker Engine, Docker Desktop, Podman. It is a
// container.Runtime that needs no root, only the engine's socket; the engine may live in a virtual machine.
//
// Containers run from images of the engine's own (Load), which are kept under atoll.local/CLOUD/. Their network is a fabric's: for each namespace
// (Attach) the engine runs a network container, atoll itself as a static Linux program, which makes the interface and carries its packets over its
// stdin and stdout, as the engine's attach call has them. So nothing of the machine's or the engine's own networks is used, and
// no port is open anywhere. The containers of a task join that container's network.
//
// A command within a container that is to be ended is ended by a container of its own that sees its processes; the variable ATOLL_COMMAND marks them.
//
// All that is made carries the label dev.atoll.cloud with the cloud's id: what a killed cloud has left is removed when the next one is opened over
// the same directory. The images are removed with Close, and with Prune.
//
// What differs from the runtimes that start containers themselves:
//   - Limits of a group are those of each of its containers: a group of two may take twice as much.
//   - The host name of a container is that of its network container.
//   - Podman gives volumes what the image has at their place, also those that are to be empty; and it tells of memory that has run out with control
//     groups of version 2 only.
//   - Volumes that are not directories of this machine are the engine's.
//   - A container whose engine stops, or whose network container is removed, has ended.
//   - What is bound into containers must lie where the engine finds it under the same path: in a virtual machine, in a folder that it shares.
package engine
