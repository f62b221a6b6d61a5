package rds_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/postgres/postgrestest"
)

// real is a client of a cloud whose databases run.
type real struct {
	*client
	from string // a network interface in the default VPC
}

func startReal(t *testing.T) *real {
	t.Helper()
	postgrestest.Need(t)
	c := start(t, cloudtest.Durable(), cloudtest.RealTime(), cloudtest.Postgres())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	c.ctx = ctx
	return &real{client: c}
}

func fifteen(in *rds.CreateDBInstanceInput) {
	in.EngineVersion, in.DBName = aws.String("15"), aws.String("shop")
}

// settled waits until the servers are as they should be, and gives the instance.
func (c *real) settled(id string) *types.DBInstance {
	c.t.Helper()
	if err := c.cloud.Idle(c.ctx); err != nil {
		c.t.Fatal(err)
	}
	return c.instance(id)
}

func (c *real) available(id string) *types.DBInstance {
	c.t.Helper()
	i := c.settled(id)
	if *i.DBInstanceStatus != "available" {
		c.t.Fatalf("%s is %s: %s", id, *i.DBInstanceStatus, strings.Join(c.events(id), "\n"))
	}
	return i
}

// Dial dials an instance's endpoint from an interface in its subnet and its security groups.
func (c *real) Dial(ctx context.Context, id string) (net.Conn, error) {
	i := c.instance(id)
	if i.Endpoint == nil {
		return nil, errors.New("it has no endpoint")
	}
	if c.from == "" {
		in := &ec2.CreateNetworkInterfaceInput{SubnetId: i.DBSubnetGroup.Subnets[0].SubnetIdentifier}
		for _, g := range i.VpcSecurityGroups {
			in.Groups = append(in.Groups, *g.VpcSecurityGroupId)
		}
		c.from = *must(c.ec2.CreateNetworkInterface(ctx, in))(c.t).NetworkInterface.NetworkInterfaceId
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.cloud.DialFrom(ctx, c.from, *i.Endpoint.Address, int(*i.Endpoint.Port))
}

func (c *real) connect(id, password string, secure bool) (*pgx.Conn, error) {
	var roots *x509.CertPool
	if secure {
		raw, err := c.cloud.Authority(c.ctx)
		if err != nil {
			return nil, err
		}
		roots = x509.NewCertPool()
		roots.AppendCertsFromPEM(raw)
	}
	return postgrestest.Connect(c.ctx, c, id, postgres.Login{User: "app", Password: password}, "shop", *c.instance(id).Endpoint.Address, roots)
}

func (c *real) sql(id string, statements ...string) string {
	c.t.Helper()
	conn, err := c.connect(id, "correct-horse", true)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close(c.ctx)
	out := ""
	for _, s := range statements {
		results, err := conn.PgConn().Exec(c.ctx, s).ReadAll()
		if err != nil {
			c.t.Fatalf("%s: %v", s, err)
		}
		if r := results[len(results)-1]; len(r.Rows) > 0 {
			out = string(r.Rows[0][0])
		}
	}
	return out
}

func TestServerLifeCycle(t *testing.T) {
	c := startReal(t)
	made := c.create("a", fifteen)
	if *made.DBInstanceStatus != "creating" || made.Endpoint != nil {
		t.Errorf("at first: %+v", made)
	}
	c.available("a")
	if got := c.sql("a", "CREATE TABLE t AS SELECT 1 AS x", "SHOW max_connections"); got != "112" {
		t.Errorf("max_connections of a db.t4g.micro is %s", got)
	}
	if got := c.sql("a", "SHOW rds.force_ssl"); got != "1" {
		t.Errorf("rds.force_ssl is %s", got)
	}
	if _, err := c.connect("a", "correct-horse", false); err == nil || !strings.Contains(err.Error(), "no pg_hba.conf entry") {
		t.Errorf("without TLS: %v", err)
	}
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.DBInstanceClass, in.ApplyImmediately, in.MasterUserPassword = aws.String("db.t4g.small"), aws.Bool(true), aws.String("correct-horse")
	}))(t)
	c.available("a")
	if got := c.sql("a", "SHOW max_connections"); got != "225" {
		t.Errorf("max_connections of a db.t4g.small is %s", got)
	}
	must(c.StopDBInstance(c.ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	if i := c.settled("a"); *i.DBInstanceStatus != "stopped" {
		t.Errorf("it is %s", *i.DBInstanceStatus)
	}
	if _, err := c.connect("a", "correct-horse", true); err == nil {
		t.Error("a stopped instance answers")
	}
	must(c.StartDBInstance(c.ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	c.available("a")
	c.cloud.Restart()
	c.available("a")
	if got := c.sql("a", "SELECT x FROM t"); got != "1" {
		t.Errorf("got %s", got)
	}
	var archive bytes.Buffer
	if err := c.cloud.Save(c.ctx, &archive); err != nil {
		t.Fatal(err)
	}
	c.sql("a", "UPDATE t SET x = 2")
	c.cloud.RestartWith(func() {
		if err := cloud.Restore(c.ctx, c.cloud.Dir, &archive); err != nil {
			t.Fatal(err)
		}
	})
	c.available("a")
	if got := c.sql("a", "SELECT x FROM t"); got != "1" {
		t.Errorf("a restored cloud has %s", got)
	}
	out := must(c.DeleteDBInstance(c.ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("a"), FinalDBSnapshotIdentifier: aws.String("last")}))(t)
	if *out.DBInstance.DBInstanceStatus != "deleting" {
		t.Errorf("it is %s", *out.DBInstance.DBInstanceStatus)
	}
	if err := c.cloud.Idle(c.ctx); err != nil {
		t.Fatal(err)
	}
	_, err := c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("a")})
	refused(t, err, "DBInstanceNotFound")
	must(c.RestoreDBInstanceFromDBSnapshot(c.ctx, &rds.RestoreDBInstanceFromDBSnapshotInput{DBInstanceIdentifier: aws.String("b"), DBSnapshotIdentifier: aws.String("last"),
		DBInstanceClass: aws.String("db.t4g.micro")}))(t)
	c.available("b")
	if got := c.sql("b", "SELECT x FROM t"); got != "1" {
		t.Errorf("got %s", got)
	}
}

