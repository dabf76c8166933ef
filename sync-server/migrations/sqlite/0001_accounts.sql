-- Who may sign in at the console, which phones may sync, and the one-time secrets that lead to both.
CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE users (
  id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name          TEXT NOT NULL UNIQUE,
  role          TEXT NOT NULL CHECK (role IN ('admin', 'viewer')),
  password_phc  TEXT NOT NULL,
  created_ms    INTEGER NOT NULL
) STRICT;

-- Secrets are kept as SHA-256 only: whoever reads a backup cannot sign in with it.
CREATE TABLE setup_tokens (
  token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_hash   BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
  user         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_ms   INTEGER NOT NULL,
  last_used_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_last_used ON sessions (last_used_ms);

CREATE TABLE enrol_codes (
  code_hash  BLOB NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32),
  officer    BLOB NOT NULL CHECK (length(officer) = 16),
  expires_ms INTEGER NOT NULL,
  used_ms    INTEGER
) STRICT;

CREATE TABLE devices (
  id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  officer      BLOB NOT NULL CHECK (length(officer) = 16),
  public_key   BLOB NOT NULL,
  certificate  BLOB NOT NULL,
  token_hash   BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  replaces     BLOB REFERENCES devices (id),
  enrolled_ms  INTEGER NOT NULL,
  closed_ms    INTEGER
) STRICT;
CREATE INDEX devices_by_officer ON devices (officer);
