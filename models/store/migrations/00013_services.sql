-- +goose Up
-- The services that accept Keyport's keys.
CREATE TABLE services (
  id              {{id}},
  name            {{text}} NOT NULL,
  description     {{text}} NOT NULL DEFAULT '',
  rate_per_minute {{int}} NOT NULL DEFAULT 0,
  read_only       {{text}} NOT NULL,
  created_at      {{time}} NOT NULL,
  version         {{int}} NOT NULL DEFAULT 1,
  CONSTRAINT services_named CHECK (name <> ''),
  CONSTRAINT services_rate CHECK (rate_per_minute >= 0)
);
CREATE UNIQUE INDEX services_name ON services (name);

-- +goose Down
DROP TABLE services;
