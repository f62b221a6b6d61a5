//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"

	"atoll/internal/cloud/daemon"
)

const instanceID = "guestbook-dev"

// store is the example app's database.
type store struct {
	*guestbook
	rds      *rds.Client
	password string
	small    bool // the cloud's directory is on a file system of its own
}

// TestDatabases does to the example app's data what happens to data: snapshots and restores, failover, another class, a full disk, an image that
// is not what it was.
func TestDatabases(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("tasks need root: run the tests as root to have them tested")
	}
	need(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	c := &localCloud{t: t, dir: t.TempDir(), runtime: "auto"}
	unmounted := syscall.Mount("tmpfs", c.dir, "tmpfs", 0, "size=1g")
	if unmounted == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(c.dir, syscall.MNT_DETACH); err != nil { // the cloud's process may not be gone yet
				t.Errorf("unmounting %s: %v", c.dir, err)
			}
		})
	}
	c.start("0")
	t.Cleanup(func() { run(t, nil, atoll, "cloud", "stop", "--dir", c.dir).must(0) })
	c.env = c.settingsFor("dev")
	s := &store{guestbook: &guestbook{t: t, cloud: c, dir: t.TempDir()}, rds: rds.NewFromConfig(c.config()), small: unmounted == nil}
	t.Run("the disk fills up while the environment is made", s.upOnFullDisk)
	s.up()

	t.Run("a snapshot keeps what was there", s.restoreSnapshot)
	t.Run("a restore goes to a moment between two writes", s.restoreTime)
	t.Run("another class, and a reboot", s.changeClass)
	t.Run("a full disk", s.fullDisk)
	t.Run("a failover loses nothing that was answered", s.failOver)
	t.Run("the last snapshot of a deleted instance has its rows", s.finalSnapshot)
	t.Run("a tampered image does not run", s.tamper)
}

func (s *store) up() {
	s.t.Helper()
	var outputs map[string]any
	if err := json.Unmarshal([]byte(s.atoll("up", "--json").must(0)), &outputs); err != nil {
		s.t.Fatal(err)
	}
	s.url = fmt.Sprint(outputs["url"])
	s.get("/", ok)
	s.password = strings.TrimSpace(s.atoll("db", "password", "dev").must(0))
}

func (s *store) instance(t *testing.T, id string) types.DBInstance {
	t.Helper()
	out, err := s.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if err != nil {
		t.Fatal(err)
	}
	return out.DBInstances[0]
}

// available waits until an instance is, and gives it.
func (s *store) available(t *testing.T, id string) types.DBInstance {
	t.Helper()
	return s.hasStatus(t, id, "available")
}

