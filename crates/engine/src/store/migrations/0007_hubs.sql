-- Hubs that this phone joined, and what they carry for it. Nothing of this is a receipt: nothing leaves the phone for it.
CREATE TABLE hub (
  -- SHA-256 of its TLS certificate.
  pin       BLOB PRIMARY KEY NOT NULL,
  -- Where it was reached, one URL a line.
  urls      TEXT NOT NULL,
  token     BLOB NOT NULL,
  officer   BLOB NOT NULL,
  scopes    TEXT NOT NULL,
  joined_ms INTEGER NOT NULL,
  -- When it last answered.
  seen_ms   INTEGER NOT NULL,
  -- The one that is used now.
  active    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_commit (
  ref BLOB NOT NULL,
  pin BLOB NOT NULL,
  PRIMARY KEY (ref, pin)
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_photo (
  sha256     BLOB NOT NULL,
  pin        BLOB NOT NULL,
  -- Of the sealed file, which is kept until the hub has it: sealed again, it would be another one.
  sealed     BLOB NOT NULL,
  size       INTEGER NOT NULL,
  upload_url TEXT,
  sent       INTEGER NOT NULL DEFAULT 0,
  held       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (sha256, pin)
) STRICT, WITHOUT ROWID;

-- Photos that HQ holds by a receipt which a hub handed on: HQ is asked for them once more by the next sync with it, since
-- the phone's mark of HQ's list of photos does not cover them.
CREATE TABLE hub_told (
  sha256 BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
