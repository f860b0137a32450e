-- Beside the store: what is written while people read, so that a long load never makes a reader wait.
CREATE TABLE views.document (
  collection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (collection, key)) WITHOUT ROWID, STRICT;
CREATE TABLE views.audit (
  number INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, actor TEXT NOT NULL, entry BLOB NOT NULL,
  previous TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
CREATE INDEX views.audit_actor ON audit (actor, number);
CREATE TABLE views.audit_about (id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID, STRICT;
CREATE TABLE views.audit_tip (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
INSERT INTO views.audit_tip VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
