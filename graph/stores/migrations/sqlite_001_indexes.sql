-- Made after the rows when the store was empty, which is several times quicker than row by row.
CREATE UNIQUE INDEX node_id ON node (id);
CREATE INDEX node_kind ON node (kind, id);
CREATE INDEX node_place ON node (place, started_at) WHERE place IS NOT NULL;
CREATE INDEX node_report ON node (report) WHERE report IS NOT NULL;
CREATE INDEX node_history_key ON node_history (key);
CREATE INDEX node_history_place ON node_history (place, started_at) WHERE place IS NOT NULL;
CREATE UNIQUE INDEX report_id ON report (id);
CREATE INDEX report_history_key ON report_history (key);
CREATE UNIQUE INDEX tie_id ON tie (id);
-- rs and more are there so that ties within a sight are counted without reading them
CREATE INDEX tie_src ON tie (src, dst, rs, more);
CREATE INDEX tie_dst ON tie (dst, start_day, src, rs, more);
CREATE INDEX node_restricted ON node (pk) WHERE guarded <> 0 OR rs <> 0;
CREATE INDEX tie_report ON tie (report) WHERE report IS NOT NULL;
CREATE INDEX tie_history_key ON tie_history (key);
CREATE INDEX tie_history_src ON tie_history (src, dst);
CREATE INDEX tie_history_dst ON tie_history (dst);
CREATE INDEX tie_history_report ON tie_history (report);
CREATE UNIQUE INDEX episode_id ON episode (id);
CREATE INDEX episode_person ON episode (person);
CREATE INDEX episode_report ON episode (report) WHERE report IS NOT NULL;
CREATE INDEX episode_history_key ON episode_history (key);
CREATE INDEX episode_history_person ON episode_history (person);
