-- +goose Up
-- SQLite tells of whose keys a change is, as PostgreSQL does: a process goes on
-- knowing all others. Each change has the number that it raises the version to.

-- only sqlite
-- The last changes. Who has missed more forgets everybody's keys.
CREATE TABLE changed_users (
  place   {{int}} NOT NULL PRIMARY KEY,
  number  {{int}} NOT NULL,
  user_id {{int}} NOT NULL
);
DROP TRIGGER api_keys_changed;
DROP TRIGGER api_keys_gone;
DROP TRIGGER users_changed;
DROP TRIGGER users_gone;
-- +goose StatementBegin
CREATE TRIGGER api_keys_changed AFTER UPDATE OF id, user_id, pepper_id, digest, seal, parent_id, created_at, expires_at, revoked_at,
  access_level, services, allowed_networks, denied_networks ON api_keys
BEGIN
  UPDATE key_changes SET version = version + 1;
  INSERT INTO changed_users SELECT version % 1024, version, OLD.user_id FROM key_changes WHERE id = 1
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
  UPDATE key_changes SET version = version + 1 WHERE NEW.user_id <> OLD.user_id;
  INSERT INTO changed_users SELECT version % 1024, version, NEW.user_id FROM key_changes WHERE id = 1 AND NEW.user_id <> OLD.user_id
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_gone AFTER DELETE ON api_keys
BEGIN
  UPDATE key_changes SET version = version + 1;
  INSERT INTO changed_users SELECT version % 1024, version, OLD.user_id FROM key_changes WHERE id = 1
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_changed AFTER UPDATE OF id, username, is_service, is_active ON users
BEGIN
  UPDATE key_changes SET version = version + 1;
  INSERT INTO changed_users SELECT version % 1024, version, OLD.id FROM key_changes WHERE id = 1
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
  UPDATE key_changes SET version = version + 1 WHERE NEW.id <> OLD.id;
  INSERT INTO changed_users SELECT version % 1024, version, NEW.id FROM key_changes WHERE id = 1 AND NEW.id <> OLD.id
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_gone AFTER DELETE ON users
BEGIN
  UPDATE key_changes SET version = version + 1;
  INSERT INTO changed_users SELECT version % 1024, version, OLD.id FROM key_changes WHERE id = 1
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, user_id = excluded.user_id;
END;
-- +goose StatementEnd
-- end

-- +goose Down
-- only sqlite
DROP TRIGGER api_keys_changed;
DROP TRIGGER api_keys_gone;
DROP TRIGGER users_changed;
DROP TRIGGER users_gone;
-- +goose StatementBegin
CREATE TRIGGER api_keys_changed AFTER UPDATE OF id, user_id, pepper_id, digest, seal, parent_id, created_at, expires_at, revoked_at,
  access_level, services, allowed_networks, denied_networks ON api_keys
BEGIN UPDATE key_changes SET version = version + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_gone AFTER DELETE ON api_keys
BEGIN UPDATE key_changes SET version = version + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_changed AFTER UPDATE OF id, username, is_service, is_active ON users
BEGIN UPDATE key_changes SET version = version + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_gone AFTER DELETE ON users
BEGIN UPDATE key_changes SET version = version + 1; END;
-- +goose StatementEnd
DROP TABLE changed_users;
-- end
