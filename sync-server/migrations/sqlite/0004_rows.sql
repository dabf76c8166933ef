-- What screens and queries read. Computed from the live ops of the entities that changed; may be dropped and rebuilt.
CREATE TABLE teams (
  id       BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name     TEXT NOT NULL,
  tier     TEXT NOT NULL,
  district TEXT
) STRICT;

CREATE TABLE officers (
  id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name           TEXT NOT NULL,
  certificate_no TEXT NOT NULL,
  team           BLOB
) STRICT;

CREATE TABLE venues (
  id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name       TEXT NOT NULL,
  category   TEXT NOT NULL,
  district   TEXT NOT NULL,
  address    TEXT NOT NULL,
  licence_no TEXT,
  lat_e7     INTEGER,
  lon_e7     INTEGER
) STRICT;

CREATE TABLE visits (
  entity      INTEGER NOT NULL PRIMARY KEY REFERENCES entities (id),
  id          BLOB NOT NULL CHECK (length(id) = 16),
  scope       TEXT NOT NULL,
  venue       BLOB,
  kind        TEXT,
  mode        TEXT,
  lead        TEXT,
  started_ms  INTEGER NOT NULL,
  finished_ms INTEGER,
  answered    INTEGER NOT NULL,
  failed      INTEGER NOT NULL,
  readings    INTEGER NOT NULL,
  abnormal    INTEGER NOT NULL,
  conflicts   INTEGER NOT NULL,
  sealed      INTEGER NOT NULL CHECK (sealed IN (0, 1)),
  after_seal  INTEGER NOT NULL,
  received_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX visits_by_id ON visits (id);
CREATE INDEX visits_by_start ON visits (started_ms DESC, entity DESC);
CREATE INDEX visits_in_conflict ON visits (started_ms DESC) WHERE conflicts > 0;

CREATE TABLE visit_members (
  visit   INTEGER NOT NULL REFERENCES visits (entity) ON DELETE CASCADE,
  officer BLOB NOT NULL CHECK (length(officer) = 16),
  PRIMARY KEY (visit, officer)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit_photos (
  visit  INTEGER NOT NULL REFERENCES visits (entity) ON DELETE CASCADE,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  PRIMARY KEY (visit, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_photos_by_hash ON visit_photos (sha256);

-- What a phone said about itself when HQ last heard from it. Silence is unknown, never zero.
CREATE TABLE reports (
  device          BLOB NOT NULL PRIMARY KEY REFERENCES devices (id),
  seen_ms         INTEGER NOT NULL,
  app_version     TEXT NOT NULL,
  clock_ahead_ms  INTEGER NOT NULL,
  visits_here     INTEGER NOT NULL,
  photos_here     INTEGER NOT NULL,
  oldest_here_ms  INTEGER,
  free_bytes      INTEGER,
  battery_percent INTEGER
) STRICT;
