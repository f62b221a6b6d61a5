package rds

// postgresTable has RDS for PostgreSQL's parameters, in the form that parse reads.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
const postgresTable = `
application_name|||string||Name of the application in statistics and logs.
archive_command|/etc/rds/dbbin/pgscripts/rds_wal_archive %p|r f|string||Command that archives a WAL file.
archive_timeout|300|r f|integer|0-2147483647|(s) Switches the WAL file after this time.
array_nulls|||boolean||Takes NULL in arrays as a null element.
authentication_timeout|||integer|1-600|(s) Longest time for client authentication.
auto_explain.log_analyze|||boolean||Logs EXPLAIN ANALYZE output.
auto_explain.log_buffers|||boolean||Logs buffer usage with plans.
auto_explain.log_format|||string|text,xml,json,yaml|Format of logged plans.
auto_explain.log_min_duration|||integer|-1-2147483647|(ms) Logs plans of statements that run at least this long.
auto_explain.log_nested_statements|||boolean||Logs plans of nested statements.
auto_explain.log_settings|||boolean||Logs changed settings with plans.
auto_explain.log_timing|||boolean||Logs the time of each plan node.
auto_explain.log_triggers|||boolean||Logs trigger statistics with plans.
auto_explain.log_verbose|||boolean||Logs EXPLAIN VERBOSE output.
auto_explain.log_wal|||boolean||Logs WAL usage with plans.
auto_explain.sample_rate|||float|0-1|Part of the statements that are explained.
autovacuum|1|r|boolean||Starts the autovacuum processes.
autovacuum_analyze_scale_factor|0.05|r|float|0-100|Part of a table that changes before it is analysed.
autovacuum_analyze_threshold|||integer|0-2147483647|Rows that change before a table is analysed.
autovacuum_freeze_max_age||s|integer|100000-2000000000|Age at which a table is vacuumed against transaction id wraparound.
autovacuum_max_workers|GREATEST({DBInstanceClassMemory/64371566592},3)|s r|integer|1-262143|Number of autovacuum workers.
autovacuum_multixact_freeze_max_age||s|integer|10000-2000000000|Multixact age at which a table is vacuumed.
autovacuum_naptime|15|r|integer|1-2147483|(s) Time between autovacuum runs.
autovacuum_vacuum_cost_delay|2|r|float|-1-100|(ms) Cost delay of autovacuum.
autovacuum_vacuum_cost_limit|GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)|r|integer|-1-10000|Cost at which autovacuum sleeps.
autovacuum_vacuum_insert_scale_factor|||float|0-100|Part of a table that is inserted before it is vacuumed.
autovacuum_vacuum_insert_threshold|||integer|-1-2147483647|Rows inserted before a table is vacuumed.
autovacuum_vacuum_scale_factor|0.1|r|float|0-100|Part of a table that changes before it is vacuumed.
autovacuum_vacuum_threshold|||integer|0-2147483647|Rows that change before a table is vacuumed.
autovacuum_work_mem|GREATEST({DBInstanceClassMemory/32768},65536)|r|integer|-1-2147483647|(kB) Memory of each autovacuum worker.
backend_flush_after|||integer|0-256|(8kB) Pages after which writes are flushed.
backslash_quote|||string|safe_encoding,on,off|Whether a backslash may escape a quote.
bgwriter_delay|||integer|10-10000|(ms) Sleep between background writer rounds.
bgwriter_flush_after|||integer|0-256|(8kB) Pages after which the background writer flushes.
bgwriter_lru_maxpages|||integer|0-1073741823|Most pages written in each round.
bgwriter_lru_multiplier|||float|0-10|Multiple of recent use to free in each round.
bytea_output|||string|hex,escape|Output format of bytea.
check_function_bodies|||boolean||Checks function bodies when they are made.
checkpoint_completion_target|0.9|r|float|0-1|Part of the interval over which a checkpoint is spread.
checkpoint_flush_after|||integer|0-256|(8kB) Pages after which a checkpoint flushes.
checkpoint_timeout|||integer|30-3600|(s) Longest time between checkpoints.
checkpoint_warning|||integer|0-2147483647|(s) Warns when WAL fills up faster than this.
client_connection_check_interval||>=14|integer|0-2147483647|(ms) Interval of checks whether the client is there.
client_encoding|UTF8|r|string||Character set of clients.
client_min_messages|||string|debug5,debug4,debug3,debug2,debug1,log,notice,warning,error|Least level of messages sent to clients.
commit_delay|||integer|0-100000|(us) Delay before WAL is flushed.
commit_siblings|||integer|0-1000|Transactions that must be open for the delay.
compute_query_id|auto|r >=14|string|on,auto,regress,off|Computes query identifiers.
config_file|/rdsdbdata/config/postgresql.conf|s r f|string||Main configuration file.
constraint_exclusion|||string|partition,on,off|Uses constraints to plan queries.
cpu_index_tuple_cost|||float|0-1.79769e+308|Planner's cost of an index entry.
cpu_operator_cost|||float|0-1.79769e+308|Planner's cost of an operator.
cpu_tuple_cost|||float|0-1.79769e+308|Planner's cost of a row.
cron.database_name|postgres|s r|string||Database in which pg_cron keeps its metadata.
cron.log_run||s|boolean||Logs all runs in job_run_details.
cron.log_statement||s|boolean||Logs all statements of pg_cron before they run.
cron.max_running_jobs||s|integer|0-100|Most jobs of pg_cron at a time.
cron.use_background_workers||s|boolean||Runs jobs in background workers.
cursor_tuple_fraction|||float|0-1|Part of a cursor's rows that is fetched.
data_directory|/rdsdbdata/db|s r f|string||Data directory.
datestyle|||string||Format of dates.
deadlock_timeout|||integer|1-2147483647|(ms) Wait on a lock before looking for a deadlock.
debug_pretty_print|||boolean||Indents parse and plan trees.
debug_print_parse|||boolean||Logs each query's parse tree.
debug_print_plan|||boolean||Logs each query's plan.
default_statistics_target|||integer|1-10000|Default statistics target.
default_tablespace|||string||Default tablespace.
default_toast_compression||>=14|string|pglz,lz4|Compression of TOAST values.
default_transaction_deferrable|||boolean||Default deferrable status of transactions.
default_transaction_isolation|||string|serializable,repeatable read,read committed,read uncommitted|Default isolation level.
default_transaction_read_only|||boolean||Default read-only status of transactions.
effective_cache_size|{DBInstanceClassMemory/16384}|r|integer|1-2147483647|(8kB) Planner's assumption of the cache.
effective_io_concurrency|||integer|0-1000|Simultaneous requests to the disk.
enable_bitmapscan|||boolean||Lets the planner use bitmap scans.
enable_gathermerge|||boolean||Lets the planner use gather merge plans.
enable_hashagg|||boolean||Lets the planner use hashed aggregation.
enable_hashjoin|||boolean||Lets the planner use hash joins.
enable_incremental_sort|||boolean||Lets the planner use incremental sorts.
enable_indexonlyscan|||boolean||Lets the planner use index-only scans.
enable_indexscan|||boolean||Lets the planner use index scans.
enable_material|||boolean||Lets the planner use materialization.
enable_memoize||>=14|boolean||Lets the planner use memoization.
enable_mergejoin|||boolean||Lets the planner use merge joins.
enable_nestloop|||boolean||Lets the planner use nested loops.
enable_parallel_append|||boolean||Lets the planner use parallel append plans.
enable_parallel_hash|||boolean||Lets the planner use parallel hash plans.
enable_partition_pruning|||boolean||Prunes partitions at plan and run time.
enable_partitionwise_aggregate|||boolean||Aggregates partition by partition.
enable_partitionwise_join|||boolean||Joins partition by partition.
enable_seqscan|||boolean||Lets the planner use sequential scans.
enable_sort|||boolean||Lets the planner use sorts.
enable_tidscan|||boolean||Lets the planner use TID scans.
escape_string_warning|||boolean||Warns of backslashes in ordinary strings.
exit_on_error|||boolean||Ends the session on any error.
extra_float_digits|||integer|-15-3|Digits shown of floats.
from_collapse_limit|||integer|1-2147483647|List size beyond which subqueries are not collapsed.
fsync|1|r f|boolean||Forces updates to disk.
full_page_writes|1|r f|boolean||Writes full pages to WAL after a checkpoint.
geqo|||boolean||Uses genetic query optimization.
geqo_effort|||integer|1-10|Effort of genetic optimization.
geqo_threshold|||integer|2-2147483647|FROM items beyond which it is used.
gin_fuzzy_search_limit|||integer|0-2147483647|Most results of a GIN search.
gin_pending_list_limit|||integer|64-2147483647|(kB) Size of a GIN index's pending list.
hash_mem_multiplier|||float|1-1000|Multiple of work_mem for hash tables.
hba_file|/rdsdbdata/config/pg_hba.conf|s r f|string||Host-based authentication file.
hot_standby|1|s r f|boolean||Lets queries run during recovery.
hot_standby_feedback||r|boolean||Tells the primary of queries on the standby.
huge_pages|on|s r|string|on,off|Uses huge pages.
idle_in_transaction_session_timeout|86400000|r|integer|0-2147483647|(ms) Ends sessions that are idle in a transaction this long.
idle_session_timeout||>=14|integer|0-2147483647|(ms) Ends sessions that are idle this long.
intervalstyle|||string|postgres,postgres_verbose,sql_standard,iso_8601|Format of intervals.
jit|||boolean||Compiles queries.
join_collapse_limit|||integer|1-2147483647|List size beyond which JOINs are not flattened.
lc_messages|||string||Language of messages.
lc_monetary|C|r|string||Locale of money.
lc_numeric|C|r|string||Locale of numbers.
lc_time|C|r|string||Locale of dates.
listen_addresses|*|s r f|string||Addresses to listen on.
lo_compat_privileges|0|r|boolean||Old privilege checks of large objects.
lock_timeout|||integer|0-2147483647|(ms) Longest wait for a lock.
log_autovacuum_min_duration|10000|r|integer|-1-2147483647|(ms) Logs autovacuum actions of at least this time.
log_checkpoints|1|r|boolean||Logs each checkpoint.
log_connections|||boolean||Logs each connection.
log_destination|stderr|r|string|stderr,csvlog,jsonlog|Destination of the log.
log_disconnections|||boolean||Logs the end of each session.
log_duration|||boolean||Logs the duration of each statement.
log_error_verbosity|||string|terse,default,verbose|How much is logged of errors.
log_executor_stats|||boolean||Logs executor statistics.
log_file_mode|0644|r f|string||Permissions of log files.
log_filename|postgresql.log.%Y-%m-%d-%H|r|string|postgresql.log.%Y-%m-%d,postgresql.log.%Y-%m-%d-%H,postgresql.log.%Y-%m-%d-%H%M|Names of log files.
log_hostname|0|r f|boolean||Logs host names.
log_line_prefix|%t:%r:%u@%d:[%p]:|r|string|%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:,%t:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:,%t:%r:%u@%d:[%p]:|Beginning of each log line.
log_lock_waits|||boolean||Logs long lock waits.
log_min_duration_sample|||integer|-1-2147483647|(ms) Statements of at least this time are logged by sampling.
log_min_duration_statement|||integer|-1-2147483647|(ms) Statements of at least this time are logged.
log_min_error_statement|||string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|Statements with an error of this level are logged.
log_min_messages|||string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|Least level of logged messages.
log_parameter_max_length|||integer|-1-1073741823|(B) Logged length of statement parameters.
log_parser_stats|||boolean||Logs parser statistics.
log_planner_stats|||boolean||Logs planner statistics.
log_recovery_conflict_waits||>=14|boolean||Logs waits on recovery conflicts.
log_replication_commands|||boolean||Logs replication commands.
log_rotation_age|60|r|integer|1-1440|(min) Age at which the log file changes.
log_rotation_size|10240|r|integer|0-2097151|(kB) Size at which the log file changes.
log_statement|||string|none,ddl,mod,all|Types of statements that are logged.
log_statement_sample_rate|||float|0-1|Part of the sampled statements that is logged.
log_statement_stats|||boolean||Logs cumulative statistics.
log_temp_files|||integer|-1-2147483647|(kB) Logs temporary files of at least this size.
log_timezone|UTC|r f|string||Time zone of the log.
log_transaction_sample_rate|||float|0-1|Part of the transactions that is logged.
logging_collector|1|s r f|boolean||Collects the log in files.
logical_decoding_work_mem|||integer|64-2147483647|(kB) Memory of logical decoding.
maintenance_io_concurrency|1|r|integer|0-1000|Requests to the disk of maintenance work.
maintenance_work_mem|GREATEST({DBInstanceClassMemory*1024/63963136},65536)|r|integer|1024-2147483647|(kB) Memory of maintenance operations.
max_connections|LEAST({DBInstanceClassMemory/9531392},5000)|s r|integer|6-262143|Most concurrent connections.
max_files_per_process||s|integer|64-2147483647|Most open files of a process.
max_locks_per_transaction|64|s r|integer|10-2147483647|Most locks of a transaction.
max_logical_replication_workers||s|integer|0-262143|Most logical replication workers.
max_parallel_maintenance_workers|||integer|0-1024|Most parallel processes of a maintenance operation.
max_parallel_workers|GREATEST(${DBInstanceVCPU/2},8)|r|integer|0-1024|Most parallel workers at a time.
max_parallel_workers_per_gather|||integer|0-1024|Most parallel processes of an executor node.
max_pred_locks_per_transaction||s|integer|10-2147483647|Most predicate locks of a transaction.
max_prepared_transactions|0|s r|integer|0-262143|Most prepared transactions.
max_replication_slots|20|s r|integer|5-262143|Most replication slots.
max_slot_wal_keep_size|||integer|-1-2147483647|(MB) Most WAL that slots keep.
max_stack_depth|6144|r f|integer|100-2147483647|(kB) Depth of the stack.
max_standby_archive_delay|30000|r|integer|-1-2147483647|(ms) Delay before queries are cancelled for archived WAL.
max_standby_streaming_delay|30000|r|integer|-1-2147483647|(ms) Delay before queries are cancelled for streamed WAL.
max_sync_workers_per_subscription|||integer|0-262143|Most table synchronization workers.
max_wal_senders|35|s r|integer|5-262143|Most WAL senders.
max_wal_size|||integer|128-201326592|(MB) WAL size that triggers a checkpoint.
max_worker_processes|GREATEST(${DBInstanceVCPU*2},8)|s r|integer|0-262143|Most worker processes.
min_dynamic_shared_memory||s >=14|integer|0-2147483647|(MB) Dynamic shared memory reserved at start.
min_parallel_index_scan_size|||integer|0-715827882|(8kB) Least index data for a parallel scan.
min_parallel_table_scan_size|||integer|0-715827882|(8kB) Least table data for a parallel scan.
min_wal_size|||integer|32-2147483647|(MB) WAL size below which files are recycled.
old_snapshot_threshold||s <17|integer|-1-86400|(min) Age at which a snapshot is too old.
orafce.nls_date_format|||string||Format of Oracle-like dates.
orafce.timezone|||string||Time zone of Oracle-like functions.
parallel_leader_participation|||boolean||Lets the leader run subplans too.
parallel_setup_cost|||float|0-1.79769e+308|Planner's cost of starting workers.
parallel_tuple_cost|||float|0-1.79769e+308|Planner's cost of passing a row.
password_encryption|||string|md5,scram-sha-256|Encryption of passwords.
pg_bigm.enable_recheck|||boolean||Rechecks full text search results.
pg_hint_plan.debug_print|||string|off,on,detailed,verbose|Logs how hints are parsed.
pg_hint_plan.enable_hint|||boolean||Makes the planner heed hints.
pg_hint_plan.enable_hint_table|||boolean||Reads hints from a table.
pg_prewarm.autoprewarm||s|boolean||Starts the autoprewarm worker.
pg_prewarm.autoprewarm_interval|||integer|0-2147483|(s) Interval of dumps of shared buffers.
pg_stat_statements.max||s|integer|100-2147483647|Most statements tracked.
pg_stat_statements.save|||boolean||Keeps statistics over a restart.
pg_stat_statements.track|||string|none,top,all|Statements that are tracked.
pg_stat_statements.track_planning|||boolean||Tracks planning.
pg_stat_statements.track_utility|||boolean||Tracks utility commands.
pgaudit.log|||string||Classes of statements that are audited.
pgaudit.log_catalog|||boolean||Audits statements on the catalog.
pgaudit.log_level|||string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log|Level of audit messages.
pgaudit.log_parameter|||boolean||Logs the parameters of statements.
pgaudit.log_relation|||boolean||An entry for each relation of a statement.
pgaudit.log_rows|||boolean||Logs the number of rows.
pgaudit.log_statement_once|||boolean||Logs a statement's text once.
pgaudit.role|||string||Role of object auditing.
pglogical.batch_inserts||s|boolean||Batches inserts.
pglogical.conflict_log_level|||string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log|Level of conflict messages.
pglogical.conflict_resolution|||string|error,apply_remote,keep_local,last_update_wins,first_update_wins|How conflicts are resolved.
plan_cache_mode|||string|auto,force_generic_plan,force_custom_plan|Choice of generic and custom plans.
port|{EndPointPort}|s r f|integer|1-65535|Port of the server.
quote_all_identifiers|||boolean||Quotes all identifiers.
random_page_cost|||float|0-1.79769e+308|Planner's cost of a page out of order.
rds.accepted_password_auth_method|md5+scram|r|string|md5+scram,scram|Ways in which passwords are checked.
rds.adaptive_autovacuum|1|r|boolean||Adapts autovacuum to the age of transactions.
rds.allowed_extensions|||string||Extensions that can be installed.
rds.custom_dns_resolution||s|boolean||Resolves names by the VPC's resolver.
rds.enable_pgactive||s >=15|boolean||Enables active-active replication.
rds.extensions||r f|string||Extensions that RDS has.
rds.force_admin_logging_level|||string|disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|Logs what the RDS admin user does.
rds.force_autovacuum_logging_level|warning|r|string|disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|Level of autovacuum messages.
rds.force_ssl|1|r >=15|boolean||Refuses connections without TLS.
rds.force_ssl|0|r <15|boolean||Refuses connections without TLS.
rds.log_retention_period|4320|r|integer|1440-10080|(min) How long log files are kept.
rds.logical_replication|0|s r|boolean||Enables logical decoding.
rds.max_tcp_buffers||s|integer|1-65536|(kB) Size of TCP buffers.
rds.pg_stat_ramdisk_size||s <15|integer|0-1000|(MB) Size of the RAM disk for statistics.
rds.rds_superuser_reserved_connections||s|integer|0-262143|Connections reserved for rds_superuser.
rds.restrict_password_commands||s|boolean||Lets members of rds_password alone change passwords.
rds.superuser_variables|session_replication_role|r f|string||Variables that rds_superuser may set.
remove_temp_files_after_crash|0|r >=14|boolean||Removes temporary files after a crash.
restart_after_crash|0|r f|boolean||Starts again after a crash.
row_security|||boolean||Applies row security.
search_path|||string||Order in which schemas are searched.
seq_page_cost|||float|0-1.79769e+308|Planner's cost of a page in order.
session_replication_role|||string|origin,replica,local|How triggers and rules fire.
shared_buffers|{DBInstanceClassMemory/32768}|s r|integer|16-1073741823|(8kB) Shared memory buffers.
shared_preload_libraries|pg_stat_statements|s r|list|auto_explain,orafce,pgaudit,pglogical,pg_bigm,pg_cron,pg_hint_plan,pg_prewarm,pg_similarity,pg_stat_statements,pg_tle,pg_transport,pgactive,plprofiler,plrust|Libraries loaded at start.
ssl|1|s r|boolean||Enables TLS.
ssl_ca_file|/rdsdbdata/rds-metadata/ca-cert.pem|s r f|string||Certificate authority.
ssl_cert_file|/rdsdbdata/rds-metadata/server-cert.pem|s r f|string||Server certificate.
ssl_ciphers|HIGH:!aNULL:!3DES|s r|string||Cipher suites of TLS.
ssl_key_file|/rdsdbdata/rds-metadata/server-key.pem|s r f|string||Server key.
ssl_max_protocol_version||s|string|TLSv1,TLSv1.1,TLSv1.2,TLSv1.3|Highest version of TLS.
ssl_min_protocol_version||s|string|TLSv1,TLSv1.1,TLSv1.2,TLSv1.3|Lowest version of TLS.
standard_conforming_strings|||boolean||Takes backslashes literally.
statement_timeout|||integer|0-2147483647|(ms) Longest time of a statement.
stats_temp_directory|/rdsdbdata/db/pg_stat_tmp|r f <15|string||Directory of temporary statistics.
superuser_reserved_connections|3|s r f|integer|0-262143|Connections reserved for superusers.
synchronize_seqscans|||boolean||Synchronizes sequential scans.
synchronous_commit|on|r|string|local,remote_write,remote_apply,on,off|When a commit is answered.
tcp_keepalives_count|2|r|integer|0-2147483647|Lost TCP keepalives that end a connection.
tcp_keepalives_idle|300|r|integer|0-2147483647|(s) Idle time before a TCP keepalive.
tcp_keepalives_interval|30|r|integer|0-2147483647|(s) Time between TCP keepalives.
tcp_user_timeout|||integer|0-2147483647|(ms) TCP user timeout.
temp_buffers|||integer|100-1073741823|(8kB) Temporary buffers of a session.
temp_file_limit|||integer|-1-2147483647|(kB) Temporary file space of a process.
temp_tablespaces|||string||Tablespaces of temporary tables.
timezone|UTC|r|string||Time zone of the server.
track_activities|||boolean||Tracks what sessions run.
track_activity_query_size|4096|s r|integer|100-1048576|(B) Tracked length of a query.
track_commit_timestamp||s|boolean||Tracks the time of commits.
track_counts|1|r f|boolean||Collects statistics on activity.
track_functions|pl|r|string|none,pl,all|Functions of which statistics are kept.
track_io_timing|1|r|boolean||Measures block I/O.
track_wal_io_timing|1|r >=14|boolean||Measures WAL I/O.
transaction_timeout||>=17|integer|0-2147483647|(ms) Longest time of a transaction.
transform_null_equals|||boolean||Takes "= NULL" as "IS NULL".
unix_socket_directories|/tmp|s r f|string||Directories of Unix sockets.
unix_socket_group|rdsdb|s r f|string||Group of Unix sockets.
unix_socket_permissions|0700|s r f|integer|0-511|Permissions of Unix sockets.
update_process_title|0|r|boolean||Shows the command in the process title.
vacuum_buffer_usage_limit||>=16|integer|0-16777216|(kB) Buffers of VACUUM and ANALYZE.
vacuum_cost_delay|||float|0-100|(ms) Cost delay of VACUUM.
vacuum_cost_limit|||integer|1-10000|Cost at which VACUUM sleeps.
vacuum_cost_page_dirty|||integer|0-10000|Cost of a page that VACUUM dirties.
vacuum_cost_page_hit|||integer|0-10000|Cost of a page in the cache.
vacuum_cost_page_miss|||integer|0-10000|Cost of a page on disk.
vacuum_defer_cleanup_age||<16|integer|0-1000000|Transactions by which cleanup is deferred.
vacuum_failsafe_age|1200000000|r >=14|integer|0-2100000000|Age at which VACUUM hurries.
vacuum_freeze_min_age|||integer|0-1000000000|Age at which rows are frozen.
vacuum_freeze_table_age|||integer|0-2000000000|Age at which whole tables are scanned.
vacuum_multixact_failsafe_age|1200000000|r >=14|integer|0-2100000000|Multixact age at which VACUUM hurries.
vacuum_multixact_freeze_min_age|||integer|0-1000000000|Multixact age at which rows are frozen.
vacuum_multixact_freeze_table_age|||integer|0-2000000000|Multixact age at which whole tables are scanned.
wal_buffers||s|integer|-1-262143|(8kB) Buffers of WAL in shared memory.
wal_compression|1|r <15|boolean||Compresses full pages in WAL.
wal_compression|zstd|r >=15|string|pglz,lz4,zstd,on,off,0,1|Compression of full pages in WAL.
wal_keep_size|2048|r >=13|integer|0-2147483647|(MB) WAL kept for standbys.
wal_level|replica|s r f|string|minimal,replica,logical|Level of information in WAL.
wal_receiver_create_temp_slot|0|r f|boolean||Makes a temporary slot for the WAL receiver.
wal_receiver_status_interval|||integer|0-2147483|(s) Interval of status reports.
wal_receiver_timeout|30000|r|integer|0-3600000|(ms) Longest wait for the primary.
wal_sender_timeout|||integer|0-3600000|(ms) Longest wait for replication.
wal_sync_method|fdatasync|r f|string|fsync,fdatasync,open_sync,open_datasync|How WAL is forced to disk.
wal_writer_delay|||integer|1-10000|(ms) Time between WAL flushes.
wal_writer_flush_after|||integer|0-2147483647|(8kB) WAL that triggers a flush.
work_mem|||integer|64-2147483647|(kB) Memory of a sort or hash table.
xmlbinary|||string|base64,hex|Encoding of binary values in XML.
xmloption|||string|content,document|Whether XML is a document or content.
zero_damaged_pages|0|r f|boolean||Continues past damaged pages.
`
