// Package container runs containers: programs in a root file system of their own, in a network namespace that is given, within limits of
// CPU and memory, as a group that shares these limits. It knows nothing of images and orchestrators.
//
// Runtimes: runc with a bundle written here (NewRunc), where it is installed; else plain processes (NewProcess), which have the file system,
// the network and the limits of a container, but see the machine's other processes and have its kernel's full interface. Both need root on Linux. Package engine has one that needs an engine instead: Docker, Podman.
//
// Containers do not outlive their runtime on purpose: those that a killed process left behind are ended when the next runtime is made over the
// same directory.
package container
