-- +goose Up
-- Which events have been looked at for sending: all up to this one. Ids come in
-- the order of commits, so nothing appears behind it later.
CREATE TABLE fan_out (
  id       {{int}} NOT NULL PRIMARY KEY,
  event_id {{int}} NOT NULL,
  CONSTRAINT fan_out_one_row CHECK (id = 1)
);
INSERT INTO fan_out SELECT 1, event_id FROM audit_head;

CREATE TABLE deliveries (
  id              {{id}},
  subscription_id {{int}} NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
  event_id        {{int}} NOT NULL,
  channel         {{text}} NOT NULL,
  recipient_id    {{int}} NOT NULL DEFAULT 0,
  state           {{text}} NOT NULL,
  attempts        {{int}} NOT NULL DEFAULT 0,
  next_attempt_at {{time}} NOT NULL,
  claimed_until   {{time}},
  created_at      {{time}} NOT NULL,
  attempted_at    {{time}},
  code            {{int}} NOT NULL DEFAULT 0,
  millis          {{int}} NOT NULL DEFAULT 0,
  problem         {{text}} NOT NULL DEFAULT '',
  CONSTRAINT deliveries_channel CHECK (channel IN ('webhook', 'email')),
  CONSTRAINT deliveries_state CHECK (state IN ('pending', 'delivered', 'failed', 'dropped'))
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (subscription_id, event_id, channel, recipient_id);
CREATE INDEX deliveries_due ON deliveries (channel, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_shown ON deliveries (subscription_id, id);
CREATE INDEX deliveries_old ON deliveries (created_at) WHERE state <> 'pending';

-- What webhooks are signed with, locked; the secret before signs as well for a
-- while.
ALTER TABLE subscriptions ADD COLUMN secret_box {{bytes}};
ALTER TABLE subscriptions ADD COLUMN old_secret_box {{bytes}};
ALTER TABLE subscriptions ADD COLUMN old_secret_until {{time}};

-- +goose Down
ALTER TABLE subscriptions DROP COLUMN old_secret_until;
ALTER TABLE subscriptions DROP COLUMN old_secret_box;
ALTER TABLE subscriptions DROP COLUMN secret_box;
DROP TABLE deliveries;
DROP TABLE fan_out;
