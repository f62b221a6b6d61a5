package rds

// mysqlTable has the common parameters of RDS for MySQL, in the form that parse reads.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html
const mysqlTable = `
activate_all_roles_on_login|0|r >=8|boolean||Activates all granted roles at login.
allow-suspicious-udfs||s f|boolean||Loads functions that have only an xxx symbol.
auto_increment_increment|||integer|1-65535|Step of AUTO_INCREMENT.
auto_increment_offset|||integer|1-65535|First value of AUTO_INCREMENT.
autocommit|||boolean||Commits each statement.
automatic_sp_privileges|||boolean||Grants privileges on routines to their makers.
back_log||s|integer|1-65535|Connections that may wait.
basedir|/rdsdbbin/mysql|s r f|string||Installation directory.
binlog_cache_size|32768|r|integer|4096-18446744073709547520|Cache of the binary log in a transaction.
binlog_checksum|||string|NONE,CRC32|Checksum of binary log events.
binlog_format|MIXED|r|string|ROW,STATEMENT,MIXED|Format of the binary log.
binlog_row_image|||string|full,minimal,noblob|Columns in row events.
bulk_insert_buffer_size|||integer|0-18446744073709547520|Cache of bulk inserts.
character-set-client-handshake|||boolean||Heeds the client's character set.
character_set_client|||string|big5,latin2,dec8,cp850,hp8,koi8r,latin1,swe7,ascii,ujis,sjis,hebrew,tis620,euckr,koi8u,gb2312,greek,cp1250,gbk,latin5,armscii8,utf8,utf8mb3,utf8mb4,cp866,keybcs2,macce,macroman,cp852,latin7,cp1251,cp1256,cp1257,binary,geostd8,cp932,eucjpms|Character set of statements.
character_set_connection|||string|big5,latin2,latin1,ascii,gbk,utf8,utf8mb3,utf8mb4,cp1251,binary|Character set of literals.
character_set_database|||string|big5,latin2,latin1,ascii,gbk,utf8,utf8mb3,utf8mb4,cp1251,binary|Character set of the default database.
character_set_filesystem|||string|big5,latin2,latin1,ascii,gbk,utf8,utf8mb3,utf8mb4,cp1251,binary|Character set of the file system.
character_set_results|||string|big5,latin2,latin1,ascii,gbk,utf8,utf8mb3,utf8mb4,cp1251,binary|Character set of results.
character_set_server|||string|big5,latin2,latin1,ascii,gbk,utf8,utf8mb3,utf8mb4,cp1251,binary|Default character set.
collation_connection|||string||Collation of the connection.
collation_server|||string||Default collation.
completion_type|||string|NO_CHAIN,CHAIN,RELEASE,0,1,2|How transactions end.
concurrent_insert|||string|NEVER,AUTO,ALWAYS,0,1,2|Inserts while MyISAM tables are read.
connect_timeout|||integer|2-31536000|(s) Wait for a connect packet.
datadir|/rdsdbdata/db/|s r f|string||Data directory.
default_authentication_plugin||s <8.4|string|mysql_native_password,sha256_password,caching_sha2_password|Default authentication plugin.
default_password_lifetime||>=5.7|integer|0-65535|(d) Lifetime of passwords.
default_storage_engine|InnoDB|r f|string||Default storage engine.
default_time_zone||f|string||Default time zone.
default_week_format|||integer|0-7|Mode of WEEK().
div_precision_increment|||integer|0-30|Digits that a division adds.
event_scheduler|ON|r|string|ON,OFF|Runs scheduled events.
explicit_defaults_for_timestamp|1|s r|boolean||Standard behaviour of TIMESTAMP.
flush_time|||integer|0-31536000|(s) Interval of flushing tables.
general_log|||boolean||Enables the general log.
general_log_file|/rdsdbdata/log/general/mysql-general.log|r f|string||General log.
group_concat_max_len|||integer|4-18446744073709547520|Longest result of GROUP_CONCAT.
gtid-mode|OFF_PERMISSIVE|s r|string|OFF,OFF_PERMISSIVE,ON_PERMISSIVE,ON|Global transaction ids.
init_connect|||string||Statements of each connection.
innodb_adaptive_flushing|||boolean||Flushes by the load.
innodb_adaptive_hash_index|||boolean||Uses adaptive hash indexes.
innodb_autoinc_lock_mode||s|integer|0,1,2|Lock mode of auto-increment.
innodb_buffer_pool_dump_at_shutdown|||boolean||Records cached pages at shutdown.
innodb_buffer_pool_load_at_startup||s|boolean||Loads recorded pages at start.
innodb_buffer_pool_instances||s|integer|1-64|Parts of the buffer pool.
innodb_buffer_pool_size|{DBInstanceClassMemory*3/4}|r|integer|5242880-18446744073709547520|(B) Buffer pool.
innodb_deadlock_detect||>=5.7|boolean||Detects deadlocks.
innodb_file_format|Barracuda|r <5.8|string|Antelope,Barracuda|Format of new tables.
innodb_file_per_table|1|r|boolean||A file for each table.
innodb_flush_log_at_trx_commit|1|r|integer|0,1,2|When the log is flushed.
innodb_flush_method|O_DIRECT|s r|string||How files are flushed.
innodb_io_capacity|||integer|100-18446744073709547520|I/O operations a second of background work.
innodb_io_capacity_max|||integer|100-18446744073709547520|Most I/O operations a second.
innodb_large_prefix||<5.8|boolean||Long index prefixes.
innodb_lock_wait_timeout|||integer|1-1073741824|(s) Wait for a row lock.
innodb_log_buffer_size|8388608|r|integer|262144-4294967295|(B) Buffer of the log.
innodb_log_file_size|134217728|s r|integer|4194304-274877906944|(B) Log file.
innodb_max_dirty_pages_pct|||float|0-99.99|(%) Dirty pages in the buffer pool.
innodb_open_files||s|integer|10-4294967295|Open tablespaces.
innodb_print_all_deadlocks|||boolean||Logs all deadlocks.
innodb_read_io_threads||s|integer|1-64|Threads that read.
innodb_stats_persistent|||boolean||Keeps index statistics.
innodb_thread_concurrency|||integer|0-1000|Threads inside InnoDB.
innodb_write_io_threads||s|integer|1-64|Threads that write.
interactive_timeout|||integer|1-31536000|(s) Idle time of interactive connections.
join_buffer_size|||integer|128-18446744073709547520|(B) Buffer of joins without index.
key_buffer_size|16777216|r|integer|8-4294967295|(B) Buffer of MyISAM indexes.
local_infile|1|r|boolean||Lets clients load local files.
lock_wait_timeout|||integer|1-31536000|(s) Wait for a metadata lock.
log_bin_trust_function_creators|||boolean||Trusts the makers of functions.
log_output|FILE|r|string|TABLE,FILE,NONE|Where the logs go.
log_queries_not_using_indexes|||boolean||Logs queries without index.
log_warnings||<5.8|integer|0-18446744073709547520|Logs warnings.
long_query_time|||float|0-31536000|(s) Time of a slow query.
lower_case_table_names||s|integer|0,1|Case of table names.
max_allowed_packet|||integer|1024-1073741824|(B) Longest packet.
max_connect_errors|||integer|1-9223372036854775807|Errors that block a host.
max_connections|{DBInstanceClassMemory/12582880}|r|integer|1-100000|Most connections.
max_execution_time||>=5.7|integer|0-4294967295|(ms) Longest time of a SELECT.
max_heap_table_size|||integer|16384-1844674407370954752|(B) Largest memory table.
max_user_connections|||integer|0-4294967295|Most connections of a user.
net_read_timeout|||integer|1-31536000|(s) Wait for data to read.
net_write_timeout|||integer|1-31536000|(s) Wait for data to write.
optimizer_switch|||string||Optimizer settings.
performance_schema||s|boolean||Performance Schema.
performance_schema_users_size||s|integer|-1-1048576|Rows of its table of users.
pid_file|/rdsdbdata/log/mysql-{EndPointPort}.pid|s r f|string||File with the process id.
port|{EndPointPort}|s r f|integer|1150-65535|Port of the server.
query_cache_limit||<5.8|integer|0-18446744073709547520|(B) Largest cached result.
query_cache_min_res_unit||<5.8|integer|512-18446744073709547520|(B) Block of the query cache.
query_cache_size||<5.8|integer|0-18446744073709547520|(B) Query cache.
query_cache_type||<5.8|integer|0,1,2|Type of the query cache.
read_buffer_size|262144|r|integer|8200-2147479552|(B) Buffer of sequential scans.
read_only|{TrueIfReplica}|r|string|{TrueIfReplica},0,1|Refuses updates.
read_rnd_buffer_size|524288|r|integer|1-2147483647|(B) Buffer of sorted reads.
require_secure_transport|0|r >=5.7|boolean||Refuses connections without TLS.
slow_query_log|||boolean||Enables the slow query log.
slow_query_log_file|/rdsdbdata/log/slowquery/mysql-slowquery.log|r f|string||Slow query log.
sort_buffer_size|||integer|32768-18446744073709551615|(B) Buffer of sorts.
sql_mode|||string||SQL mode.
sync_binlog|1|r|integer|0-4294967295|Writes after which the binary log is synchronized.
table_definition_cache|||integer|400-524288|Cached table definitions.
table_open_cache|||integer|1-524288|Open tables.
thread_cache_size|||integer|0-16384|Cached threads.
time_zone|||string||Time zone of the server.
tls_version||s >=5.7|string||Versions of TLS.
tmp_table_size|||integer|1024-18446744073709551615|(B) Largest temporary table in memory.
tmpdir|/rdsdbdata/tmp/|s r f|string||Temporary directory.
transaction_isolation||>=5.8|string|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE|Isolation level.
tx_isolation||<5.8|string|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE|Isolation level.
wait_timeout|||integer|1-31536000|(s) Idle time of connections.
`
