-- The first shape: the log as it is, the journal before it, and the rows that screens read.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain (
  id      BLOB PRIMARY KEY NOT NULL,
  scope   TEXT NOT NULL,
  genesis BLOB NOT NULL,
  device  BLOB NOT NULL,
  mine    INTEGER NOT NULL,
  -- A chain of ours that we never write to again: forked, or of a key that is gone.
  closed  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
  ref           BLOB PRIMARY KEY NOT NULL,
  hash          BLOB NOT NULL,
  chain         BLOB NOT NULL REFERENCES chain (id),
  seq           INTEGER NOT NULL,
  prev          BLOB NOT NULL,
  officer       BLOB NOT NULL,
  device_ms     INTEGER NOT NULL,
  offset_ms     INTEGER,
  error_ms      INTEGER,
  boot          BLOB NOT NULL,
  monotonic_ms  INTEGER NOT NULL,
  feed_position INTEGER NOT NULL,
  core          BLOB NOT NULL,
  detached      BLOB NOT NULL,
  -- 1 when its values count, 0 while a verdict holds it or after it was issued again on a successor chain.
  counted       INTEGER NOT NULL,
  -- 1 when a receipt of HQ names it.
  received      INTEGER NOT NULL,
  -- 1 when its ops were issued again on a successor chain because the key of this one is gone.
  reissued      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_chain ON log (chain, seq);
CREATE INDEX log_unreceived ON log (chain, seq) WHERE received = 0;

CREATE TABLE entity (
  id     BLOB PRIMARY KEY NOT NULL,
  kind   INTEGER NOT NULL,
  scope  TEXT NOT NULL,
  parent BLOB,
  key    BLOB,
  -- The entity at the root of the natural keys: the visit of a reading.
  root   BLOB NOT NULL
) STRICT; -- with a rowid: the order in which things were first seen settles equal times on screens
CREATE INDEX entity_by_root ON entity (root);
CREATE INDEX entity_by_kind ON entity (kind);

CREATE TABLE live (
  entity       BLOB NOT NULL,
  field        TEXT NOT NULL,
  ref          BLOB NOT NULL,
  -- Null when it was erased.
  value        BLOB,
  -- The salted hash of a detached value.
  hash         BLOB,
  officer      BLOB NOT NULL,
  corrected_ms INTEGER NOT NULL,
  PRIMARY KEY (entity, field, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead (
  ref    BLOB NOT NULL,
  entity BLOB NOT NULL,
  field  TEXT NOT NULL,
  PRIMARY KEY (ref, entity, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_by_field ON dead (entity, field);

-- Which commits touch which root: what a visit still lacks at HQ costs one look.
CREATE TABLE touch (
  root BLOB NOT NULL,
  ref  BLOB NOT NULL,
  PRIMARY KEY (root, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX touch_by_ref ON touch (ref);

CREATE TABLE journal (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  scope        TEXT NOT NULL,
  entity       BLOB NOT NULL,
  field        TEXT NOT NULL,
  value        BLOB NOT NULL,
  detached     INTEGER NOT NULL,
  -- References of 16 bytes each, as the screen saw them.
  over         BLOB NOT NULL,
  officer      BLOB NOT NULL,
  device_ms    INTEGER NOT NULL,
  boot         BLOB NOT NULL,
  monotonic_ms INTEGER NOT NULL,
  UNIQUE (entity, field)
) STRICT;

-- What a journal row became, so that a token drawn before the commit still names it.
CREATE TABLE journaled (
  id  INTEGER PRIMARY KEY NOT NULL,
  ref BLOB NOT NULL
) STRICT;

CREATE TABLE feed (
  scope    TEXT PRIMARY KEY NOT NULL,
  position INTEGER NOT NULL,
  rolling  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
  ref     BLOB PRIMARY KEY NOT NULL,
  applied INTEGER NOT NULL,
  reason  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE photo (
  sha256     BLOB PRIMARY KEY NOT NULL,
  root       BLOB NOT NULL,
  file       TEXT NOT NULL,
  size       INTEGER NOT NULL,
  taken_ms   INTEGER NOT NULL,
  -- Stored before the first byte is sent.
  upload_url TEXT,
  sent       INTEGER NOT NULL DEFAULT 0,
  received   INTEGER NOT NULL DEFAULT 0,
  -- Why it cannot be sent, as a reason code.
  problem    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_by_root ON photo (root);
CREATE INDEX photo_unreceived ON photo (taken_ms) WHERE received = 0;

CREATE TABLE venue_row (
  id         BLOB PRIMARY KEY NOT NULL,
  name       TEXT NOT NULL,
  category   TEXT NOT NULL,
  district   TEXT NOT NULL,
  township   TEXT,
  address    TEXT NOT NULL,
  licence_no TEXT,
  lat_e7     INTEGER,
  lon_e7     INTEGER,
  found      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX venue_row_by_place ON venue_row (lat_e7, lon_e7);
CREATE INDEX venue_row_by_name ON venue_row (name);

CREATE TABLE visit_row (
  id          BLOB PRIMARY KEY NOT NULL,
  venue       BLOB,
  started_ms  INTEGER NOT NULL,
  finished_ms INTEGER,
  sealed      INTEGER NOT NULL,
  answered    INTEGER NOT NULL,
  items       INTEGER NOT NULL,
  findings    INTEGER NOT NULL,
  photos      INTEGER NOT NULL,
  readings    INTEGER NOT NULL,
  conflicts   INTEGER NOT NULL,
  mine        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_row_by_start ON visit_row (started_ms);
CREATE INDEX visit_row_by_venue ON visit_row (venue);
