-- Conflicts that an op settled, newest first without reading the log: what each replaced can be looked at and chosen again.
CREATE TABLE settled (
  entity BLOB NOT NULL,
  field  TEXT NOT NULL,
  ref    BLOB NOT NULL,
  root   BLOB NOT NULL,
  at_ms  INTEGER NOT NULL,
  PRIMARY KEY (entity, field, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX settled_by_time ON settled (at_ms);

-- Fields on which two devices of one officer differ.
ALTER TABLE visit_row ADD COLUMN yours INTEGER NOT NULL DEFAULT 0;
CREATE INDEX visit_row_disputed ON visit_row (started_ms) WHERE conflicts > 0 OR yours > 0;
