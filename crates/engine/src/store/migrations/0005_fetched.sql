-- Pictures of other phones that somebody opened here: a cache of what HQ holds.
CREATE TABLE fetched (
  photo   BLOB NOT NULL,
  -- 1 for the thumbnail of the photo, 0 for its original.
  thumb   INTEGER NOT NULL,
  -- On disk so far.
  bytes   INTEGER NOT NULL,
  -- 1 when all of it is here and its SHA-256 was right.
  whole   INTEGER NOT NULL,
  used_ms INTEGER NOT NULL,
  PRIMARY KEY (photo, thumb)
) STRICT, WITHOUT ROWID;
CREATE INDEX fetched_by_use ON fetched (used_ms);
