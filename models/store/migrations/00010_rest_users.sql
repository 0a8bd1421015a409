-- +goose Up
-- What clients of the REST API say users are called elsewhere, as JSON. It is
-- given back as it came, and nobody signs in by it.
CREATE TABLE recorded_identities (
  user_id    {{int}} NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  identities {{text}} NOT NULL
);

-- Codes by which somebody who is no user yet becomes one. Only their digests
-- are here.
CREATE TABLE invitations (
  id         {{id}},
  digest     {{bytes}} NOT NULL,
  team_ids   {{text}} NOT NULL,
  made_by    {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  key_id     {{text}} NOT NULL DEFAULT '',
  created_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  used_at    {{time}},
  CONSTRAINT invitations_digest_size CHECK (length(digest) = 32)
);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE INDEX invitations_maker ON invitations (made_by);

-- +goose Down
DROP TABLE invitations;
DROP TABLE recorded_identities;
