package postgres

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// LogFile is a file of a server's log.
type LogFile struct {
	Name    string // such as postgresql.log.2026-11-26-12
	Size    int64
	Written time.Time
}

// logKept is how long log files are kept, as on RDS by default.
const logKept = 3 * 24 * time.Hour

const tailLines = 12 // that errors show

// logFile takes what a server writes: into a file for each hour, named as on RDS, and to whom it may concern. The zero value keeps
// the last lines only.
type logFile struct {
	dir  string
	now  func() time.Time
	each func(at time.Time, entries []string) // nil: nobody

	mu   sync.Mutex
	file *os.File
	tail []string
}

// read takes lines until r ends. An entry is a line with those after it that begin with a tab.
func (l *logFile) read(r io.Reader) {
	in := bufio.NewReaderSize(r, 64<<10)
	var entries []string
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			l.keep(line)
			if strings.HasPrefix(line, "\t") && len(entries) > 0 {
				entries[len(entries)-1] += "\n" + line
			} else {
				entries = append(entries, line)
			}
		}
		if len(entries) > 0 && (in.Buffered() == 0 || err != nil) {
			if l.each != nil {
				l.each(l.now(), entries)
			}
			entries = nil
		}
		if err != nil {
			l.close()
			return
		}
	}
}

func (l *logFile) keep(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tail = append(l.tail, line); len(l.tail) > tailLines {
		l.tail = slices.Delete(l.tail, 0, len(l.tail)-tailLines)
	}
	if l.dir == "" {
		return
	}
	name := filepath.Join(l.dir, "postgresql.log."+l.now().UTC().Format("2006-01-02-15"))
	if l.file == nil || l.file.Name() != name {
		if l.file != nil {
			l.file.Close()
		}
		l.file, _ = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // without a file the server runs on
		l.prune()
	}
	if l.file != nil {
		_, _ = l.file.WriteString(line + "\n")
	}
}

func (l *logFile) prune() {
	for _, f := range logFiles(l.dir) {
		if l.now().Sub(f.Written) > logKept {
			_ = os.Remove(filepath.Join(l.dir, f.Name))
		}
	}
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

// last gives the last lines.
func (l *logFile) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tail, "\n")
}

func (l *logFile) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = nil
}

func logFiles(dir string) []LogFile {
	entries, _ := os.ReadDir(dir)
	var out []LogFile
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			out = append(out, LogFile{e.Name(), info.Size(), info.ModTime()})
		}
	}
	return out
}
