package download

import "os"

func rooted(os.FileInfo) bool { return false }
