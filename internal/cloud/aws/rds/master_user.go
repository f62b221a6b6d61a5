package rds

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

var (
	userNames = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	dbNames   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// checkMaster checks the name and the password of a new instance's master user, and the name of its first database.
func checkMaster(e *engine, in *CreateDBInstanceInput) error {
	user := text(in.MasterUsername)
	switch {
	case user == "":
		return invalid("The parameter MasterUsername must be provided and must not be blank.")
	case !userNames.MatchString(user):
		return invalid("The parameter MasterUsername must begin with a letter and contain only alphanumeric characters.")
	case len(user) > e.userLength:
		return invalid("The parameter MasterUsername must be 1 to %d characters long.", e.userLength)
	case slices.Contains(e.reserved, strings.ToLower(user)) || e.name == postgres && strings.HasPrefix(strings.ToLower(user), "pg_"):
		return invalid("MasterUsername %s cannot be used as it is a reserved word used by the engine", user)
	}
	if name := text(in.DBName); name != "" {
		most := 63
		if e.name == mysql {
			most = 64
		}
		switch {
		case !dbNames.MatchString(name):
			return invalid("DBName must begin with a letter and contain only alphanumeric characters.")
		case len(name) > most:
			return invalid("The parameter DBName must be 1 to %d characters long.", most)
		case slices.Contains([]string{"db", "rdsadmin", "template0", "template1", "mysql", "information_schema", "performance_schema", "sys"}, strings.ToLower(name)):
			return invalid("DBName %s cannot be used as it is a reserved word used by the engine", name)
		}
	}
	password := text(in.MasterUserPassword)
	switch {
	case yes(in.ManageMasterUserPassword) && password != "":
		return conflict("You can't specify MasterUserPassword when ManageMasterUserPassword is true.")
	case yes(in.ManageMasterUserPassword):
		return nil
	case password == "":
		return invalid("The parameter MasterUserPassword must be provided and must not be blank.")
	}
	return e.checkPassword(password)
}

func (e *engine) checkPassword(password string) error {
	if len(password) < 8 {
		return invalid("The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.")
	}
	if len(password) > e.passwordLength {
		return invalid("The parameter MasterUserPassword is not a valid password because it is longer than %d characters.", e.passwordLength)
	}
	if strings.ContainsFunc(password, func(c rune) bool { return c < '!' || c > '~' || strings.ContainsRune(`/@"`, c) }) {
		return invalid(`The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`)
	}
	return nil
}

// secretValue is what RDS keeps in the secret of a master user.
func (r *instanceRecord) secretValue() (string, error) {
	raw, err := json.Marshal(struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}{r.Username, r.Password})
	if err != nil {
		return "", fmt.Errorf("writing the secret of %s: %w", r.ID, err)
	}
	return string(raw), nil
}

// newPassword gives a password as RDS makes them for master users: of 28 characters.
func (t *txn) newPassword() string { return t.d.IDs.Alnum(28) }

// manage moves an instance's master password into a secret that belongs to RDS, with a new value.
func (t *txn) manage(r *instanceRecord, key string) error {
	r.Password = t.newPassword()
	value, err := r.secretValue()
	if err != nil {
		return err
	}
	tags := map[string]string{"aws:rds:primaryDBInstanceArn": instanceARN(t.sc, r.ID), "aws:secretsmanager:owningService": "rds"}
	arn, err := t.d.Secrets.CreateManaged(t.tx, t.sc, "rds", "rds!db-"+t.d.IDs.UUID(), key, value, tags)
	if err != nil {
		return err
	}
	r.Secret = &secret{ARN: arn, KmsKey: key}
	return nil
}

// unmanage removes the secret of an instance's master user.
func (t *txn) unmanage(r *instanceRecord) {
	if r.Secret != nil && t.d.Secrets != nil {
		t.d.Secrets.DeleteManaged(t.tx, t.sc, r.Secret.ARN)
	}
	r.Secret = nil
}

// modifyMaster changes the master password or who manages it.
func (t *txn) modifyMaster(r *instanceRecord, in *ModifyDBInstanceInput, key string) error {
	password := text(in.MasterUserPassword)
	manage := or(in.ManageMasterUserPassword, r.Secret != nil)
	switch {
	case yes(in.ManageMasterUserPassword) && password != "":
		return conflict("You can't specify MasterUserPassword when ManageMasterUserPassword is true.")
	case manage && password != "":
		return conflict("You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
	case in.ManageMasterUserPassword != nil && !manage && password == "":
		return conflict("MasterUserPassword must be provided when ManageMasterUserPassword is set to false.")
	case yes(in.RotateMasterUserPassword) && r.Secret == nil:
		return conflict("RotateMasterUserPassword can't be specified: the master user password is not managed by RDS.")
	case yes(in.RotateMasterUserPassword) && !yes(in.ApplyImmediately):
		return conflict("You must apply the change immediately when rotating the master user password.")
	case r.Source != "" && (password != "" || in.ManageMasterUserPassword != nil):
		return wire.Errorf("InvalidDBInstanceState", "The master user password of a read replica is that of its source.")
	case manage && r.Secret == nil:
		if err := t.manage(r, key); err != nil {
			return err
		}
	case yes(in.ManageMasterUserPassword) && text(in.MasterUserSecretKmsKeyId) != "" && key != r.Secret.KmsKey:
		return conflict("You can't change the KMS key of the secret of a master user password that RDS manages already.")
	case yes(in.RotateMasterUserPassword):
		r.Password = t.newPassword()
		value, err := r.secretValue()
		if err != nil {
			return err
		}
		if err := t.d.Secrets.PutManaged(t.tx, t.sc, r.Secret.ARN, value); err != nil {
			return err
		}
	case password != "":
		e, _ := findEngine(r.Engine)
		if err := e.checkPassword(password); err != nil {
			return err
		}
		r.Password = password
		t.unmanage(r)
	default:
		return nil
	}
	for _, id := range t.replicas(r) {
		replica, _ := t.instances.Get(t.tx, t.sc, id)
		replica.Password = r.Password
		t.putInstance(replica)
	}
	t.note(r, "RDS-EVENT-0016", "configuration change", "Reset master credentials")
	return nil
}
