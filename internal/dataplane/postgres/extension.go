package postgres

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"atoll/internal/disk"
)

// rdsExtensions are those of PostgreSQL's own that rds_superuser may create on RDS, and that PostgreSQL leaves to superusers.
// https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-extensions.html
func rdsExtensions() []string {
	return []string{"amcheck", "autoinc", "bloom", "dblink", "dict_xsyn", "earthdistance", "insert_username", "intagg", "moddatetime", "pg_buffercache",
		"pg_freespacemap", "pg_prewarm", "pg_stat_statements", "pg_visibility", "pg_walinspect", "pgrowlocks", "pgstattuple", "refint", "sslinfo"}
}

// trustExtensions has the programs in a directory, which are nobody else's, trust whoever owns a database with the extensions that RDS does.
// https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-FILES-TRUSTED
func trustExtensions(bin string) error {
	var errs []error
	for _, name := range rdsExtensions() {
		file := filepath.Join(filepath.Dir(bin), "share", "postgresql", "extension", name+".control")
		have, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) || bytes.Contains(have, []byte("\ntrusted")) {
			continue
		}
		if err == nil {
			_, err = disk.Write(file, append(bytes.TrimRight(have, "\n"), "\ntrusted = true\n"...), 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
