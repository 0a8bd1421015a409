-- +goose Up
ALTER TABLE teams ADD COLUMN description {{text}} NOT NULL DEFAULT '';
-- Grows with each change, so that whoever saves what he saw before it is told.
ALTER TABLE teams ADD COLUMN version {{int}} NOT NULL DEFAULT 1;

-- The team that looks after a service account: its members make and revoke the
-- account's keys. A team that owns accounts can't be removed.
ALTER TABLE users ADD COLUMN owner_team_id {{int}}
  CONSTRAINT users_owner_team_service CHECK (owner_team_id IS NULL OR is_service)
  CONSTRAINT users_owner_team REFERENCES teams (id);
CREATE INDEX users_owned ON users (owner_team_id) WHERE owner_team_id IS NOT NULL;

-- +goose Down
DROP INDEX users_owned;
ALTER TABLE users DROP COLUMN owner_team_id;
ALTER TABLE teams DROP COLUMN version;
ALTER TABLE teams DROP COLUMN description;
