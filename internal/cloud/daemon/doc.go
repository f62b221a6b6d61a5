// Package daemon runs a local cloud as a process of its own: the AWS endpoint on a loopback port, and the control interface on a
// unix socket in the cloud's directory, which only the directory's owner can enter. One process owns a directory at a time.
//
// The directory holds data/ (the cloud itself), credentials (the root user's keys in the AWS CLI's format), lock, control.sock,
// of a detached cloud cloud.log, and authority.pem where somebody has asked for it.
package daemon
