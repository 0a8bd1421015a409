-- +goose Up
-- The database tells of whose keys a change is, so that replicas go on knowing
-- all others. Users share 4096 places: what a transaction tells is short, however
-- much it changes. A transaction also knows what it has told, because the process
-- that made the change must hear of it before it answers.

-- only postgres
-- +goose StatementBegin
CREATE FUNCTION tell_user_change(changed BIGINT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  told  TEXT := COALESCE(current_setting('keyport.told', true), '');
  place TEXT := mod(changed, 4096)::TEXT;
BEGIN
  IF told = 'all' OR position(',' || place || ',' IN told) > 0 THEN
    RETURN;
  END IF;
  IF changed IS NULL OR length(told) > 2000 THEN
    told := 'all';
    PERFORM pg_notify('keyport_key_changes', '');
  ELSE
    told := CASE told WHEN '' THEN ',' ELSE told END || place || ',';
    PERFORM pg_notify('keyport_key_changes', place);
  END IF;
  PERFORM set_config('keyport.told', told, true);
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION tell_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tell_user_change(OLD.user_id);
  IF TG_OP = 'UPDATE' THEN
    PERFORM tell_user_change(NEW.user_id);
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION tell_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tell_user_change(OLD.id);
  IF TG_OP = 'UPDATE' THEN
    PERFORM tell_user_change(NEW.id);
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tell_user_change(NULL);
  RETURN NULL;
END
$$;
-- +goose StatementEnd
DROP TRIGGER api_keys_changed ON api_keys;
DROP TRIGGER api_keys_gone ON api_keys;
DROP TRIGGER users_changed ON users;
DROP TRIGGER users_gone ON users;
CREATE TRIGGER api_keys_changed AFTER UPDATE OF id, user_id, pepper_id, digest, seal, parent_id, created_at, expires_at, revoked_at,
  access_level, services, allowed_networks, denied_networks ON api_keys FOR EACH ROW EXECUTE FUNCTION tell_of_key();
CREATE TRIGGER api_keys_gone AFTER DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION tell_of_key();
CREATE TRIGGER api_keys_emptied AFTER TRUNCATE ON api_keys EXECUTE FUNCTION tell_key_changes();
CREATE TRIGGER users_changed AFTER UPDATE OF id, username, is_service, is_active ON users FOR EACH ROW EXECUTE FUNCTION tell_of_user();
CREATE TRIGGER users_gone AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION tell_of_user();
CREATE TRIGGER users_emptied AFTER TRUNCATE ON users EXECUTE FUNCTION tell_key_changes();
-- end

-- +goose Down
-- only postgres
DROP TRIGGER api_keys_changed ON api_keys;
DROP TRIGGER api_keys_gone ON api_keys;
DROP TRIGGER api_keys_emptied ON api_keys;
DROP TRIGGER users_changed ON users;
DROP TRIGGER users_gone ON users;
DROP TRIGGER users_emptied ON users;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP FUNCTION tell_of_key();
DROP FUNCTION tell_of_user();
DROP FUNCTION tell_user_change(BIGINT);
-- end
