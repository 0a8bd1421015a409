-- +goose Up
-- By what a service account is called elsewhere, see OIDCIdentityList. It is made
-- when somebody first asks for it, and never changes.
CREATE TABLE service_account_ids (
  user_id     {{int}} NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  external_id {{text}} NOT NULL
);
CREATE UNIQUE INDEX service_account_ids_external ON service_account_ids (external_id);

-- Whose tokens may be exchanged for access tokens of a service account.
CREATE TABLE oidc_identities (
  id         {{id}},
  user_id    {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name       {{text}} NOT NULL,
  issuer     {{text}} NOT NULL,
  subject    {{text}} NOT NULL,
  audience   {{text}} NOT NULL DEFAULT '',
  created_at {{time}} NOT NULL,
  version    {{int}} NOT NULL DEFAULT 1,
  CONSTRAINT oidc_identities_named CHECK (name <> '' AND issuer <> '' AND subject <> '')
);
CREATE INDEX oidc_identities_user ON oidc_identities (user_id, id);

-- Keys that sign access tokens, locked with the master key. Each has the number
-- after the one before it, so that of several replicas only one makes the next.
CREATE TABLE signing_keys (
  id          {{text}} NOT NULL PRIMARY KEY,
  serial      {{int}} NOT NULL,
  private_key {{bytes}} NOT NULL,
  key_id      {{int}} NOT NULL,
  created_at  {{time}} NOT NULL
);
CREATE UNIQUE INDEX signing_keys_serial ON signing_keys (serial);

-- +goose Down
DROP TABLE signing_keys;
DROP TABLE oidc_identities;
DROP TABLE service_account_ids;
