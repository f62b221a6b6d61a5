package trail_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/trail"
)

// call is an entry with the parameters {"n":n}.
type call struct {
	n    int
	at   time.Time
	edit func(e *trail.Entry)
}

func (c call) AppendRequest(b []byte) []byte {
	return fmt.Appendf(b, `{"n":%d,"vpcId":"vpc-%d"}`, c.n, c.n)
}

func (c call) AppendResponse(b []byte) []byte { return append(b, "null"...) }

func (c call) Entry() trail.Entry {
	e := trail.Entry{Principal: auth.Principal{Account: "111111111111", ARN: "arn:aws:iam::111111111111:root", UserID: "111111111111", AccessKeyID: "AKIA1"},
		Time: c.at, Service: "ec2", Name: "CreateVpc", Region: "us-east-1", SourceIP: "127.0.0.1", UserAgent: `a "b"`, RequestID: "r", Payload: c}
	if c.edit != nil {
		c.edit(&e)
	}
	return e
}

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, o trail.Options) *trail.Log {
	t.Helper()
	n := 0
	o.NewID = func() string { n++; return fmt.Sprint("id-", n) }
	l, err := trail.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func flush(t *testing.T, l *trail.Log) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// numbers gives the n of events, in the order of a walk.
func numbers(t *testing.T, walk func(func(trail.Line, error) bool)) string {
	t.Helper()
	var out []string
	for line, err := range walk {
		if err != nil {
			t.Fatal(err)
		}
		var e struct{ RequestParameters struct{ N int } }
		if err := json.Unmarshal(line.JSON, &e); err != nil {
			t.Fatalf("%v: %s", err, line.JSON)
		}
		out = append(out, fmt.Sprint(e.RequestParameters.N))
	}
	return strings.Join(out, " ")
}

func TestOrderAndRestart(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, trail.Options{})
	for n := range 4 {
		l.Record(call{n: n, at: noon})
	}
	flush(t, l)
	if got := numbers(t, l.Newest(l.End())); got != "3 2 1 0" {
		t.Errorf("newest first: %s", got)
	}
	middle := l.End()
	l.Record(call{n: 4, at: noon.Add(13 * time.Hour)}) // the next day
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("the files are %v, %v", names, err)
	}
	// A crash cut the last line short.
	f, err := os.OpenFile(names[1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"half`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l = open(t, dir, trail.Options{})
	if got := numbers(t, l.Newest(l.End())); got != "4 3 2 1 0" {
		t.Errorf("after the restart: %s", got)
	}
	l.Record(call{n: 5, at: noon.Add(13 * time.Hour)})
	flush(t, l)
	if got := numbers(t, l.Newest(l.End())); got != "5 4 3 2 1 0" {
		t.Errorf("after the restart and one more: %s", got)
	}
	if got := numbers(t, l.Since(middle)); got != "4 5" {
		t.Errorf("since the middle: %s", got)
	}
	if names, _ = filepath.Glob(filepath.Join(dir, "*")); len(names) != 2 {
		t.Errorf("the day went on in another file: %v", names)
	}
}

func TestBounds(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, trail.Options{SegmentSize: 4 << 10, MaxSize: 16 << 10})
	for n := range 100 {
		l.Record(call{n: n, at: noon})
	}
	flush(t, l)
	var total int64
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 16<<10 || len(names) < 2 {
		t.Errorf("%d files take %d bytes", len(names), total)
	}
	if got := numbers(t, l.Since(trail.Position{})); !strings.HasSuffix(got, " 98 99") || strings.HasPrefix(got, "0 ") {
		t.Errorf("left are %s", got)
	}
	l.Record(call{n: 100, at: noon.Add(91 * 24 * time.Hour)})
	flush(t, l)
	if got := numbers(t, l.Since(trail.Position{})); got != "100" {
		t.Errorf("after three months: %s", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	l := open(t, t.TempDir(), trail.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 1000 {
				l.Record(call{n: n, at: noon})
			}
		})
	}
	all.Wait()
	flush(t, l)
	if got := strings.Count(numbers(t, l.Newest(l.End())), " "); got != 7999 {
		t.Errorf("%d events of 8000", got+1)
	}
}

func TestRecord(t *testing.T) {
	l := open(t, t.TempDir(), trail.Options{})
	role := auth.Principal{Account: "111111111111", ARN: "arn:aws:sts::111111111111:assumed-role/deploy/run", UserID: "AROA1:run", AccessKeyID: "ASIA1", Role: "arn:aws:iam::111111111111:role/deploy"}
	l.Record(call{n: 1, at: noon, edit: func(e *trail.Entry) {
		e.Principal, e.SessionStart, e.ErrorCode, e.ErrorMessage = role, noon.Add(-time.Hour), "Client.Bad", "it is \"bad\"\n"
	}})
	l.Record(call{n: 2, at: noon, edit: func(e *trail.Entry) {
		e.Service, e.Name, e.ReadOnly = "kms", "DescribeKey", true
		e.Resources = []string{"arn:aws:kms:us-east-1:111111111111:key/k", "*"}
	}})
	l.Record(call{n: 3, at: noon, edit: func(e *trail.Entry) { e.Principal = auth.Anonymous() }})
	flush(t, l)
	var got []trail.Event
	var lines []string
	for line, err := range l.Since(trail.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := trail.Parse(line.JSON)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, line.JSON); err != nil || compact.Len() != len(line.JSON) {
			t.Errorf("not one line of compact JSON: %v", err)
		}
		got, lines = append(got, e), append(lines, string(line.JSON))
	}
	if len(got) != 2 {
		t.Fatalf("got %d events", len(got))
	}
	if e := got[0]; e.Username != "run" || e.AccessKey != "ASIA1" || e.ErrorCode != "Client.Bad" || !e.Time.Equal(noon) || len(e.Resources) != 1 || e.Resources[0] != (trail.Resource{Type: "AWS::EC2::VPC", Name: "vpc-1"}) {
		t.Errorf("got %+v", e)
	}
	for _, want := range []string{
		`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA1","arn":"arn:aws:iam::111111111111:role/deploy","accountId":"111111111111","userName":"deploy"},"attributes":{"creationDate":"2026-11-26T11:00:00Z"`,
		`"userAgent":"a \"b\""`, `"errorMessage":"it is \"bad\"\n"`, `"responseElements":null`, `"recipientAccountId":"111111111111"`, `"eventCategory":"Management"`,
	} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("the event %s\nlacks %s", lines[0], want)
		}
	}
	if want := `"resources":[{"accountId":"111111111111","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:111111111111:key/k"}]`; !strings.Contains(lines[1], want) || got[1].Username != "root" || !got[1].ReadOnly {
		t.Errorf("the event %s\nlacks %s", lines[1], want)
	}
}

func BenchmarkRecord(b *testing.B) {
	l, err := trail.Open(b.TempDir(), trail.Options{NewID: func() string { return "id" }})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		l.Record(call{n: 1, at: noon})
	}
}
