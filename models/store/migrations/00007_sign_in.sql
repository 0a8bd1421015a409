-- +goose Up
-- How often somebody tried to sign in. The name of a counter is a keyed digest
-- of what it counts. Times are microseconds since 1970, so that one statement
-- can raise a counter and work out the wait on both databases.
CREATE TABLE sign_in_counters (
  name          {{bytes}} NOT NULL PRIMARY KEY,
  tries         {{int}} NOT NULL,
  blocked_until {{int}} NOT NULL,
  forget_at     {{int}} NOT NULL
);
CREATE INDEX sign_in_counters_forget ON sign_in_counters (forget_at);

-- Browsers in which somebody has signed in. They sign nobody in.
CREATE TABLE known_devices (
  id         {{bytes}} NOT NULL PRIMARY KEY,
  user_id    {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at {{time}} NOT NULL,
  ends_at    {{time}} NOT NULL
);
CREATE INDEX known_devices_user ON known_devices (user_id, created_at);
CREATE INDEX known_devices_end ON known_devices (ends_at);

-- secret is encrypted, with the master key that key_id names.
CREATE TABLE totp_secrets (
  user_id    {{int}} NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret     {{bytes}} NOT NULL,
  key_id     {{int}} NOT NULL,
  confirmed  {{bool}} NOT NULL DEFAULT {{false}},
  last_step  {{int}} NOT NULL DEFAULT 0,
  created_at {{time}} NOT NULL
);

CREATE TABLE passkeys (
  id            {{id}},
  user_id       {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id {{bytes}} NOT NULL,
  user_handle   {{bytes}} NOT NULL,
  record        {{text}} NOT NULL,
  name          {{text}} NOT NULL,
  created_at    {{time}} NOT NULL,
  last_used_at  {{time}}
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_user ON passkeys (user_id, id);

CREATE TABLE recovery_codes (
  digest  {{bytes}} NOT NULL PRIMARY KEY,
  user_id {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  used_at {{time}}
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- Challenges that a passkey has answered: none is taken twice.
CREATE TABLE answered_challenges (
  digest  {{bytes}} NOT NULL PRIMARY KEY,
  ends_at {{time}} NOT NULL
);

-- What a person is told after the next sign-in.
CREATE TABLE sign_in_notes (
  user_id {{int}} NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  kind    {{text}} NOT NULL
);

-- +goose Down
DROP TABLE sign_in_notes;
DROP TABLE answered_challenges;
DROP TABLE recovery_codes;
DROP TABLE passkeys;
DROP TABLE totp_secrets;
DROP TABLE known_devices;
DROP TABLE sign_in_counters;
