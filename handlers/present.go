package handlers

import (
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// zoneOf returns the zone in which a person reads times: the one chosen in the
// profile, else the one that the browser reports, else UTC.
func zoneOf(c echo.Context) *time.Location {
	chosen := ""
	if actor := models.ActorFrom(c.Request().Context()); actor != nil {
		chosen = actor.User.TimeZone
	}
	return models.ZoneOr(chosen, visitOf(c).BrowserZone)
}

func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// onDay shows the date of an instant: 22 May 2027.
func onDay(t time.Time, zone *time.Location) views.Moment {
	return views.Moment{Machine: machine(t), Text: t.In(zone).Format("2 Jan 2006")}
}

// atMinute shows date and time: 22 May 2027, 14:05.
func atMinute(t time.Time, zone *time.Location) views.Moment {
	return views.Moment{Machine: machine(t), Text: t.In(zone).Format("2 Jan 2006, 15:04")}
}

// endsOn shows when a key ends. A key that ends where a day begins works
// through the whole day before, and that day is what its owner chose; so the
// date shown is that of the last instant at which the key works. Otherwise the
// time of day matters and is shown too.
func endsOn(end time.Time, zone *time.Location, format string) views.Moment {
	last := end.Add(-time.Microsecond).In(zone)
	text := last.Format(format)
	if models.DateIn(last, zone) == models.DateIn(end, zone) {
		text += end.In(zone).Format(", 15:04")
	}
	return views.Moment{Machine: machine(end), Text: text}
}

// ago says how long before now something was: "4 minutes ago", "Yesterday".
func ago(t, now time.Time, zone *time.Location) string {
	d := now.Sub(t)
	days := daysBetween(t, now, zone)
	switch {
	case d < time.Minute:
		return "Just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour && (days == 0 || d < 6*time.Hour):
		return count(int(d/time.Hour), "hour") + " ago"
	case days <= 1:
		return "Yesterday"
	}
	return count(days, "day") + " ago"
}

// until says how far ahead an end is: "In 8 days", "In 3 hours".
func until(end, now time.Time, zone *time.Location) string {
	d := end.Sub(now)
	last := end.Add(-time.Microsecond)
	days := daysBetween(now, last, zone)
	switch {
	case d < time.Minute:
		return "In less than a minute"
	case d < time.Hour:
		return "In " + count(int(d/time.Minute), "minute")
	case d < 24*time.Hour && days == 0:
		return "In " + count(int(d/time.Hour), "hour")
	case days <= 1:
		return "Tomorrow"
	}
	return "In " + count(days, "day")
}

// daysBetween counts the midnights from one instant to a later one, as a person
// with a calendar does.
func daysBetween(from, to time.Time, zone *time.Location) int {
	a, b := from.In(zone), to.In(zone)
	start := time.Date(a.Year(), a.Month(), a.Day(), 0, 0, 0, 0, time.UTC)
	end := time.Date(b.Year(), b.Month(), b.Day(), 0, 0, 0, 0, time.UTC)
	return int(end.Sub(start) / (24 * time.Hour))
}

// count writes a number with its noun: "1 key", "2,000 keys".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return thousands(n) + " " + noun
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// keyRow shows one key in a list.
func keyRow(k models.APIKey, now time.Time, zone *time.Location, path string) views.KeyRow {
	row := views.KeyRow{
		Path: path + "/" + k.ID, Purpose: k.Purpose, Hint: k.Hint(), Access: k.Access.Words(),
		Created: onDay(k.CreatedAt, zone), Expires: endsOn(k.ExpiresAt, zone, "2 Jan 2006"),
		Remaining: k.Remaining(now),
	}
	if k.LastUsedAt != nil {
		row.LastUsed, row.LastUsedMoment, row.LastUsedFrom = ago(*k.LastUsedAt, now, zone), atMinute(*k.LastUsedAt, zone), k.LastUsedIP
	}
	switch k.Status(now) {
	case models.KeyRevoked:
		row.Badge, row.Off = "Revoked", true
		row.Ended = "Revoked " + onDay(*k.RevokedAt, zone).Text
		return row
	case models.KeyExpired:
		row.Badge, row.Off = "Expired", true
		row.Relative = "Expired " + lowerFirst(ago(k.ExpiresAt, now, zone))
		return row
	case models.KeyExpiresSoon:
		row.Tone = views.ToneWarn
		if k.ExpiresAt.Sub(now) <= models.UrgentDays*24*time.Hour {
			row.Tone = views.ToneBad
		}
	}
	row.Relative = until(k.ExpiresAt, now, zone)
	row.RevokePath = path + "/" + k.ID + "/revocation"
	return row
}

func lowerFirst(s string) string { return string(s[0]|0x20) + s[1:] }
