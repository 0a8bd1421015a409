-- +goose Up
-- When a link was mailed to a person who asked for it: these are counted, so
-- that nobody's mailbox can be filled by others.
ALTER TABLE one_time_links ADD COLUMN mailed_at {{time}};
CREATE INDEX one_time_links_user ON one_time_links (user_id, expires_at);

-- A link ends where the account changes under it, whatever part of the program
-- changes it: the person is deactivated, gets a password or another address.
-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER one_time_links_end AFTER UPDATE OF is_active, password_hash, email ON users
WHEN NOT NEW.is_active OR NEW.password_hash <> OLD.password_hash OR NEW.email <> OLD.email
BEGIN
  UPDATE one_time_links SET used_at = expires_at WHERE user_id = NEW.id AND used_at IS NULL;
END;
-- +goose StatementEnd
-- end
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION one_time_links_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE one_time_links SET used_at = expires_at WHERE user_id = NEW.id AND used_at IS NULL;
  RETURN NULL;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER one_time_links_end AFTER UPDATE OF is_active, password_hash, email ON users FOR EACH ROW
  WHEN (NOT NEW.is_active OR NEW.password_hash <> OLD.password_hash OR NEW.email <> OLD.email)
  EXECUTE FUNCTION one_time_links_end();
-- end

-- +goose Down
-- only sqlite
DROP TRIGGER one_time_links_end;
-- end
-- only postgres
DROP TRIGGER one_time_links_end ON users;
DROP FUNCTION one_time_links_end();
-- end
DROP INDEX one_time_links_user;
ALTER TABLE one_time_links DROP COLUMN mailed_at;
