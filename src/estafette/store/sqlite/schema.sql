-- spool.db, version 1. Migrations add columns with defaults first and remove a release later.

CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- The body stands last so that the small columns are read without touching its overflow pages.
CREATE TABLE IF NOT EXISTS content (
    id INTEGER PRIMARY KEY,
    retention REAL NOT NULL,
    file TEXT NOT NULL,
    crc INTEGER NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL
);

CREATE INDEX IF NOT EXISTS content_file ON content (file) WHERE file <> '';

-- One row per waiting recipient; its end is the recipient's end. No state column, no lock column.
-- data is the delivery as accepted; lane, due, attempts, notified and last are what has changed since.
CREATE TABLE IF NOT EXISTS delivery (
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    lane TEXT NOT NULL,
    egress TEXT NOT NULL,
    priority INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    due REAL NOT NULL,
    domain TEXT NOT NULL,
    address TEXT NOT NULL,
    from_domain TEXT NOT NULL,
    campaign TEXT NOT NULL,
    size INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    data BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    notified INTEGER NOT NULL DEFAULT 0,
    last TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message, number)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS delivery_feed ON delivery (lane, egress, priority, tenant, due, message, number);

-- One row per commit: a msgpack list of packed events. AUTOINCREMENT: a position is never given twice.
CREATE TABLE IF NOT EXISTS outbox (position INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, events BLOB NOT NULL);

CREATE TABLE IF NOT EXISTS notice (
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    due REAL NOT NULL,
    item BLOB NOT NULL,
    PRIMARY KEY (message, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notice_due ON notice (due, message);

-- When the sender of a message was last told something; keeps notices an hour apart.
CREATE TABLE IF NOT EXISTS told (message INTEGER PRIMARY KEY, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS rule (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rule BLOB NOT NULL);

-- Rules that slow. The release before this one reads every row of "rule", and would not know what to make of them.
CREATE TABLE IF NOT EXISTS pace (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rule BLOB NOT NULL);

CREATE TABLE IF NOT EXISTS site (domain TEXT PRIMARY KEY, site TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;

-- Messages whose last delivery ended and whose content is kept for a while.
CREATE TABLE IF NOT EXISTS ended (message INTEGER PRIMARY KEY, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ended_until ON ended (until);

CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    reason TEXT NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    crc INTEGER NOT NULL
);

-- What came back, whole. read: the return desk has acted on it (older files get the column when they are opened).
CREATE TABLE IF NOT EXISTS returned (
    id INTEGER PRIMARY KEY,
    until REAL NOT NULL,
    file TEXT NOT NULL,
    crc INTEGER NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    read INTEGER NOT NULL DEFAULT 0
);

-- Who sent letters of people that are removed, so that they can be told of a failure that is reported late.
CREATE TABLE IF NOT EXISTS late (message INTEGER PRIMARY KEY, until REAL NOT NULL, head BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS late_until ON late (until);

-- Takes up free pages while they are overwritten; else empty.
CREATE TABLE IF NOT EXISTS scrub (octets BLOB NOT NULL);

-- The ledger: one row, added to in the commit that causes each number.
CREATE TABLE IF NOT EXISTS tally (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    accepted INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    bounced INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0
);
INSERT OR IGNORE INTO tally (one) VALUES (1);
