-- Commits of ours that cannot be read any more, with the bytes that are left of them. HQ gets those, too.
CREATE TABLE quarantine (
  hash     BLOB PRIMARY KEY NOT NULL,
  chain    BLOB NOT NULL,
  seq      INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  bytes    BLOB NOT NULL,
  -- 1 when HQ keeps them.
  received INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
-- Of a closed chain with a hole: the last of its commits that has every one before it.
ALTER TABLE chain ADD COLUMN whole_to INTEGER;
-- Commits that were written again, and what stands in their place.
CREATE TABLE renamed (
  old BLOB PRIMARY KEY NOT NULL,
  new BLOB NOT NULL
) STRICT, WITHOUT ROWID;
