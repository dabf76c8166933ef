-- Which thumbnails visits name: a phone may fetch what hangs on a visit that it may read.
ALTER TABLE visit_photos ADD COLUMN thumb BLOB CHECK (length(thumb) = 32);
CREATE INDEX visit_photos_by_thumb ON visit_photos (thumb) WHERE thumb IS NOT NULL;