func (s *store) hasStatus(t *testing.T, id, status string) types.DBInstance {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for {
		i := s.instance(t, id)
		if *i.DBInstanceStatus == status {
			return i
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %s, not %s:\n%s", id, *i.DBInstanceStatus, status, strings.Join(s.events(t, id), "\n"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// events gives what RDS says has happened to an instance within the last hour.
func (s *store) events(t *testing.T, id string) []string {
	t.Helper()
	out, err := s.rds.DescribeEvents(t.Context(), &rds.DescribeEventsInput{SourceIdentifier: &id, SourceType: types.SourceTypeDbInstance})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range out.Events {
		all = append(all, *e.Message)
	}
	return all
}

// connect opens a connection to an instance's database the way that 'atoll db tunnel' goes.
func (s *store) connect(t *testing.T, id string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig("host=127.0.0.1 user=app dbname=app sslmode=require password=" + s.password)
	if err != nil {
		t.Fatal(err)
	}
	arn := *s.instance(t, id).DBInstanceArn
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return daemon.NewClient(daemon.Dir(s.cloud.dir)).DialDatabase(ctx, arn)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// rows gives the messages in an instance's guestbook, in their order.
func (s *store) rows(t *testing.T, id string) []string {
	t.Helper()
	found, err := s.connect(t, id).Query(t.Context(), "SELECT message FROM entries ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *store) setting(t *testing.T, name string) string {
	t.Helper()
	var value string
	if err := s.connect(t, instanceID).QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// placed gives the subnet group and the security groups of the environment's instance, for another one beside it.
func (s *store) placed(t *testing.T) (subnets *string, groups []string) {
	t.Helper()
	i := s.instance(t, instanceID)
	for _, g := range i.VpcSecurityGroups {
		groups = append(groups, *g.VpcSecurityGroupId)
	}
	return i.DBSubnetGroup.DBSubnetGroupName, groups
}

func (s *store) remove(t *testing.T, id string) {
	t.Helper()
	if _, err := s.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	s.gone(t, id)
}

func (s *store) gone(t *testing.T, id string) {
	t.Helper()
	missing := (*types.DBInstanceNotFoundFault)(nil)
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := s.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
		if errors.As(err, &missing) {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%s is still there: %v", id, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *store) snapshotDone(t *testing.T, id string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		out, err := s.rds.DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: &id})
		if err != nil {
			t.Fatal(err)
		}
		switch status := *out.DBSnapshots[0].Status; {
		case status == "available":
			return
		case status != "creating", time.Now().After(deadline):
			t.Fatalf("the snapshot %s is %s", id, status)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// like fails the test unless an instance has these rows and no others.
func (s *store) like(t *testing.T, id string, want []string) {
	t.Helper()
	if got := s.rows(t, id); !slices.Equal(got, want) {
		t.Errorf("%s has the rows %q, not %q", id, got, want)
	}
}

func (s *store) restoreSnapshot(t *testing.T) {
	s.write("before the snapshot")
	want := s.rows(t, instanceID)
	began := time.Now()
	if _, err := s.rds.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String(instanceID), DBSnapshotIdentifier: aws.String("kept")}); err != nil {
		t.Fatal(err)
	}
	s.snapshotDone(t, "kept")
	t.Logf("a snapshot took %s", time.Since(began))
	s.write("after the snapshot")
	subnets, groups := s.placed(t)
	began = time.Now()
	_, err := s.rds.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: aws.String("restored"), DBSnapshotIdentifier: aws.String("kept"), DBInstanceClass: aws.String("db.t4g.micro"), DBSubnetGroupName: subnets, VpcSecurityGroupIds: groups})
	if err != nil {
		t.Fatal(err)
	}
	s.available(t, "restored")
	t.Logf("its restore took %s", time.Since(began))
	s.like(t, "restored", want)
	s.like(t, instanceID, append(want, "after the snapshot"))
	s.remove(t, "restored")
}

func (s *store) restoreTime(t *testing.T) {
	s.write("before the moment")
	want := s.rows(t, instanceID)
	var moment time.Time
	if err := s.connect(t, instanceID).QueryRow(t.Context(), "SELECT date_trunc('second', clock_timestamp()) + interval '1 second'").Scan(&moment); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(moment.Add(10 * time.Millisecond))) // RDS takes whole seconds
	s.write("after the moment")
	subnets, groups := s.placed(t)
	began := time.Now()
	_, err := s.rds.RestoreDBInstanceToPointInTime(t.Context(), &rds.RestoreDBInstanceToPointInTimeInput{
		SourceDBInstanceIdentifier: aws.String(instanceID), TargetDBInstanceIdentifier: aws.String("earlier"), RestoreTime: &moment, DBSubnetGroupName: subnets, VpcSecurityGroupIds: groups})
	if err != nil {
		t.Fatal(err)
	}
	s.available(t, "earlier")
	t.Logf("a restore to a point in time took %s", time.Since(began))
	s.like(t, "earlier", want)
	s.remove(t, "earlier")
}

func (s *store) changeClass(t *testing.T) {
	before := s.setting(t, "max_connections")
	_, err := s.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String(instanceID), DBInstanceClass: aws.String("db.t4g.small"), ApplyImmediately: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if i := s.available(t, instanceID); *i.DBInstanceClass != "db.t4g.small" {
		t.Errorf("the class is %s", *i.DBInstanceClass)
	}
	s.get("/api/entries", ok)
	after := s.setting(t, "max_connections")
	if before != "112" || after != "225" { // LEAST({DBInstanceClassMemory/9531392},5000) of 1 and 2 GiB
		t.Errorf("max_connections went from %s to %s", before, after)
	}
	want := s.rows(t, instanceID)
	if _, err := s.rds.RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String(instanceID)}); err != nil {
		t.Fatal(err)
	}
	s.available(t, instanceID)
	s.get("/api/entries", ok)
	s.like(t, instanceID, want)
}

// written is what came of writing rows.
type written struct {
	mu      sync.Mutex
	rows    []string    // answered as written
	at      []time.Time // when
	refused map[string]int
}

// writeSteadily writes rows 50 times a second until stop is called.
func (s *store) writeSteadily() (w *written, stop func()) {
	w = &written{refused: map[string]int{}}
	done, ended := make(chan struct{}), make(chan struct{})
	client := s.client()
	go func() {
		defer close(ended)
		var all sync.WaitGroup
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-done:
				all.Wait()
				return
			case <-tick.C:
				all.Go(func() { w.write(client, s.url, fmt.Sprintf("row %d", n)) })
			}
		}
	}()
	return w, func() { close(done); <-ended }
}

