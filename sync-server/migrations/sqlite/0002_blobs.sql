-- What HQ holds of photos, and the uploads under way. A row in blobs means: verified, durable, complete.
CREATE TABLE blobs (
  sha256  BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
  size    INTEGER NOT NULL CHECK (size >= 0),
  device  BLOB NOT NULL REFERENCES devices (id),
  held_ms INTEGER NOT NULL
) STRICT;

-- offset_bytes counts durable bytes only; the part file may be longer after a crash and is cut back to it.
CREATE TABLE uploads (
  id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  device       BLOB NOT NULL REFERENCES devices (id),
  sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
  size         INTEGER NOT NULL CHECK (size >= 0),
  offset_bytes INTEGER NOT NULL DEFAULT 0 CHECK (offset_bytes BETWEEN 0 AND size),
  state        TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'refused', 'dropped')),
  metadata     TEXT NOT NULL DEFAULT '',
  created_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_device ON uploads (device, state, created_ms);
