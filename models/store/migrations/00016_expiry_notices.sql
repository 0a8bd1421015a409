-- +goose Up
-- The next moment at which people are told that a key ends. The expiry task looks
-- for the moments that have come, and at no other key.
ALTER TABLE api_keys ADD COLUMN notice_at {{time}};

-- Keys from before there was a task: the first of their moments, also when it is
-- past, so that the most urgent that was missed is made up for.
-- only sqlite
UPDATE api_keys SET notice_at = CASE WHEN expires_at - 1728000000000 > created_at THEN expires_at - 1728000000000
  WHEN expires_at - 864000000000 > created_at THEN expires_at - 864000000000 ELSE expires_at END
WHERE revoked_at IS NULL AND expires_at > CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
-- end
-- only postgres
UPDATE api_keys SET notice_at = CASE WHEN expires_at - interval '480 hours' > created_at THEN expires_at - interval '480 hours'
  WHEN expires_at - interval '240 hours' > created_at THEN expires_at - interval '240 hours' ELSE expires_at END
WHERE revoked_at IS NULL AND expires_at > now();
-- end
CREATE INDEX api_keys_notice ON api_keys (notice_at, id) WHERE notice_at IS NOT NULL AND revoked_at IS NULL;

-- Of what a key's people were told: a second lock against telling them twice.
CREATE TABLE api_key_notices (
  key_id    {{text}} NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  category  {{text}} NOT NULL,
  raised_at {{time}} NOT NULL,
  PRIMARY KEY (key_id, category)
);

CREATE TABLE scheduled_tasks (
  name          {{text}} NOT NULL PRIMARY KEY,
  next_run_at   {{time}} NOT NULL,
  running_until {{time}},
  started_at    {{time}},
  finished_at   {{time}},
  found         {{text}} NOT NULL DEFAULT '',
  failed        {{text}} NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE scheduled_tasks;
DROP TABLE api_key_notices;
DROP INDEX api_keys_notice;
ALTER TABLE api_keys DROP COLUMN notice_at;
