package daemon

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

const someMappings = `00400000-01998000 r-xp 00000000 fe:00 12 /opt/at oll
Size:              22112 kB
Rss:               19488 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01998000-036bb000 r--p 01598000 fe:00 12 /opt/at oll
Anonymous:             4 kB
036bb000-03771000 rw-p 032ba000 fe:00 12 /opt/at oll
Anonymous:             0 kB
04000000-04001000 r--p 00000000 fe:00 12 /opt/at oll
Anonymous:             0 kB
7f0000000000-7f0000001000 r--p 00000000 00:00 0
Anonymous:             0 kB
7f0000002000-7f0000003000 r-xp 00000000 fe:00 13 /usr/lib/libc.so.6
Anonymous:             0 kB
`

func TestCleanMappings(t *testing.T) {
	t.Parallel()
	want := []mapping{{0x400000, 0x1998000}, {0x4000000, 0x4001000}}
	if got := cleanMappings(someMappings, "/opt/at oll"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// The program goes on without its pages, and has fewer of them.
func TestDropProgram(t *testing.T) {
	before := programPages(t)
	if err := dropProgram(); err != nil {
		t.Fatal(err)
	}
	if after := programPages(t); after == 0 || after >= before {
		t.Errorf("%d kB are in memory, %d before", after, before)
	}
}

// programPages tells how many kB of file content the process has in memory.
func programPages(t *testing.T) (kb int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssFile:"); ok {
			for _, c := range strings.Fields(rest)[0] {
				kb = 10*kb + int(c-'0')
			}
		}
	}
	return kb
}
