-- What an HQ needs that was restored from an older backup and is refilled by phones.
-- 1: HQ does not write to this chain of its own any more, and begins a successor: phones may hold more of it.
ALTER TABLE scopes ADD COLUMN hq_closed INTEGER NOT NULL DEFAULT 0 CHECK (hq_closed IN (0, 1));
-- 1: brought by another phone than its author's, which once read it in HQ's feed.
ALTER TABLE packets ADD COLUMN fed INTEGER NOT NULL DEFAULT 0 CHECK (fed IN (0, 1));
-- The order in which photos were held, so that a phone notices when HQ lost one.
CREATE TABLE blob_order (
  position INTEGER NOT NULL PRIMARY KEY,
  sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
  rolling  BLOB NOT NULL CHECK (length(rolling) = 16)
) STRICT;
