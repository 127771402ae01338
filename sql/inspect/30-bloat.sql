create or replace view inspect.bloat as
select schemaname || '.' || relname as table_name, n_live_tup as live_rows, n_dead_tup as dead_rows,
       round(n_dead_tup::numeric / nullif(n_live_tup + n_dead_tup, 0), 3) as dead_share,
       pg_size_pretty(pg_table_size(relid)) as table_size, pg_size_pretty(pg_indexes_size(relid)) as index_size,
       pg_total_relation_size(relid) as total_bytes,
       round(n_tup_hot_upd::numeric / nullif(n_tup_upd, 0), 3) as hot_update_share,
       greatest(last_vacuum, last_autovacuum) as last_vacuum, greatest(last_analyze, last_autoanalyze) as last_analyze
from pg_catalog.pg_stat_user_tables
where schemaname in ('public', 'pgboss')
order by n_dead_tup desc;
comment on view inspect.bloat is 'Dead rows and sizes per table. pgboss.job_common with millions of dead rows: fetching slows down, see inspect.xmin_blocker';
