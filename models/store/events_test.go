package store_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestKeyEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, maker := f.Issue(f.Alice, models.NewKey{Purpose: "maker"})
		ctx := models.WithRequest(f.AsKey(maker), models.Request{ID: "request-1", UserAgent: "curl/8"})
		var key models.APIKey
		events := newEvents(t, f, func() {
			var err error
			key, _, err = f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "Release 🚀", Expires: models.ExpiresAt(time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC))})
			wantKind(t, err, 0)
			must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Admin), f.Alice.ID, key.ID))
		})
		if len(events) != 2 {
			t.Fatalf("events = %+v", events)
		}
		made, revoked := events[0], events[1]
		if want := `User API key "Release 🚀" (` + key.Hint() + `) was created for alice, expires 2026-12-24T12:00:00Z`; made.Message != want {
			t.Errorf("message = %q, want %q", made.Message, want)
		}
		if want := `User API key "Release 🚀" (` + key.Hint() + `) of alice was revoked`; revoked.Message != want {
			t.Errorf("message = %q, want %q", revoked.Message, want)
		}
		if made.Category != models.Created || revoked.Category != models.Deleted {
			t.Errorf("categories = %s, %s", made.Category, revoked.Category)
		}
		for _, e := range events {
			if e.DocumentType != models.DocumentAPIKeys || e.DocumentID != key.ID || e.RelatedUserID == nil || *e.RelatedUserID != f.Alice.ID || !e.OccurredAt.Equal(f.Store.Now()) {
				t.Errorf("event = %+v", e)
			}
			if got := referenced(e); got != `"Release 🚀"=`+key.ID+" alice="+f.Alice.PublicID() {
				t.Errorf("references = %s", got)
			}
		}
		if made.APIKeyPrefix != maker.Prefix() || made.APIKeyID == "" || !strings.HasPrefix(made.IdentifiedBy, "API key 'maker' created ") || made.RequestID != "request-1" || made.UserAgent != "curl/8" || made.Address != "192.0.2.8" {
			t.Errorf("made = %+v", made)
		}
		if revoked.Username != "admin" || revoked.IdentifiedBy != "Session cookie" || revoked.APIKeyID != "" {
			t.Errorf("revoked = %+v", revoked)
		}
	})
}

// referenced cuts the references out of a message as JavaScript would.
func referenced(e models.Event) string {
	units := utf16.Encode([]rune(e.Message))
	var parts []string
	for _, r := range e.References {
		parts = append(parts, string(utf16.Decode(units[r.Start:r.Start+r.Length]))+"="+r.DocumentID)
	}
	return strings.Join(parts, " ")
}

func TestEventsAccessAndPaging(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for name, tt := range map[string]struct {
			ctx  context.Context
			want models.Kind
		}{"nobody": {nobody, models.Unauthenticated}, "person": {f.As(f.Alice), models.Forbidden}, "administrator": {f.As(f.Admin), 0}} {
			if _, err := f.Store.Events(tt.ctx, models.Page{Take: 1}); (err == nil) != (tt.want == 0) || err != nil && models.KindOf(err) != tt.want {
				t.Errorf("%s: error = %v", name, err)
			}
		}
		all := must[[]models.Event](t)(f.Store.Events(f.As(f.Admin), models.Page{Take: 2147483647}))
		if len(all) != 5 || all[0].Message != "Service account robot was created" {
			t.Fatalf("events = %+v", all)
		}
		page := must[[]models.Event](t)(f.Store.Events(f.As(f.Admin), models.Page{Skip: 3, Take: 9}))
		if len(page) != 2 || page[0].ID != all[3].ID || page[1].ID != all[4].ID {
			t.Errorf("page = %+v", page)
		}
		if got := must[[]models.Event](t)(f.Store.Events(f.As(f.Admin), models.Page{})); len(got) != 0 {
			t.Errorf("events of an empty page = %d", len(got))
		}
	})
}

