-- +goose Up
-- Whatever changes what a key opens is told to all replicas, by the database and
-- not by the program: a way to write that somebody forgets can't keep a revoked
-- key alive in a cache. The last use of a key and its purpose change nothing.

-- only sqlite
CREATE TABLE key_changes (
  id      {{int}} NOT NULL PRIMARY KEY,
  version {{int}} NOT NULL,
  CONSTRAINT key_changes_one_row CHECK (id = 1)
);
INSERT INTO key_changes VALUES (1, 1);

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
-- end

-- only postgres
-- +goose StatementBegin
CREATE FUNCTION tell_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('keyport_key_changes', '');
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER api_keys_changed AFTER UPDATE OF id, user_id, pepper_id, digest, seal, parent_id, created_at, expires_at, revoked_at,
  access_level, services, allowed_networks, denied_networks ON api_keys EXECUTE FUNCTION tell_key_changes();
CREATE TRIGGER api_keys_gone AFTER DELETE OR TRUNCATE ON api_keys EXECUTE FUNCTION tell_key_changes();
CREATE TRIGGER users_changed AFTER UPDATE OF id, username, is_service, is_active ON users EXECUTE FUNCTION tell_key_changes();
CREATE TRIGGER users_gone AFTER DELETE OR TRUNCATE ON users EXECUTE FUNCTION tell_key_changes();
-- end

-- +goose Down
-- only sqlite
DROP TRIGGER api_keys_changed;
DROP TRIGGER api_keys_gone;
DROP TRIGGER users_changed;
DROP TRIGGER users_gone;
DROP TABLE key_changes;
-- end
-- only postgres
DROP TRIGGER api_keys_changed ON api_keys;
DROP TRIGGER api_keys_gone ON api_keys;
DROP TRIGGER users_changed ON users;
DROP TRIGGER users_gone ON users;
DROP FUNCTION tell_key_changes();
-- end
