/** What the peer asks of PostgreSQL: prepared once a connection, each in one round trip. */

export const SCHEMA = `
  CREATE TABLE visitors (
    visitor uuid PRIMARY KEY,
    token_hash bytea NOT NULL,
    state text NOT NULL,
    identity_id text,
    since timestamptz NOT NULL
  ) WITH (fillfactor = 80);
  CREATE TABLE events (
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
  CREATE INDEX events_of_visit ON events (visit_id, seq);
  CREATE TABLE visits (
    visit_id uuid PRIMARY KEY,
    visitor uuid NOT NULL,
    started_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL
  ) WITH (fillfactor = 50);
  CREATE INDEX visits_of_visitor ON visits (visitor, started_at);
  CREATE TABLE pages (
    page_id uuid PRIMARY KEY,
    visit_id uuid NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    url text NOT NULL,
    title text
  ) WITH (fillfactor = 80);
  CREATE INDEX pages_of_visit ON pages (visit_id, started_at);
  CREATE TABLE sessions (
    session_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    visit_id uuid NOT NULL,
    identity_id text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz
  ) WITH (fillfactor = 80);
  CREATE INDEX sessions_of_visit ON sessions (visit_id, started_at);
  CREATE TABLE identities (
    identity_id text PRIMARY KEY,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL
  ) WITH (fillfactor = 80);
  CREATE TABLE links (
    identity_id text,
    visit_id uuid,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (identity_id, visit_id)
  );
  CREATE TABLE changes (
    position bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    visitor uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    data jsonb NOT NULL
  )`

/**
 * One statement for any number of rows, each column an array: keeps the events that are new, and what follows from
 * them: visits, pages, sessions, who their visitors are, links to people, and the changes that others are to be told.
 * It gives the ids of the events kept. A visitor is in one such statement at a time; people may be in several, in order.
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
      RETURNING visitor, event_id, visit_id, page_id, seq, name, url, title, received_at AS at,
        data ->> 'identityId' AS identity_id
    ), visited AS (
      INSERT INTO visits (visit_id, visitor, started_at, last_at)
      SELECT DISTINCT visit_id, visitor, at, at FROM kept
      ON CONFLICT (visit_id) DO UPDATE SET last_at = excluded.last_at
      RETURNING visit_id, visitor, started_at, xmax = 0 AS is_new
    ), paged AS (
      INSERT INTO pages (page_id, visit_id, started_at, ended_at, url, title)
      SELECT page_id, visit_id, min(at) FILTER (WHERE name = 'PageEntered'), max(at) FILTER (WHERE name = 'PageExited'),
        min(url), min(title)
      FROM kept WHERE name IN ('PageEntered', 'PageExited') GROUP BY page_id, visit_id
      ON CONFLICT (page_id) DO UPDATE SET ended_at = COALESCE(excluded.ended_at, pages.ended_at)
    ), changed AS (
      SELECT visitor, visit_id, seq, at, identity_id, name = 'SignIn' AS signs_in,
        CASE name WHEN 'SignIn' THEN 'Authenticated' ELSE 'Recognized' END AS state,
        row_number() OVER following AS place, lead(at) OVER following AS until
      FROM kept WHERE name IN ('SignIn', 'SignOut')
      WINDOW following AS (PARTITION BY visitor ORDER BY seq)
    ), known AS (
      UPDATE visitors
      SET state = latest.state, identity_id = COALESCE(latest.identity_id, visitors.identity_id), since = latest.at
      FROM (SELECT DISTINCT ON (visitor) * FROM changed ORDER BY visitor, seq DESC) AS latest
      WHERE visitors.visitor = latest.visitor
    ), over AS (
      UPDATE sessions SET ended_at = changed.at FROM changed
      WHERE changed.place = 1 AND sessions.visit_id = changed.visit_id AND sessions.ended_at IS NULL
    ), begun AS (
      INSERT INTO sessions (visit_id, identity_id, started_at, ended_at)
      SELECT visit_id, identity_id, at, until FROM changed WHERE signs_in
    ), seen AS (
      INSERT INTO identities (identity_id, first_seen, last_seen)
      SELECT identity_id, min(at), max(at) FROM changed WHERE signs_in GROUP BY identity_id ORDER BY identity_id
      ON CONFLICT (identity_id) DO UPDATE SET last_seen = excluded.last_seen
    ), linked AS (
      INSERT INTO links (identity_id, visit_id, linked_at)
      SELECT DISTINCT ON (identity_id, visit_id) identity_id, visit_id, at
      FROM changed WHERE signs_in ORDER BY identity_id, visit_id, at
      ON CONFLICT DO NOTHING
    ), told AS (
      INSERT INTO changes (visitor, at, kind, name, data)
      SELECT visitor, started_at, 'visit', 'opened', jsonb_build_object('visitId', visit_id, 'startDate', started_at)
      FROM visited WHERE is_new
      UNION ALL
      SELECT visitor, at, 'identity', state, jsonb_build_object('visitId', visit_id, 'state', state,
        'identityId', identity_id, 'since', at, 'seq', seq)
      FROM changed
    )
    SELECT event_id FROM kept`,
}

/** Binds the tokens of visitors who are new; gives who was known before, with the hash of the token that is theirs. */
export const GREET = {
  name: 'greet',
  text: `
    WITH asked AS (
      SELECT visitor, token_hash FROM unnest($1::uuid[], $2::bytea[]) AS row (visitor, token_hash)
    ), bound AS (
      INSERT INTO visitors (visitor, token_hash, state, since)
      SELECT visitor, token_hash, 'Anonymous', now() FROM asked
      ON CONFLICT DO NOTHING
    )
    SELECT visitor, visitors.token_hash, state, identity_id FROM visitors JOIN asked USING (visitor)`,
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
