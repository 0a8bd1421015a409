-- +goose Up
-- Replicas know of every key that it exists, so that they can refuse a flood of
-- keys that nobody made without a question to the database. The database tells of
-- new ones, by the first eight bytes of their digests.

-- only sqlite
ALTER TABLE key_changes ADD COLUMN keys_made {{int}} NOT NULL DEFAULT 0;

-- The last ones that were made. Who has missed more reads all keys again.
CREATE TABLE new_keys (
  place  {{int}} NOT NULL PRIMARY KEY,
  number {{int}} NOT NULL,
  digest {{bytes}} NOT NULL
);
-- +goose StatementBegin
CREATE TRIGGER api_keys_made AFTER INSERT ON api_keys
BEGIN
  UPDATE key_changes SET keys_made = keys_made + 1;
  INSERT INTO new_keys SELECT keys_made % 1024, keys_made, substr(NEW.digest, 1, 8) FROM key_changes WHERE id = 1
    ON CONFLICT (place) DO UPDATE SET number = excluded.number, digest = excluded.digest;
END;
-- +goose StatementEnd
-- end

-- On a channel of its own: versions before this one would take it for a change of
-- everybody's keys. Many at once are told as one word, after which all are read.
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION tell_new_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM (SELECT 1 FROM made LIMIT 21) AS few) > 20 THEN
    PERFORM pg_notify('keyport_new_keys', 'many');
  ELSE
    PERFORM pg_notify('keyport_new_keys', encode(substr(digest, 1, 8), 'hex')) FROM made;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER api_keys_made AFTER INSERT ON api_keys REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tell_new_keys();
-- end

-- +goose Down
-- only sqlite
DROP TRIGGER api_keys_made;
DROP TABLE new_keys;
ALTER TABLE key_changes DROP COLUMN keys_made;
-- end
-- only postgres
DROP TRIGGER api_keys_made ON api_keys;
DROP FUNCTION tell_new_keys();
-- end
