-- Rows of ledgers as lists filter and order them; a row that hangs on another is read with it. The log is counted again when
-- this step has run, for phones may have written some to an older server.
CREATE TABLE ledger_rows (
  entity  INTEGER NOT NULL PRIMARY KEY,
  id      BLOB NOT NULL CHECK (length(id) = 16),
  kind    INTEGER NOT NULL,
  open    INTEGER NOT NULL CHECK (open IN (0, 1)),
  -- The code of its state; empty where its ledger knows none.
  status  TEXT NOT NULL,
  -- When it is due or happened, ms since 1970 UTC; 0 when nobody said so.
  at_ms   INTEGER NOT NULL,
  venue   BLOB,
  -- The row of another ledger that it belongs to.
  of      BLOB,
  team    BLOB,
  officer BLOB,
  -- Its texts that are not private, for searching.
  words   TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_rows_by_kind ON ledger_rows (kind, open, at_ms);
CREATE INDEX ledger_rows_by_of ON ledger_rows (of, kind) WHERE of IS NOT NULL;
CREATE INDEX ledger_rows_by_venue ON ledger_rows (venue, kind) WHERE venue IS NOT NULL;
INSERT INTO meta (key, value) VALUES ('reproject_due', x'') ON CONFLICT (key) DO NOTHING;
-- By streets tasks are given.
ALTER TABLE venues ADD COLUMN township TEXT;
CREATE INDEX venues_by_place ON venues (district, category);
