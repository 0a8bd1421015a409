-- +goose Up
-- Which events are sent to whom. Durations are nanoseconds.
CREATE TABLE subscriptions (
  id                 {{id}},
  name               {{text}} NOT NULL,
  name_fold          {{text}} NOT NULL,
  is_disabled        {{bool}} NOT NULL DEFAULT {{false}},
  built_in           {{text}} NOT NULL DEFAULT '',
  owner_id           {{int}},
  filter             {{text}} NOT NULL,
  email_teams        {{text}} NOT NULL,
  email_every        {{int}} NOT NULL,
  email_priority     {{text}} NOT NULL,
  email_time_zone    {{text}} NOT NULL,
  webhook_url        {{text}} NOT NULL DEFAULT '',
  webhook_teams      {{text}} NOT NULL,
  webhook_timeout    {{int}} NOT NULL,
  webhook_header     {{text}} NOT NULL DEFAULT '',
  webhook_header_box {{bytes}},
  created_at         {{time}} NOT NULL,
  version            {{int}} NOT NULL DEFAULT 1,
  CONSTRAINT subscriptions_named CHECK (name <> ''),
  CONSTRAINT subscriptions_built_in CHECK (built_in IN ('', 'own-keys'))
);
CREATE UNIQUE INDEX subscriptions_name ON subscriptions (name_fold);
CREATE UNIQUE INDEX subscriptions_one_of_each ON subscriptions (built_in) WHERE built_in <> '';

-- So that nobody has to set anything up to learn that a key of his ends.
-- only sqlite
INSERT INTO subscriptions (name, name_fold, built_in, filter, email_teams, email_every, email_priority, email_time_zone, webhook_teams, webhook_timeout, created_at)
VALUES ('Owners of API keys that end', 'owners of api keys that end', 'own-keys', '{"EventGroups":["ApiKeyExpiry"]}', '[]', 0, 'Normal', 'UTC', '[]', 10000000000,
  CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
-- end
-- only postgres
INSERT INTO subscriptions (name, name_fold, built_in, filter, email_teams, email_every, email_priority, email_time_zone, webhook_teams, webhook_timeout, created_at)
VALUES ('Owners of API keys that end', 'owners of api keys that end', 'own-keys', '{"EventGroups":["ApiKeyExpiry"]}', '[]', 0, 'Normal', 'UTC', '[]', 10000000000,
  date_trunc('second', now()));
-- end

-- +goose Down
DROP TABLE subscriptions;
