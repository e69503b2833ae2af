/** What the peer asks of PostgreSQL: prepared once a connection, each in one round trip. */

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    visitor uuid NOT NULL,
    event_id uuid NOT NULL,
    visit_id uuid NOT NULL,
    page_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    name text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    url text NOT NULL,
    title text,
    data jsonb NOT NULL,
    PRIMARY KEY (visitor, event_id)
  );
  CREATE INDEX IF NOT EXISTS events_of_visit ON events (visit_id, seq);
  CREATE TABLE IF NOT EXISTS visitors (
    visitor uuid PRIMARY KEY,
    state text NOT NULL,
    identity_id text,
    since timestamptz NOT NULL
  ) WITH (fillfactor = 50)`

/**
 * One statement for any number of rows, each column an array: keeps the events that are new, and who their visitors
 * are after the last of them that signs in or out; gives the ids of those kept.
 */
export const INSERT = {
  name: 'insert-events',
  text: `
    WITH kept AS (
      INSERT INTO events (visitor, event_id, visit_id, page_id, type, name, occurred_at, url, title, data)
      SELECT visitor, event_id, visit_id, page_id, type, name, to_timestamp(at / 1000), url, title, data
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::float8[], $8::text[],
        $9::text[], $10::jsonb[])
        AS row (visitor, event_id, visit_id, page_id, type, name, at, url, title, data)
      ON CONFLICT DO NOTHING
      RETURNING visitor, event_id, seq, name, received_at, data ->> 'identityId' AS identity_id
    ), known AS (
      INSERT INTO visitors (visitor, state, identity_id, since)
      SELECT DISTINCT ON (visitor)
        visitor, CASE name WHEN 'SignIn' THEN 'Authenticated' ELSE 'Recognized' END, identity_id, received_at
      FROM kept WHERE name IN ('SignIn', 'SignOut') ORDER BY visitor, seq DESC
      ON CONFLICT (visitor) DO UPDATE
      SET state = excluded.state, identity_id = COALESCE(excluded.identity_id, visitors.identity_id),
        since = excluded.since
    )
    SELECT event_id FROM kept`,
}

export const VISITOR = {
  name: 'visitor',
  text: 'SELECT state, identity_id FROM visitors WHERE visitor = $1',
}

/** A page as JSON text: the newest events of a visit, newest first. */
export const LAST_EVENTS = {
  name: 'last-events',
  text: `
    SELECT COALESCE(json_agg(json_build_object('eventID', event_id, 'eventType', type, 'eventName', name,
      'visitID', visit_id, 'globalVisitID', visitor, 'pageID', page_id, 'url', url, 'title', title, 'data', data,
      'timestamp', occurred_at, 'receivedAt', received_at)), '[]')::text AS page
    FROM (SELECT * FROM events WHERE visit_id = $1 ORDER BY seq DESC LIMIT $2) AS newest`,
}
