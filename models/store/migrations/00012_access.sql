-- +goose Up
-- What a key may be used for besides its owner's rights. Keys from before there
-- was a choice may be used for everything. Lists are names or networks with
-- blanks between them.
ALTER TABLE api_keys ADD COLUMN access_level {{text}} NOT NULL DEFAULT 'FullAccess' CONSTRAINT api_keys_access_level CHECK (access_level IN ('FullAccess', 'ReadOnly'));
ALTER TABLE api_keys ADD COLUMN services {{text}} NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN allowed_networks {{text}} NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN denied_networks {{text}} NOT NULL DEFAULT '';

-- Rotation: the key in whose place a key came, and whether that one ends when
-- the new one is first used. Only the newest of a chain is looked for.
ALTER TABLE api_keys ADD COLUMN predecessor_id {{text}} NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN ends_old {{bool}} NOT NULL DEFAULT {{false}};
CREATE INDEX api_keys_predecessor ON api_keys (predecessor_id) WHERE predecessor_id <> '';

-- +goose Down
DROP INDEX api_keys_predecessor;
ALTER TABLE api_keys DROP COLUMN ends_old;
ALTER TABLE api_keys DROP COLUMN predecessor_id;
ALTER TABLE api_keys DROP COLUMN denied_networks;
ALTER TABLE api_keys DROP COLUMN allowed_networks;
ALTER TABLE api_keys DROP COLUMN services;
ALTER TABLE api_keys DROP COLUMN access_level;
