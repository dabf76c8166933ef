-- Erase orders of HQ, kept for good: they act on whatever comes later, too.
CREATE TABLE erase_target (
  scope     TEXT NOT NULL,
  entity    BLOB NOT NULL,
  -- Empty for everything of the entity and of what hangs on it.
  field     TEXT NOT NULL,
  -- It acts on commits whose author's feed position is not above this: they had not seen the order.
  seen_from INTEGER NOT NULL,
  order_id  BLOB NOT NULL,
  UNIQUE (scope, entity, field, order_id)
) STRICT;

CREATE TABLE erased_photo (
  sha256 BLOB PRIMARY KEY NOT NULL,
  -- 1 when no file of it is left here.
  gone   INTEGER NOT NULL DEFAULT 0,
  at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_photo_waiting ON erased_photo (sha256) WHERE gone = 0;

-- Own values (by commit and place) and photos (by hash, place -1) that an order destroyed, until the officer has read it.
CREATE TABLE erased_own (
  name  BLOB NOT NULL,
  place INTEGER NOT NULL,
  root  BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  -- 1 when HQ had not receipted it before: written while the order was on its way.
  late  INTEGER NOT NULL,
  PRIMARY KEY (name, place)
) STRICT, WITHOUT ROWID;
