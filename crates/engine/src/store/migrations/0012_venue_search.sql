-- Venues get a number of this database, by which an index of parts of their names finds them.
CREATE TABLE venue_numbered (
  number     INTEGER PRIMARY KEY,
  id         BLOB UNIQUE NOT NULL,
  name       TEXT NOT NULL,
  category   TEXT NOT NULL,
  district   TEXT NOT NULL,
  township   TEXT,
  address    TEXT NOT NULL,
  licence_no TEXT,
  lat_e7     INTEGER,
  lon_e7     INTEGER,
  found      INTEGER NOT NULL
) STRICT;
INSERT INTO venue_numbered (id, name, category, district, township, address, licence_no, lat_e7, lon_e7, found)
  SELECT id, name, category, district, township, address, licence_no, lat_e7, lon_e7, found FROM venue_row;
DROP TABLE venue_row;
ALTER TABLE venue_numbered RENAME TO venue_row;
CREATE INDEX venue_row_by_place ON venue_row (lat_e7, lon_e7);
CREATE INDEX venue_row_by_name ON venue_row (name);
-- Which tokens a venue has, and nothing else: `domain::search` makes them and holds what is found against the row.
CREATE VIRTUAL TABLE venue_search USING fts5 (
  grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
