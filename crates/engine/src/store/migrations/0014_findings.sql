-- Findings of which something still has to come, and those that a later visit looked at again: what a venue has open, and
-- which orders are due, cost what they are and not all visits. They follow from the visits, which are drawn again when this
-- step has run.
CREATE TABLE finding_row (
  visit      BLOB NOT NULL,
  item       TEXT NOT NULL,
  venue      BLOB,
  started_ms INTEGER NOT NULL,
  open       INTEGER NOT NULL,
  -- The deadline of an order that stands.
  due        TEXT,
  -- The visit that looked at it again.
  recheck    BLOB,
  PRIMARY KEY (visit, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_row_due ON finding_row (due) WHERE due IS NOT NULL;
CREATE INDEX finding_row_open ON finding_row (started_ms) WHERE open = 1 AND due IS NULL;
CREATE INDEX finding_row_by_venue ON finding_row (venue, started_ms) WHERE open = 1;
CREATE INDEX finding_row_by_recheck ON finding_row (recheck) WHERE recheck IS NOT NULL;
