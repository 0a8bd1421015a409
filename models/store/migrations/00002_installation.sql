-- +goose Up
-- The one row tells installations apart: clients name it in the cookies and
-- caches that they keep for several servers.
CREATE TABLE installation (
  id         {{int}} NOT NULL PRIMARY KEY,
  uuid       {{text}} NOT NULL,
  created_at {{time}} NOT NULL,
  CONSTRAINT installation_one_row CHECK (id = 1)
);

-- +goose Down
DROP TABLE installation;
