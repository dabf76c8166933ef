-- The log as it was received, what HQ made of it, and the feeds that phones read. Everything else can be rebuilt from it.
CREATE TABLE chains (
  id           INTEGER NOT NULL PRIMARY KEY,
  name         BLOB NOT NULL UNIQUE CHECK (length(name) = 16),
  scope        TEXT NOT NULL,
  device       BLOB NOT NULL CHECK (length(device) = 16),
  genesis      BLOB NOT NULL,
  genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32),
  forked       INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1))
) STRICT;
CREATE INDEX chains_by_device ON chains (device);

-- Bytes as received: the run from_seq..to_seq, signed at its end. prev_hash is what it links to.
CREATE TABLE packets (
  id          INTEGER NOT NULL PRIMARY KEY,
  chain       INTEGER NOT NULL REFERENCES chains (id),
  from_seq    INTEGER NOT NULL,
  to_seq      INTEGER NOT NULL,
  prev_hash   BLOB NOT NULL CHECK (length(prev_hash) = 32),
  head_hash   BLOB NOT NULL CHECK (length(head_hash) = 32),
  sender      BLOB NOT NULL CHECK (length(sender) = 16),
  received_ms INTEGER NOT NULL,
  bytes       BLOB NOT NULL
) STRICT;

-- One row per commit, whichever branch; never ignored by number. ref is how others name it: 16 bytes of hash.
CREATE TABLE commits (
  id          INTEGER NOT NULL PRIMARY KEY,
  ref         BLOB NOT NULL UNIQUE CHECK (length(ref) = 16),
  hash        BLOB NOT NULL CHECK (length(hash) = 32),
  chain       INTEGER NOT NULL REFERENCES chains (id),
  seq         INTEGER NOT NULL CHECK (seq > 0),
  parent      INTEGER REFERENCES commits (id),
  packet      INTEGER NOT NULL REFERENCES packets (id),
  ops         INTEGER NOT NULL,
  officer     BLOB NOT NULL CHECK (length(officer) = 16),
  device_ms   INTEGER NOT NULL,
  offset_ms   INTEGER,
  error_ms    INTEGER,
  received_ms INTEGER NOT NULL,
  state       TEXT NOT NULL DEFAULT 'unjudged' CHECK (state IN ('unjudged', 'applied', 'held')),
  reason      TEXT,
  position    INTEGER,
  CHECK ((state = 'unjudged') = (position IS NULL))
) STRICT;
CREATE INDEX commits_by_chain ON commits (chain, seq);
CREATE INDEX commits_unjudged ON commits (id) WHERE state = 'unjudged';
CREATE INDEX commits_with_reason ON commits (chain, seq) WHERE reason IS NOT NULL;

CREATE TABLE scopes (
  name     TEXT NOT NULL PRIMARY KEY,
  position INTEGER NOT NULL,
  rolling  BLOB NOT NULL CHECK (length(rolling) = 16),
  hq_chain INTEGER REFERENCES chains (id)
) STRICT;

-- A feed in runs: commits of one packet that follow each other. Cursors stand at the end of runs.
CREATE TABLE runs (
  scope    TEXT NOT NULL REFERENCES scopes (name),
  position INTEGER NOT NULL,
  rolling  BLOB NOT NULL CHECK (length(rolling) = 16),
  packet   INTEGER NOT NULL REFERENCES packets (id),
  from_seq INTEGER NOT NULL,
  count    INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (scope, position)
) STRICT, WITHOUT ROWID;

-- What merging needs: live ops, and the names of replaced ops that have not arrived.
CREATE TABLE entities (
  id     INTEGER NOT NULL PRIMARY KEY,
  name   BLOB NOT NULL CHECK (length(name) = 16),
  scope  TEXT NOT NULL,
  kind   INTEGER NOT NULL,
  parent INTEGER REFERENCES entities (id),
  key    BLOB,
  root   INTEGER REFERENCES entities (id),
  UNIQUE (name, scope, kind)
) STRICT;
CREATE INDEX entities_by_root ON entities (root) WHERE root IS NOT NULL;

CREATE TABLE live (
  entity       INTEGER NOT NULL REFERENCES entities (id),
  field        TEXT NOT NULL,
  ref          BLOB NOT NULL CHECK (length(ref) = 16),
  value        BLOB,
  hash         BLOB,
  officer      BLOB NOT NULL CHECK (length(officer) = 16),
  corrected_ms INTEGER NOT NULL,
  PRIMARY KEY (entity, field, ref),
  CHECK (value IS NOT NULL OR hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead (
  ref    BLOB NOT NULL CHECK (length(ref) = 16),
  entity INTEGER NOT NULL REFERENCES entities (id),
  field  TEXT NOT NULL,
  PRIMARY KEY (ref, entity, field)
) STRICT, WITHOUT ROWID;

-- Which commits touched what hangs on a root: the evidence behind a visit.
CREATE TABLE touches (
  root     INTEGER NOT NULL REFERENCES entities (id),
  commit_id INTEGER NOT NULL REFERENCES commits (id),
  PRIMARY KEY (root, commit_id)
) STRICT, WITHOUT ROWID;
