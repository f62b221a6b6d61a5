package state_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"atoll/internal/cloud/state"
)

// roleVar makes the test binary play a part in place of running the tests.
const roleVar = "ATOLL_STATE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "open":
		playOpen(os.Args[1])
	case "write":
		playWrite(os.Args[1])
	}
}

// child runs this binary in a role and gives what it prints. It is killed, without a warning, when the test ends.
func child(t *testing.T, role, path string) <-chan string {
	t.Helper()
	lines, _ := childProcess(t, role, path)
	return lines
}

func childProcess(t *testing.T, role, path string) (<-chan string, *os.Process) {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	quit := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			select {
			case lines <- scan.Text():
			case <-quit:
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		close(quit)
		reader.Wait()
		_ = cmd.Wait() // "signal: killed" is what is wanted
	})
	return lines, cmd.Process
}

func playOpen(path string) {
	s, err := state.Open(path, state.Options{})
	switch {
	case errors.Is(err, state.ErrLocked):
		fmt.Println("locked")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("opened")
		if err := s.Close(); err != nil {
			fmt.Println(err)
		}
	}
}

// playWrite writes from several goroutines until it is killed, and prints each id once its Update has returned.
func playWrite(path string) {
	s, err := state.Open(path, state.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	table := records(s)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d", w, i)
				err := s.Update(context.Background(), func(tx *state.Tx) error {
					table.Put(tx, east, id, &record{Name: id, Groups: []string{fmt.Sprint(w)}})
					state.SetTags(tx, arnOf(east, id, &record{Name: id}), map[string]string{"id": id})
					if i > 2 {
						table.Delete(tx, east, fmt.Sprintf("%d-%d", w, i-3))
					}
					return nil
				})
				if err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println(id)
			}
		})
	}
	wg.Wait()
}

// TestKill kills a writing process at some moment, several times over the same file: no acknowledged write may be lost, and no
// Update may be there by half.
func TestKill(t *testing.T) {
	for round := range 4 {
		path := filepath.Join(t.TempDir(), "state.db")
		lines, process := childProcess(t, "write", path)
		last := map[int]int{}
		note := func(line string) {
			var w, i int
			if _, err := fmt.Sscanf(line, "%d-%d", &w, &i); err != nil {
				t.Fatalf("the writer: %s", line)
			}
			last[w] = i
		}
		for range 50 + 100*round {
			note(<-lines)
		}
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
		for line := range lines { // what it was told before it died
			note(line)
		}
		if err := state.Check(path); err != nil {
			t.Fatal(err)
		}
		s, table := open(t, path)
		view(t, s, func(tx *state.Tx) {
			for w, i := range last {
				// The writer may have gone one Update further than it could tell; each Update drops the record three before its own.
				for at := i - 1; at <= i; at++ {
					id := fmt.Sprintf("%d-%d", w, at)
					if _, ok := table.Get(tx, east, id); !ok && at >= 0 {
						t.Errorf("round %d: %s was acknowledged and is lost", round, id)
					}
				}
				have := 0
				for id, r := range table.By(tx, east, "group", fmt.Sprint(w)) {
					have++
					if state.Tags(tx, arnOf(east, id, r))["id"] != id {
						t.Errorf("round %d: %s has lost its tags", round, id)
					}
				}
				if want := min(i+1, 3); have < want || have > 3 {
					t.Errorf("round %d: writer %d has %d records, want %d: an Update is there by half", round, w, have, want)
				}
			}
		})
	}
}
