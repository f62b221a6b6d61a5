package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits on what a server takes of the user's machine. shared_buffers is touched page by page as it is used, but its bookkeeping (about 1 %)
// and the address space are taken at the start; WAL that is kept for standbys lies on the disk.
const (
	mostSharedBuffers = 65536 // pages of 8 kB: 512 MiB
	mostWALKept       = 128   // MiB
)

// ours are the settings that the supervisor itself decides: places, ports, TLS, logging, replication.
var ours = map[string]bool{
	"archive_command": true, "archive_mode": true, "config_file": true, "data_directory": true, "external_pid_file": true, "hba_file": true,
	"hot_standby": true, "ident_file": true, "listen_addresses": true, "log_destination": true, "log_directory": true, "log_file_mode": true, "log_filename": true,
	"log_rotation_age": true, "log_rotation_size": true, "logging_collector": true, "port": true, "primary_conninfo": true, "primary_slot_name": true, "restart_after_crash": true,
	"restore_command": true, "ssl": true, "ssl_ca_file": true, "ssl_cert_file": true, "ssl_key_file": true, "stats_temp_directory": true,
	"synchronous_standby_names": true, "unix_socket_directories": true, "unix_socket_group": true, "unix_socket_permissions": true, "wal_level": true,
	"max_stack_depth": true, "huge_pages": true,
}

// definition is what a version of PostgreSQL says of one of its settings.
type definition struct {
	Static bool     // takes effect at a start
	Values []string // of an enumeration
}

// fit brings settings into the form that a version of PostgreSQL takes. Names with a dot are extensions', which it keeps without
// knowing them. notes says what was left out or lowered.
func fit(settings map[string]string, known map[string]definition, libraries map[string]bool) (out map[string]string, notes []string) {
	out = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := settings[name]
		d, ok := known[strings.ToLower(name)]
		switch {
		case ours[name]:
			continue
		case !ok && !strings.Contains(name, "."):
			notes = append(notes, name+" is left out: this version of PostgreSQL does not have it")
			continue
		case len(d.Values) > 0 && !slices.Contains(d.Values, strings.ToLower(value)):
			notes = append(notes, fmt.Sprintf("%s = %s is left out: this PostgreSQL takes %s", name, value, strings.Join(d.Values, ", ")))
			continue
		case name == "shared_buffers":
			value = lower(name, value, mostSharedBuffers, "8 kB pages", &notes)
		case name == "wal_keep_size":
			if n, err := strconv.Atoi(value); err == nil {
				value = strconv.Itoa(min(n, mostWALKept))
			}
		case name == "shared_preload_libraries":
			var missing []string
			value, missing = present(value, libraries)
			if len(missing) > 0 {
				notes = append(notes, "shared_preload_libraries is without "+strings.Join(missing, ", ")+": this machine does not have the library")
			}
		}
		out[name] = value
	}
	return out, notes
}

func lower(name, value string, most int64, unit string, notes *[]string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= most {
		return value
	}
	*notes = append(*notes, fmt.Sprintf("%s is %d %s in place of %d, to spare this machine's memory", name, most, unit, n))
	return strconv.FormatInt(most, 10)
}

func present(list string, libraries map[string]bool) (string, []string) {
	var have, missing []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
		case libraries[name]:
			have = append(have, name)
		default:
			missing = append(missing, name)
		}
	}
	return strings.Join(have, ","), missing
}

// conf writes a configuration file; later lines win.
func conf(layers ...map[string]string) string {
	all := map[string]string{}
	for _, layer := range layers {
		maps.Copy(all, layer)
	}
	var b strings.Builder
	b.WriteString("# Written by atoll at every start and change.\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = %s\n", name, quote(all[name]))
	}
	b.WriteString("include_if_exists 'primary.conf'\n")
	return b.String()
}

func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// identifierSQL quotes a name for SQL.
func identifierSQL(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// hba writes who may connect and how. The superuser comes through the Unix socket alone, whose directory is closed to others.
// With TLS forced, a connection without it finds no entry, as on RDS.
func hba(forceTLS, scram bool) string {
	kind, method := "host", "md5" // md5 takes SCRAM secrets too
	if forceTLS {
		kind = "hostssl"
	}
	if scram {
		method = "scram-sha-256"
	}
	return "local all " + superuser + " trust\nlocal replication " + superuser + " trust\nhost all " + superuser + " all reject\nhost " + superuser +
		" all all reject\n" + kind + " all all all " + method + "\n"
}
