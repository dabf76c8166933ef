-- Rows of ledgers as lists filter and order them. They follow from the log; a row that hangs on another is read with it.
CREATE TABLE ledger_row (
  -- The number of the entity.
  root    INTEGER PRIMARY KEY NOT NULL,
  id      BLOB NOT NULL,
  kind    INTEGER NOT NULL,
  -- Something still has to come of it.
  open    INTEGER NOT NULL,
  -- When it is due or happened, in milliseconds since 1970 UTC; a day begins at midnight of the city. 0 when nobody said so.
  at_ms   INTEGER NOT NULL,
  venue   BLOB,
  -- The row of another ledger that it belongs to, such as the notice of a delivery.
  of      BLOB,
  team    BLOB,
  officer BLOB
) STRICT;
CREATE INDEX ledger_row_by_kind ON ledger_row (kind, open, at_ms);
CREATE INDEX ledger_row_by_venue ON ledger_row (venue, kind) WHERE venue IS NOT NULL;
CREATE INDEX ledger_row_by_of ON ledger_row (of, kind) WHERE of IS NOT NULL;
