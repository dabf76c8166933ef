-- What people and HQ say of whole visits: retracted, reviewed, perhaps one call with another, decided to be one.
ALTER TABLE visits ADD COLUMN retracted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE visits ADD COLUMN review TEXT;
ALTER TABLE visits ADD COLUMN after_review INTEGER NOT NULL DEFAULT 0;
-- Other visits to one venue around one time.
CREATE INDEX visits_by_venue ON visits (venue, started_ms) WHERE venue IS NOT NULL;

CREATE TABLE duplicates (
  lower   BLOB NOT NULL CHECK (length(lower) = 16),
  higher  BLOB NOT NULL CHECK (length(higher) = 16),
  members INTEGER NOT NULL CHECK (members IN (0, 1)),
  phones  INTEGER NOT NULL CHECK (phones IN (0, 1)),
  at_ms   INTEGER NOT NULL,
  PRIMARY KEY (lower, higher)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicates_by_higher ON duplicates (higher);

-- Pairs that HQ decided on.
CREATE TABLE same_as (
  lower  BLOB NOT NULL CHECK (length(lower) = 16),
  higher BLOB NOT NULL CHECK (length(higher) = 16),
  same   INTEGER NOT NULL CHECK (same IN (0, 1)),
  PRIMARY KEY (lower, higher)
) STRICT, WITHOUT ROWID;
CREATE INDEX same_as_by_higher ON same_as (higher);

-- Visits of a group of one call, each with the lowest id of the group: they count once.
CREATE TABLE joined (
  visit BLOB NOT NULL PRIMARY KEY CHECK (length(visit) = 16),
  first BLOB NOT NULL CHECK (length(first) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX joined_by_first ON joined (first);
