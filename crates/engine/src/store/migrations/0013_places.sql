-- Scopes that this phone does not read any more. What it had of them is gone, but for the work of its own officer and for
-- what HQ does not have; `feed` keeps how far it had read, which its commits go on to say.
CREATE TABLE lost_scope (
  scope   TEXT PRIMARY KEY NOT NULL,
  -- 0 when it is being read again, from its beginning.
  lost    INTEGER NOT NULL,
  -- How far it had been read then.
  read_to INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Where commits stood that went with a scope and whose values were live: a screen that drew one still names it.
CREATE TABLE place (
  ref   BLOB PRIMARY KEY NOT NULL,
  chain BLOB NOT NULL,
  seq   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of visits of such a scope in which this officer has a part: what they need to go on with it and others had recorded.
CREATE TABLE visit_frame (
  root       BLOB PRIMARY KEY NOT NULL,
  venue      BLOB,
  checklist  BLOB,
  started_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
