-- The live ops of a root and of what hangs on it, together: one row in place of one per op. They follow from the log, which
-- is counted again when this step has run.
DROP TABLE live;
CREATE TABLE live_set (
  root  BLOB PRIMARY KEY NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

-- What journal rows became: a run of rows of one commit in place of each row.
CREATE TABLE journaled_run (
  last  INTEGER PRIMARY KEY NOT NULL,
  first INTEGER NOT NULL,
  ref   BLOB NOT NULL
) STRICT;
INSERT INTO journaled_run (last, first, ref) SELECT id, id, ref FROM journaled;
DROP TABLE journaled;

-- Commits in the order in which they came, each behind the last: by their hashes, every page stayed half empty.
CREATE TABLE log_in_order (
  ref           BLOB NOT NULL UNIQUE,
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
  -- Compressed where that is shorter.
  core          BLOB NOT NULL,
  detached      BLOB NOT NULL,
  -- 1 when its values count, 0 while a verdict holds it or after it was issued again on a successor chain.
  counted       INTEGER NOT NULL,
  -- 1 when a receipt of HQ names it.
  received      INTEGER NOT NULL,
  -- 1 when its ops were issued again on a successor chain because the key of this one is gone.
  reissued      INTEGER NOT NULL DEFAULT 0,
  -- Where in its scope's feed the commit was read; null before that.
  position      INTEGER,
  -- The author's signature, where a packet ended; null inside of packets.
  signature     BLOB
) STRICT;
INSERT INTO log_in_order (ref, hash, chain, seq, prev, officer, device_ms, offset_ms, error_ms, boot, monotonic_ms,
                          feed_position, core, detached, counted, received, reissued, position, signature)
  SELECT ref, hash, chain, seq, prev, officer, device_ms, offset_ms, error_ms, boot, monotonic_ms,
         feed_position, core, detached, counted, received, reissued, position, signature FROM log ORDER BY chain, seq;
DROP TABLE log;
ALTER TABLE log_in_order RENAME TO log;
CREATE INDEX log_by_chain ON log (chain, seq);
CREATE INDEX log_unreceived ON log (chain, seq) WHERE received = 0;
