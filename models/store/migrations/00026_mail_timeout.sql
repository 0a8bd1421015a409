-- +goose Up
-- How long a letter may take, in milliseconds. Where the schema is newer than
-- the program, it is the half minute that it always was.
ALTER TABLE mail_settings ADD COLUMN timeout_ms {{int}} NOT NULL DEFAULT 30000;

-- +goose Down
ALTER TABLE mail_settings DROP COLUMN timeout_ms;
