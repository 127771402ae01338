import type { TestDatabase } from './database.ts'

/**
 * Moves the clock of a test database. Our transactions and pg-boss read the same function (`pgboss.job_now()`), so
 * deadlines, retries and delayed jobs all see the moved time, in every process that uses the database.
 */
export async function testClock(database: TestDatabase): Promise<{ advance(seconds: number): Promise<void> }> {
  await database.pool.query(`
    create table if not exists pgboss.antre_test_clock (seconds double precision not null);
    insert into pgboss.antre_test_clock select 0 where not exists (select 1 from pgboss.antre_test_clock);
    create or replace function pgboss.job_now() returns timestamptz language sql stable as
      $$ select pg_catalog.now() + (select seconds from pgboss.antre_test_clock) * interval '1 second' $$;
  `)
  return {
    advance: async seconds => {
      await database.pool.query('update pgboss.antre_test_clock set seconds = seconds + $1', [seconds])
    },
  }
}
