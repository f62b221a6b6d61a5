package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"atoll/internal/hint"
	"atoll/internal/inspect"
)

// Login is how the master user of a database logs in.
type Login struct {
	Instance, ARN  string
	Engine         string // with its version, such as postgres 17.6
	Host           string // as it is named in its network
	Port           int
	User, Password string
	Database       string
	Secret         string // ARN of the secret with the password
}

// Find gives the login of an environment's primary database.
func Find(ctx context.Context, e *inspect.Environment) (*Login, error) {
	d := e.Database()
	if d == nil {
		return nil, hint.Errorf("set database in "+e.Name+".tfvars, and run atoll up "+e.Name, "%s has no database", e.Name)
	}
	i := d.Detail
	l := &Login{Instance: d.ID, ARN: aws.ToString(i.DBInstanceArn), Engine: aws.ToString(i.Engine) + " " + aws.ToString(i.EngineVersion), Host: d.Address, Port: d.Port,
		User: aws.ToString(i.MasterUsername), Database: aws.ToString(i.DBName)}
	if l.Database == "" {
		l.Database = "postgres"
	}
	if l.Host == "" {
		return nil, hint.Errorf("atoll status "+e.Name+" --watch", "the database %s has no address yet: it is %s", d.ID, aws.ToString(i.DBInstanceStatus))
	}
	return l, l.readSecret(ctx, e)
}

// readSecret takes user and password from the secret that RDS manages, or that the blueprint makes for a database with a read replica.
func (l *Login) readSecret(ctx context.Context, e *inspect.Environment) error {
	id := e.Prefix() + "/database"
	if s := e.Database().Detail.MasterUserSecret; s != nil {
		id = aws.ToString(s.SecretArn)
	}
	out, err := secretsmanager.NewFromConfig(e.Config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if none := (*types.ResourceNotFoundException)(nil); errors.As(err, &none) {
		return hint.Errorf("set manage_master_user_password on the instance, or keep user and password as JSON in a secret of the name "+id,
			"the password of the database %s is in no secret: neither in one that RDS manages, nor in %s", l.Instance, id)
	}
	if err != nil {
		return fmt.Errorf("reading the password of the database %s: %w", l.Instance, err)
	}
	var value struct{ Username, Password string }
	if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &value); err != nil || value.Password == "" {
		return fmt.Errorf("the secret %s holds no JSON with a password", id)
	}
	l.Secret, l.Password = aws.ToString(out.ARN), value.Password
	if value.Username != "" {
		l.User = value.Username
	}
	return nil
}

// Environment gives the variables by which psql, and most other clients, log in through a port of this machine. The host stays the database's own,
// as its certificate has it. https://www.postgresql.org/docs/current/libpq-envars.html
func (l *Login) Environment(port int) []string {
	return []string{"PGHOST=" + l.Host, "PGHOSTADDR=" + Loopback, "PGPORT=" + strconv.Itoa(port), "PGUSER=" + l.User, "PGPASSWORD=" + l.Password, "PGDATABASE=" + l.Database,
		"PGSSLMODE=require"}
}

// Loopback is the address at which ways to databases begin.
const Loopback = "127.0.0.1"

func local(port int) string { return net.JoinHostPort(Loopback, strconv.Itoa(port)) }
