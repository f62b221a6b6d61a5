//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"atoll/internal/disk/disktest"
)

// upOnFullDisk has the disk fill up while the environment is made. The next run has to carry on.
func (s *store) upOnFullDisk(t *testing.T) {
	if !s.small {
		t.Skip("a small disk needs the right to mount one, which root has")
	}
	ended := make(chan result, 1)
	go func() { ended <- s.atoll("up") }()
	pushed := filepath.Join(s.cloud.dir, "data", "images", "*", "*") // the image is there, and Terraform is at work
	deadline := time.Now().Add(5 * time.Minute)
	for found, _ := filepath.Glob(pushed); len(found) == 0; found, _ = filepath.Glob(pushed) {
		if time.Now().After(deadline) {
			t.Fatal("no image was pushed")
		}
		time.Sleep(20 * time.Millisecond)
	}
	release := disktest.Fill(t, s.cloud.dir)
	r := <-ended
	release()
	if r.code != 1 || !strings.Contains(r.stderr, "The disk of the local cloud is full") || !strings.Contains(r.stderr, "Try:   free space there, and run the same again") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}

// fullDisk fills the disk of the environment as it runs.
func (s *store) fullDisk(t *testing.T) {
	if !s.small {
		t.Skip("a small disk needs the right to mount one, which root has")
	}
	s.write("before the disk was full")
	want := s.rows(t, instanceID)
	conn := s.connect(t, instanceID)
	parameters := ssm.NewFromConfig(s.cloud.config())
	release := disktest.Fill(t, s.cloud.dir)

	if _, err := conn.Exec(t.Context(), "CREATE TABLE big AS SELECT generate_series(1, 1000000) AS x"); err == nil || !strings.Contains(err.Error(), "53100") {
		t.Errorf("PostgreSQL wrote to a full disk: %v", err)
	}
	s.hasStatus(t, instanceID, "storage-full")
	s.get("/api/entries", ok)
	var err error
	for n := 0; err == nil && n < 1000; n++ { // the state's file may have some free pages
		_, err = parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(fmt.Sprint("p", n)), Type: types.ParameterTypeString, Value: aws.String(strings.Repeat("x", 4000))})
	}
	if err == nil || !strings.Contains(err.Error(), "LocalCloudDiskFull") {
		t.Errorf("a call that writes gave %v", err)
	}
	for _, args := range [][]string{{"status", "dev"}, {"cloud", "status"}} {
		if out := s.atoll(args...).must(0); !strings.Contains(out, "FULL") {
			t.Errorf("%v does not say that the disk is full:\n%s", args, out)
		}
	}
	for _, command := range []string{"up", "deploy"} {
		if r := s.atoll(command, "dev"); r.code != 1 || !strings.Contains(r.stderr, "the disk of the local cloud is full") || !strings.Contains(r.stderr, "Try:") {
			t.Errorf("%s: exit code %d\n%s", command, r.code, r.stderr)
		}
	}
	for err = nil; err == nil; { // until PostgreSQL needs another file of WAL, without which it ends
		_, err = conn.Exec(t.Context(), "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
	}
	s.get("/api/entries", func(status int, _ string) bool { return status == http.StatusServiceUnavailable })
	if got := s.instance(t, instanceID); *got.DBInstanceStatus != "storage-full" {
		t.Errorf("it is %s", *got.DBInstanceStatus)
	}

	release()
	began := time.Now()
	s.available(t, instanceID)
	s.get("/api/entries", ok)
	t.Logf("with space again, all answers after %s", time.Since(began))
	s.like(t, instanceID, want)
	s.write("after the disk was full")

	release = disktest.Fill(t, s.cloud.dir)
	port, edge := s.cloud.end()
	r := s.cloud.again(port, edge)
	if r.code == 0 { // nothing can be started, but it answers
		if out := s.atoll("cloud", "status").must(0); !strings.Contains(out, "FULL") {
			t.Errorf("it does not say that the disk is full:\n%s", out)
		}
		s.instance(t, instanceID)
	} else if !strings.Contains(r.stderr, "no space left on device") || !strings.Contains(r.stderr, "Try:   free some disk space") {
		t.Errorf("a start on a full disk: exit code %d\n%s", r.code, r.stderr)
	}
	release()
	began = time.Now()
	if r.code != 0 {
		s.cloud.again(port, edge)
	}
	s.available(t, instanceID)
	s.get("/api/entries", ok)
	t.Logf("killed and started on a full disk, then with space: all answers after %s", time.Since(began))
	s.like(t, instanceID, append(want, "after the disk was full"))
}
