-- +goose Up
-- One index for each order of the list of all keys. What a key's status follows
-- from stands at the end of each, so that a list of usable keys passes the
-- others by without looking at their rows; and the last use in the first one,
-- because many ask which of the keys that end soon are still in use.
CREATE INDEX api_keys_expires ON api_keys (expires_at, id, revoked_at, last_used_at);
CREATE INDEX api_keys_created ON api_keys (created_at, id, expires_at, revoked_at);
CREATE INDEX api_keys_purpose ON api_keys (purpose_fold, id, expires_at, revoked_at);
DROP INDEX api_keys_ending; -- api_keys_expires holds the same

-- A key that was never used counts as used in 1970.
-- only sqlite
CREATE INDEX api_keys_used ON api_keys (COALESCE(last_used_at, 0), id, expires_at, revoked_at);
-- end
-- only postgres
CREATE INDEX api_keys_used ON api_keys (COALESCE(last_used_at, '1970-01-01 00:00:00+00'::timestamptz), id, expires_at, revoked_at);

-- To find revoked keys where there are few of them. SQLite does not use it.
CREATE INDEX api_keys_revoked ON api_keys (expires_at, id) WHERE revoked_at IS NOT NULL;

-- All pieces of three characters of a text. A text that holds another one holds
-- all pieces of it, and an index over pieces finds those few rows among a
-- million. It needs no extension, which not every server lets a program install.
-- +goose StatementBegin
CREATE FUNCTION keyport_pieces(s text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT COALESCE(array_agg(DISTINCT substr(s, n, 3)), '{}') FROM generate_series(1, length(s) - 2) AS n
$$;
-- +goose StatementEnd
CREATE INDEX api_keys_purpose_pieces ON api_keys USING gin (keyport_pieces(purpose_fold));
-- end

-- The work of revoking many keys at once, and the keys it is about. Users and
-- keys may be deleted while it is under way.
CREATE TABLE revocations (
  id            {{id}},
  form_id       {{text}} NOT NULL,
  user_id       {{int}} NOT NULL,
  username      {{text}} NOT NULL,
  identified_by {{text}} NOT NULL DEFAULT '',
  address       {{text}} NOT NULL DEFAULT '',
  user_agent    {{text}} NOT NULL DEFAULT '',
  request_id    {{text}} NOT NULL DEFAULT '',
  reason        {{text}} NOT NULL,
  query         {{text}} NOT NULL DEFAULT '',
  selection     {{text}} NOT NULL,
  total         {{int}} NOT NULL,
  revoked       {{int}} NOT NULL DEFAULT 0,
  skipped       {{int}} NOT NULL DEFAULT 0,
  started_at    {{time}} NOT NULL,
  finished_at   {{time}},
  stopped       {{text}} NOT NULL DEFAULT '',
  CONSTRAINT revocations_reason CHECK (reason <> ''),
  CONSTRAINT revocations_done CHECK (revoked + skipped <= total)
);
CREATE UNIQUE INDEX revocations_form ON revocations (user_id, form_id);
CREATE INDEX revocations_running ON revocations (id) WHERE finished_at IS NULL;

CREATE TABLE revocation_keys (
  revocation_id {{int}} NOT NULL REFERENCES revocations (id) ON DELETE CASCADE,
  key_id        {{text}} NOT NULL,
  outcome       {{text}} NOT NULL DEFAULT '',
  PRIMARY KEY (revocation_id, key_id)
);
CREATE INDEX revocation_keys_open ON revocation_keys (revocation_id, key_id) WHERE outcome = '';

-- +goose Down
DROP TABLE revocation_keys;
DROP TABLE revocations;
DROP INDEX api_keys_used;
-- only postgres
DROP INDEX api_keys_purpose_pieces;
DROP INDEX api_keys_revoked;
DROP FUNCTION keyport_pieces(text);
-- end
CREATE INDEX api_keys_ending ON api_keys (expires_at) WHERE revoked_at IS NULL;
DROP INDEX api_keys_purpose;
DROP INDEX api_keys_created;
DROP INDEX api_keys_expires;
