-- Live ops are no longer copied out of the packets: a touch says which of a commit's ops on a root are live. Null for all, else
-- one bit per op, without the last zeros. The log is counted again when this step has run.
ALTER TABLE touches ADD COLUMN live BLOB;
DROP TABLE live;
INSERT INTO meta (key, value) VALUES ('reproject_due', x'') ON CONFLICT (key) DO NOTHING;
