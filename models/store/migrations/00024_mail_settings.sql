-- +goose Up
-- The mail server that administrators chose, where the environment names none.
-- Its password is locked with the master key.
CREATE TABLE mail_settings (
  id           {{int}} NOT NULL PRIMARY KEY,
  host         {{text}} NOT NULL,
  port         {{int}} NOT NULL,
  encryption   {{text}} NOT NULL,
  login        {{text}} NOT NULL,
  password_box {{bytes}},
  sender       {{text}} NOT NULL,
  version      {{int}} NOT NULL,
  CONSTRAINT mail_settings_one_row CHECK (id = 1)
);
INSERT INTO mail_settings (id, host, port, encryption, login, sender, version) VALUES (1, '', 587, 'starttls', '', '', 1);

-- +goose Down
DROP TABLE mail_settings;
