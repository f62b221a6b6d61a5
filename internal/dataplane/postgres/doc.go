// Package postgres runs real PostgreSQL servers as child processes. It knows no AWS: a Spec says how a server is to be, and a
// Supervisor brings it there and keeps it so.
//
// Programs are those of the machine (Find), or downloaded where it lacks the wanted major version (package download): initdb and postgres are all
// that is needed. A data directory is a copy of a template, made once by initdb for each version. Root's
// servers run as the user postgres or nobody, who reach nothing but the supervisor's directory (place). A server listens on
// 127.0.0.1 at a port of its own; the supervisor itself comes by a Unix socket as the superuser rdsadmin, who cannot come otherwise.
// The master user is in rds_superuser and no superuser, as on RDS.
//
// A server that ends by itself is started again, with growing pauses, or its synchronous standby takes over. On a full disk it goes on reading; once
// there is space it is as before. Of a killed process's
// servers the next supervisor in the directory finds the pid files, ends what is still theirs, and starts anew; crash recovery
// is PostgreSQL's. Snapshots are base backups in the form of data directories (backup.go); restores replay the archived WAL on one.
//
// What differs from a server on RDS:
//   - Where the wanted major version is neither there nor can be downloaded, data is made with the next newer one, or else the newest: Report tells
//     it and why. The minor version is that which there is. Data of one major version is not upgraded to another.
//   - shared_buffers is 512 MiB at most, wal_keep_size 128 MiB, huge_pages off, to spare the machine. Settings and libraries that this
//     PostgreSQL does not have are left out. Report has the notes.
//   - Clients appear with the address 127.0.0.1. AllocatedStorage does not limit the data.
//   - An installed PostgreSQL's extensions that it does not call trusted need a superuser, which the master user is not, even where RDS lets it
//     create them. A downloaded one's are as on RDS, but for postgres_fdw.
//   - With logical replication on, the master user itself has REPLICATION. There is no login by IAM.
//   - The default locale is en_US.UTF-8 as on RDS, where the machine has it, else C.UTF-8 or C. Messages are in English.
//   - A downloaded PostgreSQL has no just-in-time compiler and no extensions beyond PostgreSQL's own.
package postgres
