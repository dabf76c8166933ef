-- What people and HQ say of whole visits: retracted, reviewed, one call with another.
ALTER TABLE visit_row ADD COLUMN retracted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE visit_row ADD COLUMN review INTEGER;

CREATE TABLE same_as (
  lower  BLOB NOT NULL,
  higher BLOB NOT NULL,
  same   INTEGER NOT NULL,
  PRIMARY KEY (lower, higher)
) STRICT, WITHOUT ROWID;
CREATE INDEX same_as_by_higher ON same_as (higher);

-- Visits of a group of one call, each with the lowest id of the group: they count once.
CREATE TABLE joined (
  visit BLOB PRIMARY KEY NOT NULL,
  first BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX joined_by_first ON joined (first);
