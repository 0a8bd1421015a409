-- +goose Up
-- The processes that share a PostgreSQL database, what each of them has heard,
-- and when. Ids of events come in the order of commits, so that one number says
-- it all: who has heard up to an event has heard whatever was committed before.

-- only postgres
CREATE TABLE replicas (
  id         {{text}} NOT NULL PRIMARY KEY,
  host       {{text}} NOT NULL,
  version    {{text}} NOT NULL,
  started_at {{time}} NOT NULL,
  beat_at    {{time}} NOT NULL,
  heard      {{int}} NOT NULL
);
CREATE TABLE replica_heard (
  replica_id {{text}} NOT NULL,
  heard      {{int}} NOT NULL,
  at         {{time}} NOT NULL,
  PRIMARY KEY (replica_id, heard)
);

-- When the transactions committed that changed what keys open, and the events
-- that they wrote. All times of these tables are of the database's clock.
CREATE TABLE told_changes (
  last_event  {{int}} NOT NULL PRIMARY KEY,
  first_event {{int}} NOT NULL,
  at          {{time}} NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION note_told_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF COALESCE(current_setting('keyport.told', true), '') <> '' THEN
    INSERT INTO told_changes VALUES (NEW.event_id, OLD.event_id + 1, clock_timestamp()) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_head_moved AFTER UPDATE OF event_id ON audit_head FOR EACH ROW WHEN (NEW.event_id > OLD.event_id) EXECUTE FUNCTION note_told_change();

-- A changed policy is told of like a changed key, so that replicas answer for it.
-- +goose StatementBegin
CREATE FUNCTION tell_settings_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('keyport_key_changes', 'settings');
  PERFORM set_config('keyport.told', COALESCE(NULLIF(current_setting('keyport.told', true), ''), ',') || 'settings,', true);
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER auth_settings_changed AFTER UPDATE ON auth_settings FOR EACH STATEMENT EXECUTE FUNCTION tell_settings_change();
-- end

-- +goose Down
-- only postgres
DROP TRIGGER auth_settings_changed ON auth_settings;
DROP FUNCTION tell_settings_change();
DROP TRIGGER audit_head_moved ON audit_head;
DROP FUNCTION note_told_change();
DROP TABLE told_changes;
DROP TABLE replica_heard;
DROP TABLE replicas;
-- end
