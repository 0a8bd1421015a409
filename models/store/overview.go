package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// Overview is how things stand in the database, for whoever watches it. It is
// the same on all replicas.
type Overview struct {
	LiveKeys, Within20Days, Within10Days int64 // keys that work, and how many of them end so soon
	PendingWebhooks, PendingMails        int64
	Overdue                              time.Duration // how long the delivery waits that should have gone out first
	UnseenEvents                         int64         // that nobody has looked at for sending
	ExpiryTask                           time.Time     // when it last ended, zero for never
}

// Overview counts. It reads indexes, not rows, but each entry of a live key: ask
// once a minute and not more.
func (s *Store) Overview(ctx context.Context) (o Overview, err error) {
	err = s.snapshot(ctx, func(db *gorm.DB) error {
		now := s.Now()
		day := 24 * time.Hour
		const live = "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND expires_at > ?"
		row := db.Raw(`SELECT (`+live+`), (`+live+` AND expires_at <= ?), (`+live+` AND expires_at <= ?),
			(SELECT count(*) FROM deliveries WHERE state = 'pending' AND channel = ?), (SELECT count(*) FROM deliveries WHERE state = 'pending' AND channel = ?),
			(SELECT h.event_id - f.event_id FROM audit_head h, fan_out f)`,
			now, now, now.Add(models.WarningDays*day), now, now.Add(models.UrgentDays*day), models.ChannelWebhook, models.ChannelEmail).Row()
		if err := row.Scan(&o.LiveKeys, &o.Within20Days, &o.Within10Days, &o.PendingWebhooks, &o.PendingMails, &o.UnseenEvents); err != nil {
			return err
		}
		return o.readTimes(db, now)
	})
	return o, s.failure("overview", err)
}

func (o *Overview) readTimes(db *gorm.DB, now time.Time) error {
	var due []time.Time
	err := db.Model(&models.Delivery{}).Where("state = 'pending' AND channel IN ?", deliveryChannels[:]).Order("next_attempt_at").Limit(1).Pluck("next_attempt_at", &due).Error
	if err != nil {
		return err
	}
	if len(due) > 0 && due[0].Before(now) {
		o.Overdue = now.Sub(due[0])
	}
	var ended []time.Time
	err = db.Model(&models.ScheduledTask{}).Where("name = ? AND finished_at IS NOT NULL", models.ExpiryTask).Pluck("finished_at", &ended).Error
	if err == nil && len(ended) > 0 {
		o.ExpiryTask = ended[0]
	}
	return err
}
