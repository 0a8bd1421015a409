-- +goose Up
-- From where each key was used lately: its newest clients, and no more.
CREATE TABLE api_key_uses (
  key_id     {{text}} NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  address    {{text}} NOT NULL,
  user_agent {{text}} NOT NULL,
  used_at    {{time}} NOT NULL,
  PRIMARY KEY (key_id, address, user_agent)
);

-- When the use of a key was last written down, which bounds how often that is.
ALTER TABLE api_keys ADD COLUMN use_written_at {{time}};

-- +goose Down
ALTER TABLE api_keys DROP COLUMN use_written_at;
DROP TABLE api_key_uses;
