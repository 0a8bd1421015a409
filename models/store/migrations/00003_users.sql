-- +goose Up
-- When a session or key of the user was last used, to the minute.
ALTER TABLE users ADD COLUMN seen_at {{time}};
-- Grows with each change, so that whoever saves what he saw before it is told.
ALTER TABLE users ADD COLUMN version {{int}} NOT NULL DEFAULT 1;
-- Folded by the program, because the databases disagree on what the lower case
-- of non-ASCII letters is. '' is for rows that an older program has written;
-- the program fills them in when it starts.
ALTER TABLE users ADD COLUMN display_name_fold {{text}} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN email_fold {{text}} NOT NULL DEFAULT '';
CREATE INDEX users_name ON users (display_name_fold, id);
CREATE INDEX users_seen ON users ((seen_at IS NOT NULL), seen_at, id);

-- +goose Down
DROP INDEX users_seen;
DROP INDEX users_name;
ALTER TABLE users DROP COLUMN email_fold;
ALTER TABLE users DROP COLUMN display_name_fold;
ALTER TABLE users DROP COLUMN version;
ALTER TABLE users DROP COLUMN seen_at;
