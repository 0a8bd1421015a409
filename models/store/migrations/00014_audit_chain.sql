-- +goose Up
-- Each event from here on carries a MAC over itself and the MAC of the event
-- before it, so that nobody can alter, remove or insert one unseen. Its id is its
-- place in the chain.
ALTER TABLE events ADD COLUMN mac {{bytes}};
ALTER TABLE events ADD COLUMN mac_key {{int}};

-- The newest link of the chain. Whoever appends holds this row until the commit,
-- so ids come in the order of commits and without gaps.
CREATE TABLE audit_head (
  id       {{int}} NOT NULL PRIMARY KEY,
  event_id {{int}} NOT NULL,
  mac      {{bytes}} NOT NULL,
  CONSTRAINT audit_head_one_row CHECK (id = 1)
);

-- Where the chain begins: after this event. The first row stands for all events
-- from before there was a chain and has no seal; retention leaves further ones.
CREATE TABLE audit_checkpoints (
  event_id   {{int}} NOT NULL PRIMARY KEY,
  mac        {{bytes}} NOT NULL,
  mac_key    {{int}},
  seal       {{bytes}},
  created_at {{time}} NOT NULL
);

-- only sqlite
INSERT INTO audit_head SELECT 1, COALESCE(MAX(id), 0), zeroblob(32) FROM events;
INSERT INTO audit_checkpoints SELECT COALESCE(MAX(id), 0), zeroblob(32), NULL, NULL, CAST(strftime('%s', 'now') AS INTEGER) * 1000000 FROM events;
-- end
-- only postgres
INSERT INTO audit_head SELECT 1, COALESCE(MAX(id), 0), decode(repeat('00', 32), 'hex') FROM events;
INSERT INTO audit_checkpoints SELECT COALESCE(MAX(id), 0), decode(repeat('00', 32), 'hex'), NULL, NULL, date_trunc('second', now()) FROM events;
-- end

-- For the questions that people ask of the trail. The id stands for the time.
CREATE INDEX events_category ON events (category, id);
CREATE INDEX events_user ON events (user_id, id);
CREATE INDEX events_related ON events (related_user_id, id);
CREATE INDEX events_type ON events (document_type, id);
CREATE INDEX events_key ON events (api_key_id, id) WHERE api_key_id <> '';

-- A statement that went astray changes no event, and removes only those that a
-- checkpoint has accounted for.
-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_kept BEFORE DELETE ON events
WHEN OLD.id > (SELECT MAX(event_id) FROM audit_checkpoints)
BEGIN
  SELECT RAISE(ABORT, 'events are removed by retention only');
END;
-- +goose StatementEnd
-- end
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION events_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    RAISE EXCEPTION 'events are never changed';
  ELSIF OLD.id > (SELECT MAX(event_id) FROM audit_checkpoints) THEN
    RAISE EXCEPTION 'events are removed by retention only';
  END IF;
  RETURN OLD;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER events_guard BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_guard();
-- end

-- How long events are kept, and when the newest ones were put into the log.
CREATE TABLE audit_settings (
  id             {{int}} NOT NULL PRIMARY KEY,
  retention_days {{int}} NOT NULL,
  version        {{int}} NOT NULL,
  CONSTRAINT audit_settings_one_row CHECK (id = 1),
  CONSTRAINT audit_settings_limits CHECK (retention_days BETWEEN 1 AND 3660)
);
INSERT INTO audit_settings VALUES (1, 90, 1);

-- +goose Down
DROP TABLE audit_settings;
-- only sqlite
DROP TRIGGER events_kept;
DROP TRIGGER events_unchanged;
-- end
-- only postgres
DROP TRIGGER events_guard ON events;
DROP FUNCTION events_guard();
-- end
DROP INDEX events_key;
DROP INDEX events_type;
DROP INDEX events_related;
DROP INDEX events_user;
DROP INDEX events_category;
DROP TABLE audit_checkpoints;
DROP TABLE audit_head;
ALTER TABLE events DROP COLUMN mac_key;
ALTER TABLE events DROP COLUMN mac;
