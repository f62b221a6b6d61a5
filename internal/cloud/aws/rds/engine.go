package rds

import (
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

const (
	postgres = "postgres"
	mysql    = "mysql"
)

// engine is a database engine that RDS has.
type engine struct {
	name, description string
	license           string
	port              int64
	logs              []string // that can be exported to CloudWatch Logs
	features          []string // that roles can be associated for
	reserved          []string // names that no master user can have
	userLength        int
	passwordLength    int
	versions          []version // older ones first within a major one
}

// version is one of an engine's versions.
type version struct {
	major, number string
	family        string
	wave          int  // year and month of its release: a major upgrade goes to a version that is no older
	standard      bool // what its major version alone stands for
	deprecated    bool // known, but no instance can be created with it
}

// engines gives the engines in the order in which RDS lists them.
func engines() []*engine { return []*engine{mysqlEngine(), postgresEngine()} }

func findEngine(name string) (*engine, bool) {
	for _, e := range engines() {
		if e.name == strings.ToLower(name) {
			return e, true
		}
	}
	return nil, false
}

// unknownEngines are AWS's other engines.
var unknownEngines = []string{"aurora-mysql", "aurora-postgresql", "custom-oracle-", "custom-sqlserver-", "db2-", "mariadb", "oracle-", "sqlserver-", "neptune", "docdb"}

// engineFor gives an engine, and refuses AWS's other ones by name.
func engineFor(name, operation string) (*engine, error) {
	if e, ok := findEngine(name); ok {
		return e, nil
	}
	for _, prefix := range unknownEngines {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			return nil, wire.NotImplemented("rds:" + operation + " with the engine " + name + " (it has postgres and mysql)")
		}
	}
	return nil, invalid("Invalid DB engine: %s", name)
}

// postgresEngine: https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html
func postgresEngine() *engine {
	e := &engine{
		name: postgres, description: "PostgreSQL", license: "postgresql-license", port: 5432,
		logs: []string{"iam-db-auth-error", "postgresql", "upgrade"}, features: []string{"Lambda", "s3Export", "s3Import"},
		reserved: []string{"admin", "rdsadmin", "rdsrepladmin", "rds_superuser", "rds_replication", "rds_iam", "rds_password", "rdsproxyadmin",
			"rdstopmgr", "public", "none", "user", "all", "current_user", "session_user", "default"},
		userLength: 63, passwordLength: 128,
	}
	const early, may, aug, nov, feb25, may25, aug25, nov25 = 202402, 202405, 202408, 202411, 202502, 202505, 202508, 202511
	e.add("13", "postgres13", "13.22", minor{"13.14", early}, minor{"13.15", may}, minor{"13.16", aug}, minor{"13.18", nov},
		minor{"13.20", feb25}, minor{"13.21", may25}, minor{"13.22", aug25}, minor{"13.23", nov25})
	e.add("14", "postgres14", "14.19", minor{"14.11", early}, minor{"14.12", may}, minor{"14.13", aug}, minor{"14.15", nov},
		minor{"14.17", feb25}, minor{"14.18", may25}, minor{"14.19", aug25}, minor{"14.20", nov25})
	e.add("15", "postgres15", "15.14", minor{"15.6", early}, minor{"15.7", may}, minor{"15.8", aug}, minor{"15.10", nov},
		minor{"15.12", feb25}, minor{"15.13", may25}, minor{"15.14", aug25}, minor{"15.15", nov25})
	e.add("16", "postgres16", "16.10", minor{"16.2", early}, minor{"16.3", may}, minor{"16.4", aug}, minor{"16.6", nov},
		minor{"16.8", feb25}, minor{"16.9", may25}, minor{"16.10", aug25}, minor{"16.11", nov25})
	e.add("17", "postgres17", "17.6", minor{"17.2", nov}, minor{"17.4", feb25}, minor{"17.5", may25}, minor{"17.6", aug25}, minor{"17.7", nov25})
	return e
}

// mysqlEngine: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
func mysqlEngine() *engine {
	e := &engine{
		name: mysql, description: "MySQL Community Edition", license: "general-public-license", port: 3306,
		logs:     []string{"audit", "error", "general", "iam-db-auth-error", "slowquery"},
		reserved: []string{"rdsadmin", "rdsrepladmin", "mysql.sys", "mysql.session", "all", "user", "none", "public"}, userLength: 16, passwordLength: 41,
	}
	e.add("8.0", "mysql8.0", "8.0.44", minor{"8.0.36", 202402}, minor{"8.0.37", 202405}, minor{"8.0.39", 202408}, minor{"8.0.40", 202411},
		minor{"8.0.41", 202502}, minor{"8.0.42", 202505}, minor{"8.0.43", 202508}, minor{"8.0.44", 202511})
	e.add("8.4", "mysql8.4", "8.4.7", minor{"8.4.3", 202411}, minor{"8.4.4", 202502}, minor{"8.4.5", 202505}, minor{"8.4.6", 202508}, minor{"8.4.7", 202511})
	e.versions = append([]version{{major: "8.0", number: "8.0.20", family: "mysql8.0", wave: 202005, deprecated: true}}, e.versions...)
	return e
}

type minor struct {
	number string
	wave   int
}

func (e *engine) add(major, family, standard string, minors ...minor) {
	for _, m := range minors {
		e.versions = append(e.versions, version{major: major, number: m.number, family: family, wave: m.wave, standard: m.number == standard})
	}
}

// standard gives the version that stands for a major one, or for the engine where major is empty.
func (e *engine) standard(major string) (version, bool) {
	for _, v := range slices.Backward(e.versions) {
		if v.standard && (major == "" || v.major == major) {
			return v, true
		}
	}
	return version{}, false
}

// resolve gives the version that a text means: a version, a major one for its standard, none for the engine's standard.
func (e *engine) resolve(number string) (version, error) {
	if v, ok := e.standard(number); ok {
		return v, nil
	}
	for _, v := range e.versions {
		if v.number == number && !v.deprecated {
			return v, nil
		}
	}
	return version{}, conflict("Cannot find version %s for %s", number, e.name)
}

// version gives one of the engine's versions by its full number; the zero version if there is none.
func (e *engine) version(number string) version {
	for _, v := range e.versions {
		if v.number == number {
			return v
		}
	}
	return version{}
}

// upgrades gives the versions that an instance of a version can be upgraded to.
func (e *engine) upgrades(from version) []version {
	var out []version
	for _, v := range e.versions {
		if v.deprecated {
			continue
		}
		if v.major == from.major && older(from.number, v.number) || older(from.major, v.major) && v.wave >= from.wave {
			out = append(out, v)
		}
	}
	return out
}

// older compares version numbers part by part.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}

func defaultOptionGroup(engine string, v version) string {
	return "default:" + engine + "-" + strings.ReplaceAll(v.major, ".", "-")
}

func defaultParameterGroup(v version) string { return "default." + v.family }

// certificates are the certificate authorities that an instance's certificate can come from, and the last day of each.
var certificates = map[string]string{
	"rds-ca-rsa2048-g1": "2061-05-25", "rds-ca-rsa4096-g1": "2121-05-25", "rds-ca-ecc384-g1": "2121-05-25",
}

const defaultCertificate = "rds-ca-rsa2048-g1"
