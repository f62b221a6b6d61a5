package database_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5"

	localcloud "atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/database"
	"atoll/internal/dataplane/postgres/postgrestest"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
)

func find(t *testing.T, s *inspecttest.Shop) (*database.Login, error) {
	e := inspecttest.Must(inspect.Load(t.Context(), s.Clients, inspecttest.Project, inspecttest.Environment))(t)
	return database.Find(t.Context(), e)
}

func TestFind(t *testing.T) {
	cloud := cloudtest.Start(t)
	s := inspecttest.New(t, cloud.Config())
	l := inspecttest.Must(find(t, s))(t)
	if l.Instance != "shop-dev" || !strings.HasSuffix(l.Host, ".us-east-1.rds.amazonaws.com") || l.Port != 5432 || l.User != "app" || l.Database != "app" || len(l.Password) < 20 ||
		!strings.Contains(l.Secret, ":secret:rds!db-") || l.ARN != "arn:aws:rds:us-east-1:"+localcloud.DefaultAccount+":db:shop-dev" {
		t.Errorf("the login is %+v", l)
	}

	// A password that RDS does not manage is in the blueprint's secret, or nowhere.
	inspecttest.Must(s.RDS.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: new("shop-dev"), ManageMasterUserPassword: new(false), MasterUserPassword: new("correct-horse"),
		ApplyImmediately: new(true)}))(t)
	if _, err := find(t, s); err == nil || !strings.Contains(err.Error(), "is in no secret: neither in one that RDS manages, nor in shop-dev/database") {
		t.Errorf("without a secret: %v", err)
	}
	inspecttest.Must(secretsmanager.NewFromConfig(cloud.Config()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: new("shop-dev/database"),
		SecretString: new(`{"username":"app","password":"correct-horse"}`)}))(t)
	if l := inspecttest.Must(find(t, s))(t); l.Password != "correct-horse" {
		t.Errorf("the login is %+v", l)
	}
	inspecttest.Must(s.RDS.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: new("shop-dev"), SkipFinalSnapshot: new(true)}))(t)
	if _, err := find(t, s); err == nil || !strings.Contains(err.Error(), "dev has no database") {
		t.Errorf("without a database: %v", err)
	}
}

// TestReal logs in to a real PostgreSQL, through a port of this machine and past the network that it is in.
func TestReal(t *testing.T) {
	postgrestest.Need(t)
	cloud := cloudtest.Start(t, cloudtest.Durable(), cloudtest.RealTime(), cloudtest.Postgres())
	s := inspecttest.New(t, cloud.Config())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := cloud.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	l := inspecttest.Must(find(t, s))(t)
	f := inspecttest.Must(database.Listen(ctx, 0, func(ctx context.Context) (net.Conn, error) { return cloud.DialDatabase(ctx, l.ARN) }, func(err error) { t.Error(err) }))(t)
	settings := map[string]string{}
	for _, line := range l.Environment(f.Port) {
		name, value, _ := strings.Cut(line, "=")
		settings[name] = value
	}
	conn := inspecttest.Must(pgx.Connect(ctx, "host="+settings["PGHOSTADDR"]+" port="+settings["PGPORT"]+" user="+settings["PGUSER"]+" password='"+settings["PGPASSWORD"]+
		"' dbname="+settings["PGDATABASE"]+" sslmode="+settings["PGSSLMODE"]))(t)
	var who string
	if err := conn.QueryRow(ctx, "select current_user || '@' || current_database()").Scan(&who); err != nil || who != "app@app" {
		t.Errorf("logged in as %q, %v", who, err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := cloud.DialDatabase(ctx, l.ARN+"-other"); err == nil || !strings.Contains(err.Error(), "there is no such DB instance") {
		t.Errorf("an instance that is not there: %v", err)
	}
}
