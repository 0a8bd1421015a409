-- +goose Up
-- Who wants no more mail of a subscription.
CREATE TABLE unsubscriptions (
  subscription_id {{int}} NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
  user_id         {{int}} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at      {{time}} NOT NULL,
  PRIMARY KEY (subscription_id, user_id)
);

-- +goose Down
DROP TABLE unsubscriptions;
