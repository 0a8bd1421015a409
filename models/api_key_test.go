package models_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestAPIKeyStatus(t *testing.T) {
	const us = time.Microsecond
	end := now.Add(100 * day)
	revoked := now.Add(day)
	live, dead := models.APIKey{ExpiresAt: end}, models.APIKey{ExpiresAt: end, RevokedAt: &revoked}
	tests := []struct {
		name   string
		key    models.APIKey
		at     time.Time
		want   models.KeyStatus
		usable bool
	}{
		{"fresh", live, now, models.KeyUsable, true},
		{"1 µs before the warning", live, end.Add(-20*day - us), models.KeyUsable, true},
		{"at the warning", live, end.Add(-20 * day), models.KeyExpiresSoon, true},
		{"last microsecond", live, end.Add(-us), models.KeyExpiresSoon, true},
		{"end", live, end, models.KeyExpired, false},
		{"after the end", live, end.Add(day), models.KeyExpired, false},
		{"revoked", dead, now.Add(2 * day), models.KeyRevoked, false},
		{"revoked, then past its end", dead, end.Add(day), models.KeyRevoked, false},
		{"revoked, clock set back", dead, now, models.KeyRevoked, false},
		{"without an end", models.APIKey{}, now, models.KeyExpired, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.key.Status(tt.at); got != tt.want {
				t.Errorf("status: got %s, want %s", got, tt.want)
			}
			if got := tt.key.Usable(tt.at); got != tt.usable {
				t.Errorf("usable: got %v, want %v", got, tt.usable)
			}
		})
	}
}

func TestAPIKeyRemaining(t *testing.T) {
	key := func(life time.Duration) models.APIKey { return models.APIKey{CreatedAt: now, ExpiresAt: now.Add(life)} }
	tests := []struct {
		name string
		key  models.APIKey
		at   time.Time
		want int
	}{
		{"fresh", key(100 * day), now, 100},
		{"half", key(100 * day), now.Add(50 * day), 50},
		{"last microsecond", key(100 * day), now.Add(100*day - time.Microsecond), 1},
		{"end", key(100 * day), now.Add(100 * day), 0},
		{"after the end", key(100 * day), now.Add(200 * day), 0},
		{"clock set back", key(100 * day), now.Add(-day), 100},
		{"longest life", key(1097 * day), now, 100},
		{"longest life, later", key(1096 * day), now.Add(548 * day), 50},
		{"no life", key(0), now, 0},
		{"zero value", models.APIKey{}, now, 0},
	}
	for _, tt := range tests {
		if got := tt.key.Remaining(tt.at); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestAPIKeyHint(t *testing.T) {
	if got, want := (models.APIKey{Prefix: "API-FSX"}).Hint(), "API-FSX•••••••"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (models.APIKey{}).TableName(), "api_keys"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPIKeySealedBytes(t *testing.T) {
	at, later := now, now.Add(time.Microsecond)
	base := func() models.APIKey {
		return models.APIKey{ID: "apikeys-a", UserID: 7, Digest: []byte{1, 2}, ParentID: "apikeys-b", CreatedAt: now, ExpiresAt: now.Add(day), Access: models.WholeAccess()}
	}
	variants := map[string]func(*models.APIKey){
		"untouched":         func(*models.APIKey) {},
		"id":                func(k *models.APIKey) { k.ID = "apikeys-c" },
		"owner":             func(k *models.APIKey) { k.UserID = 8 },
		"digest":            func(k *models.APIKey) { k.Digest = []byte{1, 3} },
		"longer digest":     func(k *models.APIKey) { k.Digest = []byte{1, 2, 0} },
		"parent":            func(k *models.APIKey) { k.ParentID = "apikeys-d" },
		"no parent":         func(k *models.APIKey) { k.ParentID = "" },
		"created":           func(k *models.APIKey) { k.CreatedAt = now.Add(-time.Microsecond) },
		"expires":           func(k *models.APIKey) { k.ExpiresAt = k.ExpiresAt.Add(time.Microsecond) },
		"revoked":           func(k *models.APIKey) { k.RevokedAt = &at },
		"revoked later":     func(k *models.APIKey) { k.RevokedAt = &later },
		"revoked at zero":   func(k *models.APIKey) { zero := time.UnixMicro(0); k.RevokedAt = &zero },
		"id into the owner": func(k *models.APIKey) { k.ID += "\x00"; k.UserID >>= 8 },
		"read-only":         func(k *models.APIKey) { k.Level = models.ReadOnly },
		"service":           func(k *models.APIKey) { k.Services = models.Names{"10.0.0.0/8"} },
		"allowed network":   func(k *models.APIKey) { k.Allowed = networks(t, "10.0.0.0/8") },
		"denied network":    func(k *models.APIKey) { k.Denied = networks(t, "10.0.0.0/8") },
		"parent and id":     func(k *models.APIKey) { k.ID, k.ParentID = k.ParentID, k.ID },
	}
	seen := map[string]string{}
	for name, change := range variants {
		k := base()
		change(&k)
		sealed := string(k.SealedBytes())
		if other, ok := seen[sealed]; ok {
			t.Errorf("%s and %s give the same bytes", name, other)
		}
		seen[sealed] = name
	}
	if whole := base(); whole.SealedBytes()[0] != 1 {
		t.Error("keys from before there was access lose their seals")
	}
	for name, change := range map[string]func(*models.APIKey){
		"another zone":     func(k *models.APIKey) { k.ExpiresAt = k.ExpiresAt.In(time.FixedZone("", 3600)) },
		"last used":        func(k *models.APIKey) { k.LastUsedAt, k.LastUsedIP = &at, "::1" },
		"purpose":          func(k *models.APIKey) { k.Purpose = "CI" },
		"beyond precision": func(k *models.APIKey) { k.CreatedAt = k.CreatedAt.Add(999) },
	} {
		k := base()
		change(&k)
		if b := base(); !bytes.Equal(k.SealedBytes(), b.SealedBytes()) {
			t.Errorf("%s changes the sealed bytes", name)
		}
	}
}
