-- +goose Up
-- Who a user is at an OpenID provider. A user has one identity at each, so that
-- whoever is given the e-mail address of somebody who left doesn't get the
-- account as well.
CREATE TABLE identities (
  id           {{id}},
  user_id      {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  issuer       {{text}} NOT NULL,
  subject      {{text}} NOT NULL,
  email        {{text}} NOT NULL DEFAULT '',
  created_at   {{time}} NOT NULL,
  last_used_at {{time}} NOT NULL,
  CONSTRAINT identities_named CHECK (issuer <> '' AND subject <> '')
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE UNIQUE INDEX identities_user ON identities (user_id, issuer);

-- Sign-ons that were begun and not finished yet: a row goes when its answer
-- comes, so each answer counts once on all replicas.
CREATE TABLE pending_sign_ons (
  digest      {{bytes}} NOT NULL PRIMARY KEY,
  return_path {{text}} NOT NULL,
  expires_at  {{time}} NOT NULL,
  CONSTRAINT pending_sign_ons_digest_size CHECK (length(digest) = 32)
);
CREATE INDEX pending_sign_ons_expires ON pending_sign_ons (expires_at);

-- LOWER changes A to Z only, on SQLite and in the collation "C".
CREATE INDEX users_mailbox ON users (LOWER(email));

-- +goose Down
DROP INDEX users_mailbox;
DROP TABLE pending_sign_ons;
DROP TABLE identities;