// A change whose event can't be written is not made.
func TestNoChangeWithoutItsEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		alice, elsewhere, admin := f.As(f.Alice), f.As(f.Alice), f.As(f.Admin)
		token := must[string](t)(f.Store.NewSetupLink(nobody))
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		before := state(t, f)
		failEvents(f)
		changes := map[string]func() error{
			"issue": func() error {
				_, s, err := f.Store.IssueAPIKey(alice, f.Alice.ID, models.NewKey{Purpose: "p"})
				if s.Reveal() != "" {
					t.Error("a failed change came with a secret")
				}
				return err
			},
			"revoke": func() error { _, err := f.Store.RevokeAPIKey(alice, f.Alice.ID, key.ID); return err },
			"settings": func() error {
				_, err := f.Store.SaveAuthSettings(admin, models.AuthSettings{APIKeyDefaultDays: 1, APIKeyMaximumDays: 1, Version: 1})
				return err
			},
			"create user":   func() error { _, err := f.Store.CreateUser(admin, models.NewUser{Username: "zoe"}, false); return err },
			"time zone":     func() error { return f.Store.SetTimeZone(alice, "Europe/Berlin") },
			"password":      func() error { return f.Store.ChangePassword(alice, storetest.Password, "a different sentence") },
			"end session":   func() error { return f.Store.EndMySession(alice, models.ActorFrom(elsewhere).SessionDigest) },
			"end others":    func() error { _, err := f.Store.EndMyOtherSessions(alice); return err },
			"sign in":       func() error { _, err := f.Store.SignIn(nobody, "alice", storetest.Password); return err },
			"failed signin": func() error { _, err := f.Store.SignIn(nobody, "alice", "wrong"); return err },
		}
		for name, change := range changes {
			if err := change(); err == nil || models.KindOf(err) != models.Internal {
				t.Errorf("%s: error = %v, want an internal one", name, err)
			}
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Admin.ID)
		if _, err := f.Store.ClaimSetup(nobody, token, first); models.KindOf(err) != models.Internal {
			t.Errorf("claim: error = %v, want an internal one", err)
		}
		if _, err := f.Store.EnsureAdministrator(nobody, first); models.KindOf(err) != models.Internal {
			t.Errorf("ensure administrator: error = %v, want an internal one", err)
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", true, f.Admin.ID)
		if after := state(t, f); after != before {
			t.Errorf("something was changed without an event:\n%s\nbecame\n%s", before, after)
		}
		if !opens(t, f, secret) {
			t.Error("the key was revoked without an event")
		}
	})
}

// failEvents lets every insert into events fail.
func failEvents(f *storetest.Fixture) {
	if f.Engine == storetest.SQLite {
		f.Exec("CREATE TRIGGER no_events BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no events'); END")
		return
	}
	f.Exec("CREATE FUNCTION no_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no events'; END $$")
	f.Exec("CREATE TRIGGER no_events BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION no_events()")
}

// state is all that the changes would change.
func state(t *testing.T, f *storetest.Fixture) string {
	t.Helper()
	db := storetest.SQL(t, f.URL)
	var out bytes.Buffer
	for _, query := range []string{
		"SELECT username || time_zone || password_hash FROM users ORDER BY id",
		"SELECT CAST(team_id AS TEXT) || ' ' || CAST(user_id AS TEXT) FROM team_members ORDER BY 1",
		"SELECT id || CAST(revoked_at IS NULL AS TEXT) FROM api_keys ORDER BY id",
		"SELECT CAST(count(*) AS TEXT) FROM sessions", "SELECT CAST(count(*) AS TEXT) FROM events",
		"SELECT CAST(version AS TEXT) FROM auth_settings", "SELECT CAST(used_at IS NULL AS TEXT) FROM one_time_links",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			out.WriteString(line + "\n")
		}
		rows.Close()
	}
	return out.String()
}
