// Package build makes container images of a project's folder, and pushes them.
//
// A Dockerfile is built by docker, podman or buildah, whichever is there and works. Where none is, or where there is no Dockerfile, a Go main
// package becomes an image without them: the program, certificates, and a user that is not root. Built twice from the same files by the
// same Go, such an image has the same digest.
package build
