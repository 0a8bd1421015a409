package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestAuthSettingsOfANewInstallation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		got := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody))
		if got.APIKeyDefaultDays != models.InitialDefaultDays || got.APIKeyMaximumDays != models.InitialMaximumDays || !got.UserAPIKeys || got.Version != 1 {
			t.Errorf("settings = %+v", got)
		}
		if since := time.Since(got.UpdatedAt); since < 0 || since > time.Hour || got.UpdatedAt.Location() != time.UTC {
			t.Errorf("updated = %v", got.UpdatedAt)
		}
	})
}

func TestSaveAuthSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		wish := models.AuthSettings{APIKeyDefaultDays: 30, APIKeyMaximumDays: 90, UserAPIKeys: false, Version: 1}
		_, err := f.Store.SaveAuthSettings(f.As(f.Alice), wish)
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.SaveAuthSettings(nobody, wish)
		wantKind(t, err, models.Unauthenticated)
		events := newEvents(t, f, func() {
			saved := must[models.AuthSettings](t)(f.Store.SaveAuthSettings(f.As(f.Admin), wish))
			stored := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody))
			if saved != stored || saved.APIKeyDefaultDays != 30 || saved.APIKeyMaximumDays != 90 || saved.UserAPIKeys || saved.Version != 2 || !saved.UpdatedAt.Equal(f.Store.Now()) {
				t.Errorf("saved = %+v, stored = %+v", saved, stored)
			}
		})
		if len(events) != 1 || events[0].Category != models.Modified || events[0].DocumentType != models.DocumentConfiguration || events[0].Username != "admin" {
			t.Fatalf("events = %+v", events)
		}
		want := "[{ApiKeyDefaultExpiryDays 180 30} {ApiKeyMaxExpiryDays 366 90} {UserApiKeysEnabled true false}]"
		if got := fmt.Sprint(events[0].Differences); got != want {
			t.Errorf("differences = %s, want %s", got, want)
		}
		// The same form once more: somebody has saved since, even if it was us.
		_, err = f.Store.SaveAuthSettings(f.As(f.Admin), wish)
		wantKind(t, err, models.Conflict)
		wish.Version = 2
		if events := newEvents(t, f, func() {
			again := must[models.AuthSettings](t)(f.Store.SaveAuthSettings(f.As(f.Admin), wish))
			if again.Version != 2 {
				t.Errorf("version after a save without a change = %d, want 2", again.Version)
			}
		}); len(events) != 0 {
			t.Errorf("events of a save without a change = %v", events)
		}
	})
}

func TestSaveAuthSettingsRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		for _, tt := range []struct {
			name                     string
			defaultDays, maximumDays int
			field                    string
		}{
			{"default 0", 0, 366, "ApiKeyDefaultExpiryDays"},
			{"default negative", -1, 366, "ApiKeyDefaultExpiryDays"},
			{"default beyond the maximum", 91, 90, "ApiKeyDefaultExpiryDays"},
			{"maximum 0", 1, 0, "ApiKeyMaxExpiryDays"},
			{"maximum beyond the ceiling", 180, 1097, "ApiKeyMaxExpiryDays"},
			{"maximum that wraps around", 180, 213684, "ApiKeyMaxExpiryDays"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				_, err := f.Store.SaveAuthSettings(ctx, models.AuthSettings{APIKeyDefaultDays: tt.defaultDays, APIKeyMaximumDays: tt.maximumDays, UserAPIKeys: true, Version: 1})
				wantKind(t, err, models.Invalid)
				wantProblem(t, err, tt.field)
			})
		}
		if got := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody)); got.Version != 1 || got.APIKeyMaximumDays != 366 {
			t.Errorf("settings = %+v, want them unchanged", got)
		}
	})
}

// Of administrators who save at once, one wins and the others are told.
func TestSaveAuthSettingsRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		var wg sync.WaitGroup
		var mu sync.Mutex
		saved, told := 0, 0
		for i := range 12 {
			wg.Go(func() {
				_, err := f.Store.SaveAuthSettings(ctx, models.AuthSettings{APIKeyDefaultDays: 10 + i, APIKeyMaximumDays: 100, UserAPIKeys: true, Version: 1})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					saved++
				case models.KindOf(err) == models.Conflict:
					told++
				default:
					t.Errorf("error = %v", err)
				}
			})
		}
		wg.Wait()
		if saved != 1 || told != 11 {
			t.Errorf("saved %d, told %d; want 1 and 11", saved, told)
		}
	})
}