func (w *written) write(client *http.Client, url, message string) {
	what := ""
	answer, err := client.Post(url+"/api/entries", "application/json", strings.NewReader(`{"author":"e2e","message":"`+message+`"}`))
	if err != nil {
		what = err.Error()
	} else {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusCreated {
			what = answer.Status
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if what != "" {
		w.refused[what]++
		return
	}
	w.rows, w.at = append(w.rows, message), append(w.at, time.Now())
}

// interruption is the longest time without an answer, and count how many there were.
func (w *written) interruption() (longest time.Duration, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := 1; i < len(w.at); i++ {
		longest = max(longest, w.at[i].Sub(w.at[i-1]))
	}
	return longest, len(w.at)
}

// more waits until n more rows were written.
func (w *written) more(t *testing.T, n int) {
	t.Helper()
	_, before := w.interruption()
	deadline := time.Now().Add(time.Minute)
	for count := before; count < before+n; _, count = w.interruption() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d rows were written", count-before, n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *store) failOver(t *testing.T) {
	began := time.Now()
	_, err := s.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String(instanceID), MultiAZ: aws.Bool(true), ApplyImmediately: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	before := s.available(t, instanceID)
	t.Logf("a standby stood by after %s", time.Since(began))
	if !*before.MultiAZ || before.SecondaryAvailabilityZone == nil {
		t.Fatalf("there is no standby: %+v", before)
	}
	w, stop := s.writeSteadily()
	w.more(t, 50)
	if _, err := s.rds.RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String(instanceID), ForceFailover: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	after := s.available(t, instanceID)
	w.more(t, 100)
	stop()
	longest, count := w.interruption()
	there := map[string]bool{}
	for _, r := range s.rows(t, instanceID) {
		there[r] = true
	}
	lost := 0
	for _, r := range w.rows {
		if !there[r] {
			lost++
		}
	}
	t.Logf("a failover under 50 writes/s: %d rows answered, %d of these lost, refused: %v, longest time without a write %s", count, lost, w.refused, longest)
	if lost > 0 {
		t.Errorf("%d rows that were answered as written are lost", lost)
	}
	if longest > 20*time.Second {
		t.Errorf("nothing was written for %s", longest)
	}
	if *after.AvailabilityZone != *before.SecondaryAvailabilityZone || *after.SecondaryAvailabilityZone != *before.AvailabilityZone {
		t.Errorf("it went from %s (standby %s) to %s (%s)", *before.AvailabilityZone, *before.SecondaryAvailabilityZone, *after.AvailabilityZone, *after.SecondaryAvailabilityZone)
	}
	if events := s.events(t, instanceID); !slices.Contains(events, "Multi-AZ instance failover completed") {
		t.Errorf("the events are %q", events)
	}
}

func (s *store) finalSnapshot(t *testing.T) {
	want := s.rows(t, instanceID)
	subnets, groups := s.placed(t)
	restore := func(id, snapshot string) {
		t.Helper()
		_, err := s.rds.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
			DBInstanceIdentifier: &id, DBSnapshotIdentifier: &snapshot, DBSubnetGroupName: subnets, VpcSecurityGroupIds: groups})
		if err != nil {
			t.Fatal(err)
		}
		s.available(t, id)
	}
	if _, err := s.rds.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String(instanceID), DBSnapshotIdentifier: aws.String("all")}); err != nil {
		t.Fatal(err)
	}
	s.snapshotDone(t, "all")
	restore("first", "all")
	if _, err := s.connect(t, "first").Exec(t.Context(), "INSERT INTO entries (author, message, written_by) VALUES ('e2e', 'the last row', 'e2e')"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("first"), FinalDBSnapshotIdentifier: aws.String("last")}); err != nil {
		t.Fatal(err)
	}
	s.gone(t, "first")
	restore("second", "last")
	s.like(t, "second", append(want, "the last row"))
	s.remove(t, "second")
	for _, id := range []string{"kept", "all", "last"} {
		if _, err := s.rds.DeleteDBSnapshot(t.Context(), &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: &id}); err != nil {
			t.Error(err)
		}
	}
}
