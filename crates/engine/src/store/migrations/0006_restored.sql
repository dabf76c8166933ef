-- What a phone keeps so that it notices an HQ that was restored from an older backup, and can refill it.
-- Where in its scope's feed the commit was read; null before that.
ALTER TABLE log ADD COLUMN position INTEGER;
-- The author's signature, where a packet ended; null inside of packets.
ALTER TABLE log ADD COLUMN signature BLOB;
-- Earlier cursors, ever sparser: among them is the last point that is common with a restored HQ.
CREATE TABLE trail (
  scope    TEXT NOT NULL,
  position INTEGER NOT NULL,
  rolling  BLOB NOT NULL,
  PRIMARY KEY (scope, position)
) STRICT, WITHOUT ROWID;
