package rootless

import "os"

// Privileged reports whether this process is root among other users: it may give files away, and become somebody else.
func Privileged() bool { return os.Geteuid() == 0 && !Inside() }
