-- Conflicts that an op settled, newest first: what each replaced can be looked at and chosen again.
CREATE TABLE settled (
  entity INTEGER NOT NULL REFERENCES entities (id),
  field  TEXT NOT NULL,
  ref    BLOB NOT NULL CHECK (length(ref) = 16),
  root   INTEGER NOT NULL REFERENCES entities (id),
  at_ms  INTEGER NOT NULL,
  PRIMARY KEY (entity, field, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX settled_by_time ON settled (at_ms);
