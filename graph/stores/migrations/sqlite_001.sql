-- Kith, SQLite store, version 1. Instants are UTC microseconds, days are days since 1970-01-01.
-- A table holds the newest version of each record; the versions before it stand in the table's history.
-- known_to of the newest is open (4611686018427387904); rs is the number of a restriction, 0 is open to the hub.
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE change (
  seq INTEGER PRIMARY KEY, load_id TEXT NOT NULL UNIQUE, committed_at INTEGER NOT NULL, author TEXT NOT NULL,
  action TEXT NOT NULL, reason TEXT, agency TEXT, content_digest TEXT, rs INTEGER NOT NULL DEFAULT 0,
  files TEXT NOT NULL, tallies TEXT NOT NULL) STRICT;
CREATE INDEX change_digest ON change (content_digest) WHERE content_digest IS NOT NULL;
CREATE TABLE file (pk INTEGER PRIMARY KEY, seq INTEGER NOT NULL, name TEXT) STRICT;
CREATE TABLE restriction (rs INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO restriction VALUES (0, '');
CREATE TABLE count (kind TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID, STRICT;

-- people, places, schools, groups, operations, objects and events; guarded: see node_alternative
CREATE TABLE node (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL, kind INTEGER NOT NULL, guarded INTEGER NOT NULL, rs INTEGER NOT NULL,
  known_from INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER, row INTEGER, content TEXT NOT NULL,
  place INTEGER, report INTEGER, started_at INTEGER, ended_at INTEGER, easting REAL, northing REAL, code INTEGER NOT NULL)
  STRICT;
CREATE TABLE node_history (
  pk INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, rs INTEGER NOT NULL,
  known_from INTEGER NOT NULL, known_to INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER, row INTEGER,
  content TEXT NOT NULL, place INTEGER, report INTEGER, started_at INTEGER, ended_at INTEGER, easting REAL, northing REAL, code INTEGER NOT NULL)
  STRICT;
-- a node brought by a write in which all its records were restricted is seen by those who may see one of them
CREATE TABLE node_alternative (node INTEGER NOT NULL, rs INTEGER NOT NULL, PRIMARY KEY (node, rs)) WITHOUT ROWID, STRICT;

CREATE TABLE report (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL, rs INTEGER NOT NULL, known_from INTEGER NOT NULL, seq INTEGER NOT NULL,
  file INTEGER, row INTEGER, first_known INTEGER NOT NULL, content TEXT NOT NULL, code INTEGER NOT NULL, agency INTEGER NOT NULL,
  recorded_at INTEGER, occurred_at INTEGER, reference INTEGER) STRICT;
CREATE TABLE report_history (
  pk INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL, rs INTEGER NOT NULL, known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER, row INTEGER, first_known INTEGER NOT NULL,
  content TEXT NOT NULL, code INTEGER NOT NULL, agency INTEGER NOT NULL, recorded_at INTEGER, occurred_at INTEGER,
  reference INTEGER) STRICT;
CREATE TABLE agency (pk INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- type and polarity are positions in their lists; report, rs and known_from are those of the first report
CREATE TABLE tie (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL, src INTEGER NOT NULL, dst INTEGER NOT NULL, type INTEGER NOT NULL,
  polarity INTEGER NOT NULL, start_day INTEGER, end_day INTEGER, qualifier TEXT, confidence REAL, role INTEGER NOT NULL,
  report INTEGER, more INTEGER NOT NULL, rs INTEGER NOT NULL, known_from INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER,
  row INTEGER) STRICT;
CREATE TABLE tie_history (
  pk INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL, src INTEGER NOT NULL, dst INTEGER NOT NULL,
  type INTEGER NOT NULL, polarity INTEGER NOT NULL, start_day INTEGER, end_day INTEGER, qualifier TEXT,
  confidence REAL, role INTEGER NOT NULL, report INTEGER, more INTEGER NOT NULL, rs INTEGER NOT NULL, known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER, row INTEGER) STRICT;
-- the second and further reports of a tie (of a past version: its negative number)
CREATE TABLE tie_more (
  tie INTEGER NOT NULL, position INTEGER NOT NULL, report INTEGER NOT NULL, rs INTEGER NOT NULL,
  known_from INTEGER NOT NULL, PRIMARY KEY (tie, position)) WITHOUT ROWID, STRICT;
CREATE INDEX tie_more_report ON tie_more (report);

CREATE TABLE episode (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL, person INTEGER NOT NULL, report INTEGER, rs INTEGER NOT NULL,
  known_from INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER, row INTEGER, content TEXT NOT NULL,
  start_day INTEGER, end_day INTEGER, code INTEGER NOT NULL) STRICT;
CREATE TABLE episode_history (
  pk INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL, person INTEGER NOT NULL, report INTEGER,
  rs INTEGER NOT NULL, known_from INTEGER NOT NULL, known_to INTEGER NOT NULL, seq INTEGER NOT NULL, file INTEGER,
  row INTEGER, content TEXT NOT NULL, start_day INTEGER, end_day INTEGER, code INTEGER NOT NULL) STRICT;

-- public facts of areas: localities, exposure, population
CREATE TABLE area (
  kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, known_to INTEGER NOT NULL, content TEXT NOT NULL,
  boundary BLOB, PRIMARY KEY (kind, id, seq)) WITHOUT ROWID, STRICT;

-- words of names (each once), where they stand, and whole references (postcodes, numbers, handles)
CREATE TABLE word (pk INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE VIRTUAL TABLE word_group USING fts5(text, content='', tokenize="trigram case_sensitive 1", detail=none, columnsize=0);
CREATE TABLE word_of (
  word INTEGER NOT NULL, id TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (word, id)) WITHOUT ROWID, STRICT;
CREATE TABLE reference_of (
  text TEXT NOT NULL, id TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (text, id)) WITHOUT ROWID, STRICT;
-- points of places, schools and events, also of past versions (negative numbers)
CREATE VIRTUAL TABLE point USING rtree(pk, west, east, south, north);

-- the numbers of rows as they were inserted, packed for reading in bulk, and those of them changed since
CREATE TABLE segment (
  tab TEXT NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL, numbers BLOB NOT NULL, ids BLOB NOT NULL,
  PRIMARY KEY (tab, first)) STRICT;
CREATE TABLE segment_stale (tab TEXT NOT NULL, pk INTEGER NOT NULL, PRIMARY KEY (tab, pk)) WITHOUT ROWID, STRICT;
CREATE TRIGGER node_changed AFTER UPDATE OF kind, rs, known_from, place, report, started_at, ended_at, easting, northing, code
  ON node BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('node', old.pk); END;
CREATE TRIGGER node_removed AFTER DELETE ON node BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('node', old.pk); END;
CREATE TRIGGER report_changed AFTER UPDATE ON report
  BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('report', old.pk); END;
CREATE TRIGGER report_removed AFTER DELETE ON report
  BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('report', old.pk); END;
CREATE TRIGGER tie_changed AFTER UPDATE ON tie BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('tie', old.pk); END;
CREATE TRIGGER tie_removed AFTER DELETE ON tie BEGIN INSERT OR IGNORE INTO segment_stale VALUES ('tie', old.pk); END;

CREATE TABLE run (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, detector TEXT NOT NULL, saved_at INTEGER NOT NULL,
  restrictions TEXT NOT NULL, content TEXT NOT NULL) STRICT;
CREATE INDEX run_detector ON run (detector, pk);
CREATE TABLE flag (
  run INTEGER NOT NULL REFERENCES run (pk), rank INTEGER NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY (run, rank, id)) WITHOUT ROWID, STRICT;
CREATE INDEX flag_id ON flag (id, run);
CREATE TABLE flag_decision (
  pk INTEGER PRIMARY KEY, flag TEXT NOT NULL, decided_at INTEGER NOT NULL, content TEXT NOT NULL) STRICT;
CREATE INDEX flag_decision_flag ON flag_decision (flag, pk);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, actor TEXT NOT NULL, entry BLOB NOT NULL,
  previous TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
CREATE INDEX audit_actor ON audit (actor, number);
CREATE TABLE audit_about (id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID, STRICT;
CREATE TABLE audit_tip (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
INSERT INTO audit_tip VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
