-- +goose Up
-- Replicas keep a copy of the services, because each call of each service asks
-- for one. Like changes of keys, those of services are told by the database.

-- only sqlite
ALTER TABLE key_changes ADD COLUMN services_version {{int}} NOT NULL DEFAULT 1;

-- +goose StatementBegin
CREATE TRIGGER services_made AFTER INSERT ON services
BEGIN UPDATE key_changes SET services_version = services_version + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER services_changed AFTER UPDATE ON services
BEGIN UPDATE key_changes SET services_version = services_version + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER services_gone AFTER DELETE ON services
BEGIN UPDATE key_changes SET services_version = services_version + 1; END;
-- +goose StatementEnd
-- end

-- only postgres
-- +goose StatementBegin
CREATE FUNCTION tell_service_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('keyport_key_changes', 'services');
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER services_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON services EXECUTE FUNCTION tell_service_changes();
-- end

-- +goose Down
-- only sqlite
DROP TRIGGER services_made;
DROP TRIGGER services_changed;
DROP TRIGGER services_gone;
ALTER TABLE key_changes DROP COLUMN services_version;
-- end
-- only postgres
DROP TRIGGER services_changed ON services;
DROP FUNCTION tell_service_changes();
-- end
