-- The ledger: one row a migration, its history, its finished steps, what it could not carry over.
-- Statements are named by the line above them; the build makes a constant SQL_<name> of each.
-- Times are milliseconds since 1970 (UTC). Stages and steps are stored by name.

-- name: ledger_create
CREATE TABLE IF NOT EXISTS midflight_migration (
  name            VARCHAR(64) NOT NULL PRIMARY KEY,
  stage           VARCHAR(40) NOT NULL,
  epoch           BIGINT NOT NULL,
  digest          VARCHAR(24) NOT NULL,
  schema_digest   VARCHAR(24) NOT NULL,
  definition      TEXT NOT NULL,
  rows_total      BIGINT NOT NULL DEFAULT 0,
  rows_done       BIGINT NOT NULL DEFAULT 0,
  stage_ms        BIGINT NOT NULL,
  soak_until_ms   BIGINT NOT NULL DEFAULT 0,
  verified_ms     BIGINT NOT NULL DEFAULT 0,
  verified_epoch  BIGINT NOT NULL DEFAULT 0,
  verified_rows   BIGINT NOT NULL DEFAULT 0,
  owner           VARCHAR(160) NOT NULL DEFAULT '',
  lease_until_ms  BIGINT NOT NULL DEFAULT 0,
  token           BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS midflight_history (
  migration  VARCHAR(64) NOT NULL,
  epoch      BIGINT NOT NULL,
  from_stage VARCHAR(40) NOT NULL,
  to_stage   VARCHAR(40) NOT NULL,
  who        VARCHAR(160) NOT NULL,
  why        TEXT NOT NULL,
  at_ms      BIGINT NOT NULL,
  PRIMARY KEY (migration, epoch)
);
CREATE TABLE IF NOT EXISTS midflight_step (
  migration VARCHAR(64) NOT NULL,
  step      VARCHAR(40) NOT NULL,
  PRIMARY KEY (migration, step)
);
CREATE TABLE IF NOT EXISTS midflight_finding (
  migration  VARCHAR(64) NOT NULL,
  kind       VARCHAR(24) NOT NULL,
  entity_key VARCHAR(700) NOT NULL,
  reason     TEXT NOT NULL,
  at_ms      BIGINT NOT NULL,
  PRIMARY KEY (migration, kind, entity_key)
);
CREATE TABLE IF NOT EXISTS midflight_landing (
  migration  VARCHAR(64) NOT NULL,
  place      BIGINT NOT NULL,
  token      BIGINT NOT NULL,
  cursor_key TEXT,
  PRIMARY KEY (migration, place)
);
CREATE TABLE IF NOT EXISTS midflight_drain (
  migration      VARCHAR(64) NOT NULL,
  place          BIGINT NOT NULL,
  room           BIGINT NOT NULL,
  era            BIGINT NOT NULL,
  token          BIGINT NOT NULL,
  owner          VARCHAR(160) NOT NULL DEFAULT '',
  lease_until_ms BIGINT NOT NULL DEFAULT 0,
  seen_ms        BIGINT NOT NULL DEFAULT 0,
  wanted_ms      BIGINT NOT NULL DEFAULT 0,
  recalled       INTEGER NOT NULL DEFAULT 0,
  lower_key      TEXT,
  upper_key      TEXT,
  PRIMARY KEY (migration, place)
);
CREATE TABLE IF NOT EXISTS midflight_node (
  migration VARCHAR(64) NOT NULL,
  node      VARCHAR(200) NOT NULL,
  epoch     BIGINT NOT NULL,
  beats     BIGINT NOT NULL,
  PRIMARY KEY (migration, node)
);
CREATE TABLE IF NOT EXISTS midflight_rollout (
  migration  VARCHAR(64) NOT NULL PRIMARY KEY,
  announced  BIGINT NOT NULL DEFAULT 0,
  percent_e4 BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS midflight_mismatch (
  migration  VARCHAR(64) NOT NULL,
  cause      VARCHAR(300) NOT NULL,
  count      BIGINT NOT NULL,
  entity_key TEXT NOT NULL,
  leader     TEXT NOT NULL,
  follower   TEXT NOT NULL,
  at_ms      BIGINT NOT NULL,
  PRIMARY KEY (migration, cause)
);

-- name: ledger_find
SELECT m.stage, m.epoch, m.digest, m.schema_digest, m.rows_total, m.rows_done, m.stage_ms, m.soak_until_ms,
       m.verified_ms, m.verified_epoch, m.verified_rows, m.owner, m.lease_until_ms, m.token,
       (SELECT count(*) FROM midflight_finding f WHERE f.migration = m.name AND f.kind LIKE 'quarantine%'),
       (SELECT count(*) FROM midflight_finding f WHERE f.migration = m.name AND f.kind = 'divergence')
FROM midflight_migration m WHERE m.name = ?1;

-- name: ledger_definition
SELECT definition FROM midflight_migration WHERE name = ?1;

-- name: ledger_remove
DELETE FROM midflight_migration WHERE name = ?1 AND stage = 'Uninitialized';

-- name: ledger_add
INSERT INTO midflight_migration
  (name, stage, epoch, digest, schema_digest, definition, rows_total, stage_ms, owner, lease_until_ms, token)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: ledger_move
UPDATE midflight_migration SET stage = ?3, epoch = epoch + 1, stage_ms = ?5
WHERE name = ?1 AND stage = ?2 AND epoch = ?4;

-- name: ledger_move_history
INSERT INTO midflight_history (migration, epoch, from_stage, to_stage, who, why, at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: ledger_moves
SELECT epoch, from_stage, to_stage, who, why, at_ms FROM midflight_history WHERE migration = ?1 ORDER BY epoch;

-- name: ledger_step
SELECT 1 FROM midflight_step WHERE migration = ?1 AND step = ?2;

-- name: ledger_mark
INSERT INTO midflight_step (migration, step) VALUES (?1, ?2);

-- name: ledger_unmark
DELETE FROM midflight_step WHERE migration = ?1 AND step = ?2;

-- name: ledger_forget_steps
DELETE FROM midflight_step WHERE migration = ?1;

-- name: ledger_forget_findings
DELETE FROM midflight_finding WHERE migration = ?1;

-- name: ledger_forget_drain
DELETE FROM midflight_drain WHERE migration = ?1;

-- name: ledger_forget_landing
DELETE FROM midflight_landing WHERE migration = ?1 AND place > 0;

-- name: ledger_leave_floor
INSERT INTO midflight_landing (migration, place, token) SELECT name, 0, token FROM midflight_migration WHERE name = ?1
ON CONFLICT (migration, place) DO UPDATE SET token = excluded.token WHERE midflight_landing.token < excluded.token;

-- name: ledger_leave
DELETE FROM midflight_migration WHERE name = ?1;

-- name: ledger_stay
UPDATE midflight_migration SET stage = ?2, epoch = ?3 WHERE name = ?1;

-- name: ledger_forget_moves
DELETE FROM midflight_history WHERE migration = ?1;

-- name: ledger_findings
SELECT entity_key, reason, at_ms FROM midflight_finding WHERE migration = ?1 AND kind = ?2 ORDER BY at_ms, entity_key;

-- name: findings_clear
DELETE FROM midflight_finding WHERE migration = ?1 AND kind = ?2;

-- name: finding_known
SELECT 1 FROM midflight_finding WHERE migration = ?1 AND kind = ?2 AND entity_key = ?3;

-- name: finding_remove
DELETE FROM midflight_finding WHERE migration = ?1 AND kind = ?2 AND entity_key = ?3;

-- name: finding_add
INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: lease_take
UPDATE midflight_migration SET owner = ?2, lease_until_ms = ?3, token = ?4 WHERE name = ?1 AND token = ?4 - 1;

-- name: lease_renew
UPDATE midflight_migration SET lease_until_ms = ?3 WHERE name = ?1 AND token = ?2;

-- name: lease_floor
SELECT token FROM midflight_landing WHERE migration = ?1 AND place = 0;

-- name: lease_raise
UPDATE midflight_migration SET token = ?3 WHERE name = ?1 AND token = ?2;

-- name: lease_resume
UPDATE midflight_migration SET owner = ?2, lease_until_ms = ?3 WHERE name = ?1 AND token = ?4 AND owner = '';

-- name: lease_stand
UPDATE midflight_migration SET token = token WHERE name = ?1 AND token = ?2;

-- name: lease_release
UPDATE midflight_migration SET owner = '', lease_until_ms = 0 WHERE name = ?1 AND token = ?2;

-- name: lease_follow
UPDATE midflight_migration SET owner = ?2, token = ?3 WHERE name = ?1 AND token <= ?3
  AND NOT EXISTS (SELECT 1 FROM midflight_landing l WHERE l.migration = ?1 AND l.place = 0 AND l.token > ?3);

-- name: landing_claim
INSERT INTO midflight_landing (migration, place, token) VALUES (?1, ?2, ?3)
ON CONFLICT (migration, place) DO UPDATE SET token = excluded.token WHERE midflight_landing.token < excluded.token;

-- name: landing_find
SELECT cursor_key FROM midflight_landing WHERE migration = ?1 AND place = ?2 AND token = ?3;

-- name: landing_move
UPDATE midflight_landing SET cursor_key = ?4 WHERE migration = ?1 AND place = ?2 AND token = ?3;

-- name: landing_stand
UPDATE midflight_landing SET token = token WHERE migration = ?1 AND place = ?2 AND token = ?3;

-- name: landing_recall
DELETE FROM midflight_landing WHERE migration = ?1 AND place >= ?2;

-- name: drain_open
INSERT INTO midflight_drain (migration, place, room, era, token) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: drain_take
UPDATE midflight_drain SET token = token + 1, owner = ?3, lease_until_ms = ?4
WHERE migration = ?1 AND era = ?2 AND recalled = 0 AND (owner = '' OR lease_until_ms < ?5) AND place =
    (SELECT d.place FROM midflight_drain d WHERE d.migration = ?1 AND d.era = ?2 AND d.recalled = 0 AND
            (d.owner = '' OR d.lease_until_ms < ?5) ORDER BY d.seen_ms, d.place LIMIT 1)
  AND EXISTS (SELECT 1 FROM midflight_migration m WHERE m.name = ?1 AND m.token = ?2)
RETURNING place, token, room, lower_key, upper_key;

-- name: drain_return
UPDATE midflight_drain SET owner = '', lease_until_ms = 0, seen_ms = ?4 WHERE migration = ?1 AND place = ?2 AND token = ?3;

-- name: drain_recall
UPDATE midflight_drain SET recalled = 1 WHERE migration = ?1 AND era = ?2;

-- name: drain_want
UPDATE midflight_drain SET wanted_ms = ?4 WHERE migration = ?1 AND era = ?2 AND place = ?3;

-- name: drain_look
SELECT count(*), coalesce(sum(CASE WHEN owner = '' OR lease_until_ms < ?5 THEN 1 ELSE 0 END), 0), coalesce(max(wanted_ms), 0),
       coalesce(max(recalled), 0), coalesce(sum(CASE WHEN place = ?3 AND token = ?4 THEN 1 ELSE 0 END), 0)
FROM midflight_drain WHERE migration = ?1 AND era = ?2;

-- name: drain_shorten
UPDATE midflight_drain SET upper_key = ?5, room = room / 2
WHERE migration = ?1 AND place = ?2 AND token = ?3 AND era = ?4 AND recalled = 0;

-- name: drain_split
INSERT INTO midflight_drain (migration, place, room, era, token, lower_key, upper_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: rows_advance
UPDATE midflight_migration SET rows_done = rows_done + ?3, lease_until_ms = ?4,
  rows_total = CASE WHEN rows_total < rows_done + ?3 THEN rows_done + ?3 ELSE rows_total END
WHERE name = ?1 AND token = ?2 AND stage = 'Running';

-- name: node_enter
INSERT INTO midflight_node (migration, node, epoch, beats) VALUES (?1, ?2, ?3, ?4);

-- name: node_confirm
UPDATE midflight_node SET epoch = ?3, beats = beats + 1 WHERE migration = ?1 AND node = ?2;

-- name: node_leave
DELETE FROM midflight_node WHERE migration = ?1 AND node = ?2;

-- name: nodes
SELECT node, epoch, beats FROM midflight_node WHERE migration = ?1 ORDER BY node;

-- name: rollout_get
SELECT announced, percent_e4 FROM midflight_rollout WHERE migration = ?1;

-- name: rollout_announce
UPDATE midflight_rollout SET announced = ?2 WHERE migration = ?1;

-- name: rollout_set
UPDATE midflight_rollout SET percent_e4 = ?2 WHERE migration = ?1;

-- name: rollout_add
INSERT INTO midflight_rollout (migration, announced, percent_e4) VALUES (?1, ?2, ?3);

-- name: mismatch_more
UPDATE midflight_mismatch SET count = count + ?3, entity_key = ?4, leader = ?5, follower = ?6, at_ms = ?7
WHERE migration = ?1 AND cause = ?2;

-- name: mismatch_add
INSERT INTO midflight_mismatch (migration, cause, count, entity_key, leader, follower, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: mismatches
SELECT cause, count, entity_key, leader, follower, at_ms FROM midflight_mismatch WHERE migration = ?1 ORDER BY count DESC, cause;

-- name: ledger_forget_mismatches
DELETE FROM midflight_mismatch WHERE migration = ?1;

-- name: ledger_stand
SELECT stage, epoch, digest FROM midflight_migration WHERE name = ?1;
