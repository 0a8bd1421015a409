package models

import (
	"strconv"
	"strings"
	"time"
)

// Sentence says what the key opens and until when, in the zone of whoever reads
// it: "Read-only on billing from 2 networks, ends Fri 28 May 2027".
func (k APIKey) Sentence(now time.Time, zone *time.Location) string {
	switch k.Status(now) {
	case KeyRevoked:
		return k.Access.Words() + ", revoked " + k.RevokedAt.In(zone).Format("Mon 2 Jan 2006")
	case KeyExpired:
		return k.Access.Words() + ", ended " + LastDay(k.ExpiresAt, zone)
	}
	return k.Access.Words() + ", ends " + LastDay(k.ExpiresAt, zone)
}

// LastDay names the last day on which a key that ends at an instant works, with
// the time of day where the key does not work through all of it.
func LastDay(end time.Time, zone *time.Location) string {
	last := DateIn(end.Add(-time.Microsecond), zone)
	if last == DateIn(end, zone) {
		return last.Weekday() + end.In(zone).Format(", 15:04")
	}
	return last.Weekday()
}

// Words say what the access is: "Full access", "Read-only on billing".
func (a Access) Words() string {
	words := "Full access"
	if a.Reads() {
		words = "Read-only"
	}
	if on := named(a.Services); on != "" {
		words += " on " + on
	}
	if n := len(a.Allowed); n > 0 {
		words += " from " + networkCount(n)
	}
	if n := len(a.Denied); n > 0 {
		words += ", except from " + networkCount(n)
	}
	return words
}

func named(services Names) string {
	switch n := len(services); n {
	case 0, 1:
		return strings.Join(services, "")
	case 2, 3:
		return strings.Join(services[:n-1], ", ") + " and " + services[n-1]
	default:
		return services[0] + " and " + strconv.Itoa(n-1) + " other services"
	}
}

func networkCount(n int) string {
	if n == 1 {
		return "1 network"
	}
	return strconv.Itoa(n) + " networks"
}
