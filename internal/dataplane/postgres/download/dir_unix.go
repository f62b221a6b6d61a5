//go:build unix

package download

import (
	"os"
	"syscall"
)

// rooted reports whether a file belongs to root.
func rooted(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0
}
