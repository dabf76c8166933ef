-- What hangs on a thing, which commits touch it and what is live of it name it by its number here and not by its 16 bytes:
-- those took more of the disk than what people had recorded.
CREATE TABLE entity_numbered (
  -- Of a root its id. Of what hangs on one the last four bytes: all of it follows from kind, parent and key.
  id     BLOB NOT NULL,
  kind   INTEGER NOT NULL,
  -- Empty but for roots.
  scope  TEXT NOT NULL,
  -- Its row, where it is not the root. A salvaged row of an older file has ids here and in the root until it is adopted.
  parent ANY,
  key    BLOB,
  -- The row of the entity at the root of the natural keys: the visit of a reading. Null for a root.
  root   ANY
) STRICT; -- with a rowid: the order in which things were first seen settles equal times on screens
INSERT INTO entity_numbered (rowid, id, kind, scope, parent, key, root)
  SELECT entity.rowid, iif(entity.root = entity.id, entity.id, substr(entity.id, 13)), entity.kind,
         iif(entity.root = entity.id, entity.scope, ''), iif(entity.parent = entity.root, NULL, parent.rowid), entity.key,
         iif(entity.root = entity.id, NULL, root.rowid)
  FROM entity JOIN entity AS root ON root.id = entity.root LEFT JOIN entity AS parent ON parent.id = entity.parent
  ORDER BY entity.rowid;

CREATE TABLE touch_numbered (
  root INTEGER NOT NULL,
  ref  BLOB NOT NULL,
  PRIMARY KEY (root, ref)
) STRICT, WITHOUT ROWID;
INSERT INTO touch_numbered (root, ref) SELECT entity.rowid, ref FROM touch JOIN entity ON entity.id = touch.root;
DROP TABLE touch;
ALTER TABLE touch_numbered RENAME TO touch;
CREATE INDEX touch_by_ref ON touch (ref);

CREATE TABLE live_set_numbered (
  root  INTEGER PRIMARY KEY NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
INSERT INTO live_set_numbered (root, bytes)
  SELECT entity.rowid, bytes FROM live_set JOIN entity ON entity.id = live_set.root ORDER BY entity.rowid;
DROP TABLE live_set;
ALTER TABLE live_set_numbered RENAME TO live_set;

ALTER TABLE journal ADD COLUMN root INTEGER NOT NULL DEFAULT 0;
UPDATE journal SET root = coalesce(
  (SELECT root.rowid FROM entity JOIN entity AS root ON root.id = entity.root WHERE entity.id = journal.entity), 0);

-- Where a finding was made and when stands in the row of its visit, which also says whether it is worth looking.
CREATE TABLE finding_numbered (
  -- The number of the visit.
  visit   INTEGER NOT NULL,
  item    TEXT NOT NULL,
  open    INTEGER NOT NULL,
  -- The deadline of an order that stands.
  due     TEXT,
  -- The visit that looked at it again.
  recheck BLOB,
  PRIMARY KEY (visit, item)
) STRICT, WITHOUT ROWID;
INSERT INTO finding_numbered (visit, item, open, due, recheck)
  SELECT entity.rowid, item, open, due, recheck FROM finding_row JOIN entity ON entity.id = finding_row.visit;
DROP TABLE finding_row;
ALTER TABLE finding_numbered RENAME TO finding_row;
CREATE INDEX finding_row_due ON finding_row (due) WHERE due IS NOT NULL;
CREATE INDEX finding_row_by_recheck ON finding_row (recheck) WHERE recheck IS NOT NULL;
-- Its open findings without a deadline.
ALTER TABLE visit_row ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
UPDATE visit_row SET open =
  (SELECT count(*) FROM entity JOIN finding_row ON finding_row.visit = entity.rowid
   WHERE entity.id = visit_row.id AND finding_row.open = 1 AND due IS NULL);
CREATE INDEX visit_row_open ON visit_row (started_ms) WHERE open > 0;

DROP TABLE entity;
ALTER TABLE entity_numbered RENAME TO entity;
CREATE INDEX entity_by_id ON entity (id);
CREATE INDEX entity_by_root ON entity (root) WHERE root IS NOT NULL;
-- Those that are asked for by kind: officers and photos.
CREATE INDEX entity_officer ON entity (id) WHERE kind = 1;
CREATE INDEX entity_photo ON entity (root) WHERE kind = 7;
