// Package database reaches an environment's database from this machine: it finds out who may log in, by RDS's and Secrets Manager's APIs, and has a
// port of this machine lead to the database, which has a private address.
//
// On AWS the way is an SSM session into a running task, which forwards a port (the document AWS-StartPortForwardingSessionToRemoteHost); the
// session is carried by AWS's own program session-manager-plugin. On the local cloud its daemon connects to the server itself.
package database
