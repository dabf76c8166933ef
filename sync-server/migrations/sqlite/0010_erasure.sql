-- Erase orders of HQ by what they name, so that an arriving packet costs a look, and what they have destroyed.
-- An order acts on commits whose author's feed position is not above seen_from: they had not seen it.
CREATE TABLE erase_orders (
  id        BLOB NOT NULL CHECK (length(id) = 16),
  scope     TEXT NOT NULL,
  commit_id INTEGER NOT NULL REFERENCES commits (id),
  seen_from INTEGER NOT NULL,
  PRIMARY KEY (id, scope)
) STRICT, WITHOUT ROWID;

-- field null: everything of the entity and of what hangs on it.
CREATE TABLE erase_targets (
  scope     TEXT NOT NULL,
  entity    BLOB NOT NULL CHECK (length(entity) = 16),
  field     TEXT,
  seen_from INTEGER NOT NULL,
  order_id  BLOB NOT NULL CHECK (length(order_id) = 16)
) STRICT;
CREATE INDEX erase_targets_by_entity ON erase_targets (scope, entity);

-- Photos whose bytes are gone for good: they are not taken in again.
CREATE TABLE erased_photos (
  sha256   BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
  order_id BLOB NOT NULL CHECK (length(order_id) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_values (
  chain     INTEGER NOT NULL REFERENCES chains (id),
  commit_id INTEGER NOT NULL REFERENCES commits (id),
  place     INTEGER NOT NULL,
  order_id  BLOB NOT NULL CHECK (length(order_id) = 16),
  PRIMARY KEY (chain, commit_id, place)
) STRICT, WITHOUT ROWID;

-- Phones that have read their feed past an order, and so have carried it out.
CREATE TABLE erase_done (
  order_id BLOB NOT NULL CHECK (length(order_id) = 16),
  scope    TEXT NOT NULL,
  device   BLOB NOT NULL REFERENCES devices (id),
  done_ms  INTEGER NOT NULL,
  PRIMARY KEY (order_id, scope, device)
) STRICT, WITHOUT ROWID;

-- Every packet that holds a commit, also one that came twice.
CREATE INDEX packets_by_chain ON packets (chain, from_seq);
