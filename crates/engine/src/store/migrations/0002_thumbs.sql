-- Thumbnails of photos that were taken here, on their way to HQ. They are sent before any original and say nothing about it.
CREATE TABLE thumb (
  photo    BLOB PRIMARY KEY NOT NULL,
  sha256   BLOB NOT NULL,
  -- Relative to the photo folder.
  file     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  taken_ms INTEGER NOT NULL,
  -- 1 when HQ has it, or when its file is gone: it can be made again from the original at any time.
  done     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX thumb_waiting ON thumb (taken_ms) WHERE done = 0;
