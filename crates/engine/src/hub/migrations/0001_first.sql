-- What this device carries for others. Everything here is also on the phones that it came from, until HQ has it.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Phones that joined. Tokens are kept as SHA-256 only.
CREATE TABLE phone (
  device     BLOB PRIMARY KEY NOT NULL,
  officer    BLOB NOT NULL,
  secret     BLOB NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  joined_ms  INTEGER NOT NULL,
  seen_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A receipt of HQ as it came.
CREATE TABLE receipt (
  id    INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

-- Checked runs of commits. bytes is what HQ is given: sealed, or without personal values; null when it is gone.
CREATE TABLE packet (
  id         INTEGER PRIMARY KEY,
  chain      BLOB NOT NULL,
  from_seq   INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  bytes      BLOB,
  size       INTEGER NOT NULL,
  arrived_ms INTEGER NOT NULL,
  receipt    INTEGER REFERENCES receipt (id),
  -- Why HQ did not take it.
  problem    TEXT,
  UNIQUE (chain, hash, from_seq)
) STRICT;
CREATE INDEX packet_waiting ON packet (chain, from_seq) WHERE bytes IS NOT NULL;

-- Sealed photos; the file is named by the id. sha256 is the photo's own.
CREATE TABLE photo (
  id         BLOB PRIMARY KEY NOT NULL,
  device     BLOB NOT NULL,
  sha256     BLOB NOT NULL,
  sealed     BLOB NOT NULL,
  size       INTEGER NOT NULL,
  arrived    INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  -- 1 when all of it is here and has the announced hash.
  whole      INTEGER NOT NULL DEFAULT 0,
  -- The upload at HQ, and how far it got.
  upload_url TEXT,
  sent       INTEGER NOT NULL DEFAULT 0,
  receipt    INTEGER REFERENCES receipt (id),
  problem    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_by_hash ON photo (sha256);
