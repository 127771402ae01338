-- Roles for people at psql. Roles belong to the whole server, so parallel migrations of its databases take turns.
select pg_advisory_xact_lock(740121);
