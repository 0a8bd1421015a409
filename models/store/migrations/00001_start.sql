-- +goose Up
CREATE TABLE users (
  id            {{id}},
  username      {{text}} NOT NULL,
  username_fold {{text}} NOT NULL,
  display_name  {{text}} NOT NULL DEFAULT '',
  email         {{text}} NOT NULL DEFAULT '',
  is_service    {{bool}} NOT NULL DEFAULT {{false}},
  is_active     {{bool}} NOT NULL DEFAULT {{true}},
  time_zone     {{text}} NOT NULL DEFAULT '',
  password_hash {{text}} NOT NULL DEFAULT '',
  created_at    {{time}} NOT NULL,
  CONSTRAINT users_name CHECK (username <> ''),
  CONSTRAINT users_service_password CHECK (password_hash = '' OR NOT is_service)
);
CREATE UNIQUE INDEX users_username ON users (username_fold);

-- permissions is a set of bits, see PermissionSet. Everybody is in the team
-- 'everyone' without a row in team_members.
CREATE TABLE teams (
  id          {{id}},
  name        {{text}} NOT NULL,
  name_fold   {{text}} NOT NULL,
  permissions {{int}} NOT NULL DEFAULT 0,
  built_in    {{text}} NOT NULL DEFAULT '',
  CONSTRAINT teams_built_in CHECK (built_in IN ('', 'everyone', 'administrators'))
);
CREATE UNIQUE INDEX teams_name ON teams (name_fold);
CREATE UNIQUE INDEX teams_one_of_each ON teams (built_in) WHERE built_in <> '';

CREATE TABLE team_members (
  team_id {{int}} NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id);

-- The generations of master keys that ever made a digest here.
CREATE TABLE key_generations (
  id         {{int}} NOT NULL PRIMARY KEY,
  created_at {{time}} NOT NULL
);

CREATE TABLE api_keys (
  id           {{text}} NOT NULL PRIMARY KEY,
  user_id      {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose      {{text}} NOT NULL,
  purpose_fold {{text}} NOT NULL,
  prefix       {{text}} NOT NULL,
  pepper_id    {{int}} NOT NULL,
  digest       {{bytes}} NOT NULL,
  seal         {{bytes}} NOT NULL,
  parent_id    {{text}} NOT NULL DEFAULT '',
  form_id      {{text}},
  created_at   {{time}} NOT NULL,
  expires_at   {{time}} NOT NULL,
  revoked_at   {{time}},
  revoked_by   {{int}},
  last_used_at {{time}},
  last_used_ip {{text}} NOT NULL DEFAULT '',
  CONSTRAINT api_keys_end CHECK (expires_at > created_at),
  CONSTRAINT api_keys_digest_size CHECK (length(digest) = 32),
  CONSTRAINT api_keys_seal_size CHECK (length(seal) = 32)
);
CREATE UNIQUE INDEX api_keys_digest ON api_keys (pepper_id, digest);
CREATE UNIQUE INDEX api_keys_form ON api_keys (user_id, form_id) WHERE form_id IS NOT NULL;
CREATE INDEX api_keys_user_created ON api_keys (user_id, created_at, id);
-- Holds all that counting a user's keys by status needs.
CREATE INDEX api_keys_user_expires ON api_keys (user_id, expires_at, id, revoked_at);
CREATE INDEX api_keys_user_purpose ON api_keys (user_id, purpose_fold, id);
CREATE INDEX api_keys_ending ON api_keys (expires_at) WHERE revoked_at IS NULL;

-- The second wall: whatever the program believes, the database takes no key
-- for an owner who is absent or not active.
-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER api_keys_owner_active BEFORE INSERT ON api_keys
WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND is_active)
BEGIN
  SELECT RAISE(ABORT, 'api_keys_owner_active');
END;
-- +goose StatementEnd
-- end
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION api_keys_owner_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM users WHERE id = NEW.user_id AND is_active FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the owner of an API key must be an active user'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'api_keys_owner_active';
  END IF;
  RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER api_keys_owner_active BEFORE INSERT ON api_keys
  FOR EACH ROW EXECUTE FUNCTION api_keys_owner_active();
-- end

CREATE TABLE sessions (
  digest       {{bytes}} NOT NULL PRIMARY KEY,
  user_id      {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at   {{time}} NOT NULL,
  seen_at      {{time}} NOT NULL,
  ends_at      {{time}} NOT NULL,
  signed_in_at {{time}} NOT NULL,
  address      {{text}} NOT NULL DEFAULT '',
  user_agent   {{text}} NOT NULL DEFAULT '',
  flash        {{text}} NOT NULL DEFAULT '',
  CONSTRAINT sessions_end CHECK (ends_at > created_at)
);
CREATE INDEX sessions_user ON sessions (user_id, ends_at);

CREATE TABLE auth_settings (
  id                   {{int}} NOT NULL PRIMARY KEY,
  api_key_default_days {{int}} NOT NULL,
  api_key_maximum_days {{int}} NOT NULL,
  user_api_keys        {{bool}} NOT NULL,
  version              {{int}} NOT NULL,
  updated_at           {{time}} NOT NULL,
  CONSTRAINT auth_settings_one_row CHECK (id = 1),
  CONSTRAINT auth_settings_limits CHECK
    (api_key_default_days BETWEEN 1 AND api_key_maximum_days AND api_key_maximum_days <= 1096)
);

CREATE TABLE events (
  id              {{id}},
  category        {{text}} NOT NULL,
  occurred_at     {{time}} NOT NULL,
  user_id         {{int}},
  username        {{text}} NOT NULL,
  is_service      {{bool}} NOT NULL DEFAULT {{false}},
  identified_by   {{text}} NOT NULL DEFAULT '',
  api_key_id      {{text}} NOT NULL DEFAULT '',
  api_key_prefix  {{text}} NOT NULL DEFAULT '',
  address         {{text}} NOT NULL DEFAULT '',
  user_agent      {{text}} NOT NULL DEFAULT '',
  request_id      {{text}} NOT NULL DEFAULT '',
  message         {{text}} NOT NULL,
  refs            {{text}},
  differences     {{text}},
  document_type   {{text}} NOT NULL,
  document_id     {{text}} NOT NULL,
  related_user_id {{int}}
);
CREATE INDEX events_occurred ON events (occurred_at, id);
CREATE INDEX events_document ON events (document_id, id);

CREATE TABLE one_time_links (
  digest     {{bytes}} NOT NULL PRIMARY KEY,
  kind       {{text}} NOT NULL,
  user_id    {{int}} REFERENCES users (id) ON DELETE CASCADE,
  expires_at {{time}} NOT NULL,
  used_at    {{time}}
);

-- 511 is AllPermissions at the time of this file.
INSERT INTO teams (name, name_fold, permissions, built_in) VALUES
  ('Everyone', 'everyone', 0, 'everyone'),
  ('Keyport Administrators', 'keyport administrators', 511, 'administrators');

-- only sqlite
INSERT INTO auth_settings VALUES (1, 180, 366, 1, 1, CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
-- end
-- only postgres
INSERT INTO auth_settings VALUES (1, 180, 366, TRUE, 1, date_trunc('second', now()));
-- end

-- +goose Down
DROP TABLE one_time_links;
DROP TABLE events;
DROP TABLE auth_settings;
DROP TABLE sessions;
DROP TABLE api_keys;
-- only postgres
DROP FUNCTION api_keys_owner_active();
-- end
DROP TABLE key_generations;
DROP TABLE team_members;
DROP TABLE teams;
DROP TABLE users;
