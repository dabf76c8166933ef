-- A scope that begins with a snapshot of HQ, and what the merge has to know of the commits before its position.
CREATE TABLE base (
  scope    TEXT PRIMARY KEY NOT NULL,
  -- Commits of the feed that are counted in it.
  position INTEGER NOT NULL,
  -- As HQ signed it: the live values of the scope are made again from it.
  file     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The ends of the branches of its chains.
CREATE TABLE base_tip (
  chain  BLOB NOT NULL,
  number INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  ref    BLOB NOT NULL,
  hash   BLOB NOT NULL,
  PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX base_tip_by_ref ON base_tip (ref);

-- The commits of its live ops. tips: bit n is set when the chain's n-th tip has the commit behind it.
CREATE TABLE base_commit (
  ref   BLOB PRIMARY KEY NOT NULL,
  chain BLOB NOT NULL,
  seq   INTEGER NOT NULL,
  tips  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX base_commit_by_place ON base_commit (chain, seq);

-- Commits that HQ held back when it was made: they are not counted in it.
CREATE TABLE base_held (
  ref   BLOB PRIMARY KEY NOT NULL,
  scope TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Things of it of which every commit was fetched since: they are counted from the log.
CREATE TABLE base_whole (
  root  BLOB PRIMARY KEY NOT NULL,
  scope TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be fetched: things (1) and single commits (0).
CREATE TABLE wanted (
  name  BLOB NOT NULL,
  thing INTEGER NOT NULL,
  PRIMARY KEY (name, thing)
) STRICT, WITHOUT ROWID;

-- 1 for a commit whose values are counted in the snapshot.
ALTER TABLE log ADD COLUMN based INTEGER NOT NULL DEFAULT 0;