func TestServerParameters(t *testing.T) {
	c := startReal(t)
	must(c.CreateDBParameterGroup(c.ctx, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("p"), DBParameterGroupFamily: aws.String("postgres15"), Description: aws.String("p")}))(t)
	set := func(name, value string, method types.ApplyMethod) {
		must(c.ModifyDBParameterGroup(c.ctx, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: aws.String("p"), Parameters: []types.Parameter{
			{ParameterName: &name, ParameterValue: &value, ApplyMethod: method}}}))(t)
	}
	set("rds.force_ssl", "0", types.ApplyMethodImmediate)
	c.create("a", fifteen, func(in *rds.CreateDBInstanceInput) { in.DBParameterGroupName = aws.String("p") })
	c.available("a")
	conn, err := c.connect("a", "correct-horse", false)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(c.ctx)
	set("work_mem", "9216", types.ApplyMethodImmediate)
	set("max_connections", "LEAST({DBInstanceClassMemory/95313920},50)", types.ApplyMethodPendingReboot)
	if i := c.available("a"); *i.DBParameterGroups[0].ParameterApplyStatus != "pending-reboot" {
		t.Errorf("the parameters are %s", *i.DBParameterGroups[0].ParameterApplyStatus)
	}
	if got := c.sql("a", "SHOW work_mem") + c.sql("a", "SHOW max_connections"); got != "9MB112" {
		t.Errorf("got %s", got)
	}
	must(c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	if i := c.available("a"); *i.DBParameterGroups[0].ParameterApplyStatus != "in-sync" {
		t.Errorf("the parameters are %s", *i.DBParameterGroups[0].ParameterApplyStatus)
	}
	if got := c.sql("a", "SHOW max_connections"); got != "11" {
		t.Errorf("max_connections is %s", got)
	}
	set("shared_buffers", "{DBInstanceClassMemory/0}", types.ApplyMethodPendingReboot)
	must(c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	if i := c.settled("a"); *i.DBInstanceStatus != "available" || !strings.Contains(strings.Join(c.events("a"), "\n"), "division by zero") {
		t.Errorf("it is %s: %v", *i.DBInstanceStatus, c.events("a"))
	}
}

func TestServerFailover(t *testing.T) {
	c := startReal(t)
	_, subnets := c.subnets("a", "b")
	c.group("main", subnets)
	c.create("a", fifteen, func(in *rds.CreateDBInstanceInput) {
		in.DBSubnetGroupName, in.MultiAZ, in.BackupRetentionPeriod = aws.String("main"), aws.Bool(true), aws.Int32(1)
	})
	before := c.available("a")
	c.sql("a", "CREATE TABLE t AS SELECT generate_series(1, 100) AS x")
	must(c.CreateDBInstanceReadReplica(c.ctx, &rds.CreateDBInstanceReadReplicaInput{DBInstanceIdentifier: aws.String("r"), SourceDBInstanceIdentifier: aws.String("a")}))(t)
	c.available("r")
	must(c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a"), ForceFailover: aws.Bool(true)}))(t)
	after := c.available("a")
	if *after.AvailabilityZone != *before.SecondaryAvailabilityZone {
		t.Errorf("it went from %s to %s", *before.AvailabilityZone, *after.AvailabilityZone)
	}
	if got := c.sql("a", "SELECT count(*) FROM t"); got != "100" {
		t.Errorf("%s of 100 rows are there", got)
	}
	if got := c.sql("r", "SELECT count(*) FROM t"); got != "100" {
		t.Errorf("%s of 100 rows are at the replica", got)
	}
	must(c.PromoteReadReplica(c.ctx, &rds.PromoteReadReplicaInput{DBInstanceIdentifier: aws.String("r")}))(t)
	c.available("r")
	c.sql("r", "INSERT INTO t VALUES (0)")
	c.sql("a", "DELETE FROM t")
	at := time.Now()
	restore := &rds.RestoreDBInstanceToPointInTimeInput{SourceDBInstanceIdentifier: aws.String("r"), TargetDBInstanceIdentifier: aws.String("back"), UseLatestRestorableTime: aws.Bool(true),
		DBSubnetGroupName: aws.String("main"), PubliclyAccessible: aws.Bool(false)}
	must(c.RestoreDBInstanceToPointInTime(c.ctx, restore))(t)
	c.available("back")
	t.Logf("restored within %v", time.Since(at))
	if got := c.sql("back", "SELECT count(*) FROM t"); got != "101" {
		t.Errorf("%s of 101 rows are restored", got)
	}
}
