-- What a device pushed within the last hour, and which uploads have expired, without reading all of them.
CREATE INDEX packets_by_sender ON packets (sender, received_ms);
CREATE INDEX uploads_by_creation ON uploads (device, created_ms);
CREATE INDEX uploads_open ON uploads (created_ms) WHERE state = 'open';
