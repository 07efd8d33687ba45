-- history.db, version 1: the event log. position is the outbox position; id makes feeding idempotent.
-- tally is the kind, or "cancelled" for failures by an operator's act.

CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS event (
    position INTEGER PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    tally TEXT NOT NULL,
    tenant TEXT NOT NULL,
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    campaign TEXT NOT NULL,
    event BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS event_message ON event (message);
CREATE INDEX IF NOT EXISTS event_tenant ON event (tenant, at);
CREATE INDEX IF NOT EXISTS event_of_tenant ON event (tenant, position);
CREATE INDEX IF NOT EXISTS event_queued ON event (tenant, position) WHERE kind = 'queued' AND number = 1;
CREATE INDEX IF NOT EXISTS event_inbound ON event (tenant, position) WHERE kind = 'inbound';
CREATE INDEX IF NOT EXISTS event_campaign ON event (tenant, campaign, recipient) WHERE kind = 'queued' AND campaign <> '';

-- Who was erased, while events of theirs may still come: a salted digest of tenant and address.
CREATE TABLE IF NOT EXISTS latecomer (digest BLOB PRIMARY KEY, tombstone TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;

-- What was pruned, by kind, so that the ledger's proof covers all time.
CREATE TABLE IF NOT EXISTS pruned (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;

-- Raw hits of individual measuring, for retention.hits. final: the event of the hit is written. hit: a packed RawHit.
CREATE TABLE IF NOT EXISTS hit (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    final INTEGER NOT NULL DEFAULT 0,
    hit BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS hit_at ON hit (at, id);
CREATE INDEX IF NOT EXISTS hit_open ON hit (at, message) WHERE final = 0;
CREATE INDEX IF NOT EXISTS hit_message ON hit (message, number);

-- Counters over the log. A series is one dimension of one tenant; start counts hours or days since 1970, UTC. A day says
-- again what its hours say, so that long spans are read quickly; both are written in the transaction that moves
-- the cursor ``statistics`` of meta.
CREATE TABLE IF NOT EXISTS statistics_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS statistics_hour (
    series INTEGER NOT NULL,
    start INTEGER NOT NULL,
    value INTEGER NOT NULL,
    measure INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (series, start, value, measure)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statistics_day (
    series INTEGER NOT NULL,
    start INTEGER NOT NULL,
    value INTEGER NOT NULL,
    measure INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (series, start, value, measure)
) WITHOUT ROWID;
