-- +goose Up
-- Private addresses at which a calendar program reads when keys end: those of a
-- person, or of the service accounts that a team owns.
CREATE TABLE calendar_feeds (
  id         {{id}},
  user_id    {{int}} REFERENCES users (id) ON DELETE CASCADE,
  team_id    {{int}} REFERENCES teams (id) ON DELETE CASCADE,
  digest     {{bytes}} NOT NULL,
  created_at {{time}} NOT NULL,
  CONSTRAINT calendar_feeds_of_one CHECK ((user_id IS NULL) <> (team_id IS NULL))
);
CREATE UNIQUE INDEX calendar_feeds_digest ON calendar_feeds (digest);
CREATE UNIQUE INDEX calendar_feeds_user ON calendar_feeds (user_id);
CREATE UNIQUE INDEX calendar_feeds_team ON calendar_feeds (team_id);

-- +goose Down
DROP TABLE calendar_feeds;
