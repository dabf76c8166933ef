-- Entities in half the room: what hangs on a root lies in the root's scope, and nearly always hangs on the root itself. Names
-- are found by their last four bytes, which are random in ids that begin with a time, too: an index of whole names was as
-- large as the table, and every packet dirtied most of its pages. The log is counted again when this step has run.
DELETE FROM visits;
DELETE FROM touches;
DELETE FROM settled;
DELETE FROM dead;
-- Else dropping it looks for the children of every row among all rows.
CREATE INDEX entities_by_parent ON entities (parent);
DROP TABLE entities;
CREATE TABLE entities (
  id     INTEGER NOT NULL PRIMARY KEY,
  name   BLOB NOT NULL CHECK (length(name) = 16),
  -- Of a root; else empty.
  scope  TEXT NOT NULL,
  kind   INTEGER NOT NULL,
  -- Null when it is the root.
  parent INTEGER,
  key    BLOB,
  root   INTEGER
) STRICT;
CREATE INDEX entities_by_name ON entities (substr(name, 13));
CREATE INDEX entities_by_root ON entities (root) WHERE root IS NOT NULL;
INSERT INTO meta (key, value) VALUES ('reproject_due', x'') ON CONFLICT (key) DO NOTHING;
