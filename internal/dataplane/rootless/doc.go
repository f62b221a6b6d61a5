// Package rootless gives a user who is not root the namespaces that containers need: inside a user namespace of Linux in which they are
// root, and the only user there is (https://man7.org/linux/man-pages/man7/user_namespaces.7.html). Nothing has to be installed or
// configured for that, but no file can belong to anybody else, and who runs there under another number does so in a namespace below, in which
// that number is theirs.
package rootless
