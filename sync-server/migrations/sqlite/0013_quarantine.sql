-- What phones sent of commits that they cannot read any more: kept for a person to look at.
CREATE TABLE quarantine (
  device      BLOB NOT NULL REFERENCES devices (id),
  hash        BLOB NOT NULL CHECK (length(hash) = 32),
  chain       BLOB NOT NULL CHECK (length(chain) = 16),
  seq         INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  bytes       BLOB NOT NULL,
  received_ms INTEGER NOT NULL,
  PRIMARY KEY (device, hash)
) STRICT;