// While a hundred keys are being made the rule changes. No key whose creation
// ends after the change was acknowledged breaks the new rule, and events stand
// in the order of commits around it.
func TestIssueWhileTheRuleChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *models.AuthSettings)
		allows func(k models.APIKey) bool
	}{
		{"lower maximum", func(s *models.AuthSettings) { s.APIKeyDefaultDays, s.APIKeyMaximumDays = 5, 30 },
			func(k models.APIKey) bool { return k.ExpiresAt.Sub(k.CreatedAt) <= 30*day }},
		{"keys of people off", func(s *models.AuthSettings) { s.UserAPIKeys = false },
			func(models.APIKey) bool { return false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, f *storetest.Fixture) { issueWhile(t, f, tt.change, tt.allows) })
		})
	}
}

func issueWhile(t *testing.T, f *storetest.Fixture, change func(*models.AuthSettings), allows func(models.APIKey) bool) {
	ctx, admin := f.As(f.Alice), f.As(f.Admin)
	started := make(chan struct{}, 100)
	var mu sync.Mutex
	acknowledged := false
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			mu.Lock()
			late := acknowledged // the call began after the change was acknowledged
			mu.Unlock()
			started <- struct{}{}
			key, _, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.MaximumExpiry()})
			if kind := models.KindOf(err); err != nil && kind != models.Forbidden {
				t.Errorf("error = %v", err)
			}
			if err == nil && late && !allows(key) {
				t.Errorf("made after the change: %v to %v", key.CreatedAt, key.ExpiresAt)
			}
		})
	}
	for range 20 {
		<-started
	}
	stored := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody))
	change(&stored)
	must[models.AuthSettings](t)(f.Store.SaveAuthSettings(admin, stored))
	mu.Lock()
	acknowledged = true
	mu.Unlock()
	made := f.Count("SELECT count(*) FROM api_keys")
	wg.Wait()
	wantOnlyAllowedSince(t, f, ctx, made, allows)
}

// wantOnlyAllowedSince checks all keys by the order in which their events were
// numbered: none that came after the settings' own event may break the rule.
func wantOnlyAllowedSince(t *testing.T, f *storetest.Fixture, ctx context.Context, made int, allows func(models.APIKey) bool) {
	t.Helper()
	list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Alice.ID, models.KeyFilter{Page: models.Page{Take: models.MaxTake}}))
	broken := 0
	keys := map[string]models.APIKey{}
	for _, k := range list.Keys {
		keys[k.ID] = k
		if !allows(k) {
			broken++
		}
	}
	if broken > made {
		t.Errorf("%d keys break the new rule, but only %d were there when it was acknowledged", broken, made)
	}
	after := false
	for _, e := range f.Events() {
		if e.DocumentType == models.DocumentConfiguration {
			after = true
		}
		if k, made := keys[e.DocumentID]; made && after && !allows(k) {
			t.Errorf("event %d: a key that breaks the rule was made after it", e.ID)
		}
	}
	if !after {
		t.Error("there is no event of the change")
	}
}

func TestCountKeysEndingAfter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, days := range []int{10, 100, 300} {
			f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(time.Duration(days) * day))})
		}
		revoked, _ := f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(300 * day))})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Bob.ID, revoked.ID))
		f.Clock.Advance(20 * day)
		for _, tt := range []struct {
			name  string
			after time.Time
			want  int
		}{
			{"long ago: usable keys only", f.Clock.Now().Add(-1000 * day), 2},
			{"now", f.Clock.Now(), 2},
			{"between", f.Clock.Now().Add(90 * day), 1},
			{"exactly at an end", f.Store.Now().Add(280 * day), 0},
		} {
			if got := must[int](t)(f.Store.CountKeysEndingAfter(nobody, tt.after)); got != tt.want {
				t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
			}
		}
	})
}
