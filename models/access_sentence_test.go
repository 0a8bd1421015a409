package models_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestKeySentence(t *testing.T) {
	stockholm := zone(t, "Europe/Stockholm")
	end, revoked := instant(t, "2027-05-28T22:00:00Z"), instant(t, "2026-11-22T23:30:00Z")
	billing := models.Access{Level: models.ReadOnly, Services: models.Names{"billing"}, Allowed: networks(t, "10.0.0.0/8", "::1")}
	whole := models.WholeAccess()
	tests := []struct {
		key  models.APIKey
		zone *time.Location
		want string
	}{
		{models.APIKey{Access: billing, ExpiresAt: end}, stockholm, "Read-only on billing from 2 networks, ends Fri 28 May 2027"},
		{models.APIKey{Access: billing, ExpiresAt: end}, time.UTC, "Read-only on billing from 2 networks, ends Fri 28 May 2027, 22:00"},
		{models.APIKey{Access: whole, ExpiresAt: end}, stockholm, "Full access, ends Fri 28 May 2027"},
		{models.APIKey{Access: whole, ExpiresAt: now}, time.UTC, "Full access, ended Mon 23 Nov 2026, 10:30"},
		{models.APIKey{Access: whole, ExpiresAt: end, RevokedAt: &revoked}, stockholm, "Full access, revoked Mon 23 Nov 2026"},
		{models.APIKey{Access: models.Access{Level: models.FullAccess, Services: models.Names{"a", "b", "c"}, Denied: networks(t, "::1")}, ExpiresAt: end}, stockholm,
			"Full access on a, b and c, except from 1 network, ends Fri 28 May 2027"},
		{models.APIKey{Access: models.Access{Services: models.Names{"a", "b", "c", "d"}}, ExpiresAt: end}, stockholm, "Read-only on a and 3 other services, ends Fri 28 May 2027"},
	}
	for _, tt := range tests {
		if got := tt.key.Sentence(now, tt.zone); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}
