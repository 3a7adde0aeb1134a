-- What was decided, what came of it, what was learned. README.md beside this file explains the encodings.

CREATE TABLE decisions (
  number             INTEGER PRIMARY KEY,
  id                 TEXT    NOT NULL UNIQUE,
  at                 REAL    NOT NULL,
  request_id         TEXT    NOT NULL,
  tenant             TEXT    NOT NULL,
  key                TEXT,
  session            TEXT,
  tags               TEXT,
  format             TEXT    NOT NULL,
  requested_model    TEXT    NOT NULL,
  route              TEXT    NOT NULL,
  policy             TEXT    NOT NULL,
  policy_version     TEXT    NOT NULL,
  plan               TEXT    NOT NULL,
  chosen_model       TEXT,
  reason             TEXT    NOT NULL,
  lambda             REAL,
  propensity         REAL,
  predicted_quality  REAL,
  predicted_cost_usd REAL,
  prompt_tokens      REAL    NOT NULL,
  max_output_tokens  REAL,
  needs              TEXT,
  stream             INTEGER NOT NULL,
  pinned             INTEGER NOT NULL,
  degraded           TEXT,
  removals           TEXT,
  served_model       TEXT,
  fallback           INTEGER NOT NULL,
  completed          INTEGER NOT NULL,
  candidates         TEXT    NOT NULL,
  propensities       BLOB    NOT NULL,
  predicted          TEXT,
  predictions        BLOB,
  embedder           TEXT,
  embedding          BLOB,
  features           TEXT,
  sticky             INTEGER NOT NULL DEFAULT 0,
  shadow             INTEGER NOT NULL DEFAULT 0,
  baseline_model     TEXT,
  baseline_cost_usd  REAL
) STRICT;

CREATE INDEX decisions_at ON decisions (at);

CREATE TABLE attempts (
  decision_number INTEGER NOT NULL REFERENCES decisions (number) ON DELETE CASCADE,
  position        INTEGER NOT NULL,
  model           TEXT    NOT NULL,
  target          TEXT    NOT NULL,
  started_at      REAL    NOT NULL,
  first_token_at  REAL,
  ended_at        REAL    NOT NULL,
  status          INTEGER,
  input_tokens    REAL,
  cached_tokens   REAL,
  output_tokens   REAL,
  cost_usd        REAL,
  end_reason      TEXT    NOT NULL,
  PRIMARY KEY (decision_number, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE rewards (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  decision_number INTEGER NOT NULL REFERENCES decisions (number) ON DELETE CASCADE,
  source          TEXT    NOT NULL,
  key             TEXT    NOT NULL,
  quantity        TEXT    NOT NULL,
  score           REAL    NOT NULL,
  weight          REAL    NOT NULL,
  at              REAL    NOT NULL,
  model           TEXT    NOT NULL,
  propensity      REAL,
  UNIQUE (decision_number, source, key)
) STRICT;

CREATE TABLE snapshots (
  learner TEXT    NOT NULL,
  seq     INTEGER NOT NULL,
  at      REAL    NOT NULL,
  state   BLOB    NOT NULL,
  PRIMARY KEY (learner, seq)
) STRICT;

-- Text is off by default: nothing fills this table unless retention of text is switched on.
CREATE TABLE texts (
  decision_number INTEGER PRIMARY KEY REFERENCES decisions (number) ON DELETE CASCADE,
  prompt          TEXT,
  answer          TEXT
) STRICT;

CREATE VIEW decisions_readable AS
SELECT
  strftime('%Y-%m-%d %H:%M:%f', d.at / 1000.0, 'unixepoch') AS time,
  d.id,
  d.tenant,
  d.key,
  d.route,
  d.policy,
  d.chosen_model,
  d.served_model,
  CASE WHEN d.completed = 0 THEN 'running' WHEN d.served_model IS NULL THEN 'failed'
       WHEN d.fallback = 1 THEN 'fallback' ELSE 'served' END AS ended,
  d.propensity,
  d.predicted_quality,
  d.predicted_cost_usd,
  (SELECT sum(a.cost_usd) FROM attempts a WHERE a.decision_number = d.number) AS cost_usd,
  (SELECT max(a.ended_at) - min(a.started_at) FROM attempts a WHERE a.decision_number = d.number) AS took_ms,
  (SELECT count(*) FROM attempts a WHERE a.decision_number = d.number) AS attempts,
  (SELECT sum(r.score * r.weight) / sum(r.weight) FROM rewards r
    WHERE r.decision_number = d.number AND r.quantity = 'quality') AS score,
  d.reason,
  d.degraded,
  d.tags
FROM decisions d;

CREATE VIEW attempts_readable AS
SELECT
  d.id AS decision_id, a.position, a.model, a.target, a.status, a.end_reason,
  a.first_token_at - a.started_at AS first_token_ms,
  a.ended_at - a.started_at AS took_ms,
  a.input_tokens, a.cached_tokens, a.output_tokens, a.cost_usd
FROM attempts a JOIN decisions d ON d.number = a.decision_number;

CREATE VIEW rewards_readable AS
SELECT r.seq, d.id AS decision_id, d.route, r.model, r.source, r.key, r.quantity, r.score, r.weight, r.propensity,
  strftime('%Y-%m-%d %H:%M:%f', r.at / 1000.0, 'unixepoch') AS time
FROM rewards r JOIN decisions d ON d.number = r.decision_number;
