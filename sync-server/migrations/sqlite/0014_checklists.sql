-- Visits whose checklist HQ does not know: it was published after the backup that HQ was restored from, and comes back from
-- a phone. They are judged again then.
CREATE TABLE checklist_missing (
  visit     INTEGER PRIMARY KEY,
  checklist BLOB NOT NULL CHECK (length(checklist) = 16)
) STRICT;
CREATE INDEX checklist_missing_by_checklist ON checklist_missing (checklist);
