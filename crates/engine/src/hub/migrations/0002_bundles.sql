-- Rescue bundles of other phones, taken from files; the file is named by the id.
CREATE TABLE bundle (
  id           BLOB PRIMARY KEY NOT NULL,
  sha256       BLOB NOT NULL UNIQUE,
  size         INTEGER NOT NULL,
  arrived_ms   INTEGER NOT NULL,
  -- The upload at HQ, and how far it got.
  upload_url   TEXT,
  sent         INTEGER NOT NULL DEFAULT 0,
  delivered_ms INTEGER,
  -- Why HQ did not take it.
  problem      TEXT
) STRICT, WITHOUT ROWID;
