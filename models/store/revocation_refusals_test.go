package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Whoever may no longer revoke keys revokes no further ones, however the work
// was begun.
func TestRevocationStopsWithItsStarter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ends := map[string]func(){
			"may no longer":   func() { f.Exec("DELETE FROM team_members WHERE user_id = ?", f.Admin.ID) },
			"was deactivated": func() { f.Exec("UPDATE users SET is_active = (1 = 0) WHERE id = ?", f.Admin.ID) },
			"was deleted":     func() { f.Exec("DELETE FROM users WHERE id = ?", f.Admin.ID) },
		}
		fillLive(t, f, 400)
		for i, why := range []string{"may no longer", "was deactivated", "was deleted"} {
			if i > 0 {
				f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE built_in = 'administrators' AND NOT EXISTS (SELECT 1 FROM team_members)", f.Admin.ID)
			}
			f.Exec("UPDATE users SET is_active = (1 = 1) WHERE id = ?", f.Admin.ID)
			r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wishFor(t, f, "pipeline")))
			must[bool](t)(f.Store.RevokeBatch(nobody))
			ends[why]()
			wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
			r = must[models.Revocation](t)(f.Store.Revocation(storetest.Console(), r.ID))
			if r.Running() || r.Revoked != 100 || !strings.Contains(r.Stopped, why) {
				t.Errorf("%s: %+v", why, r)
			}
		}
	})
}

func TestRevocationRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Issue(f.Alice, models.NewKey{Purpose: "wanted"})
		good := wishFor(t, f, "wanted")
		tests := []struct {
			name   string
			as     context.Context
			change func(*models.RevocationWish)
			want   models.Kind
		}{
			{"nobody", nobody, func(*models.RevocationWish) {}, models.Unauthenticated},
			{"person", f.As(f.Alice), func(*models.RevocationWish) {}, models.Forbidden},
			{"no reason", f.As(f.Admin), func(w *models.RevocationWish) { w.Reason = " \t" }, models.Invalid},
			{"long reason", f.As(f.Admin), func(w *models.RevocationWish) { w.Reason = strings.Repeat("x", 201) }, models.Invalid},
			{"override in the reason", f.As(f.Admin), func(w *models.RevocationWish) { w.Reason = "a\u202eb" }, models.Invalid},
			{"old preview", f.As(f.Admin), func(w *models.RevocationWish) { w.Selection.At = w.Selection.At.Add(-61 * time.Minute) }, models.Invalid},
			{"preview of the future", f.As(f.Admin), func(w *models.RevocationWish) { w.Selection.At = w.Selection.At.Add(time.Second) }, models.Invalid},
			{"more than shown", f.As(f.Admin), func(w *models.RevocationWish) { w.Shown = 0 }, models.Conflict},
			{"expired keys", f.As(f.Admin), func(w *models.RevocationWish) { w.Selection.Status = models.KeyExpired }, models.Conflict},
			{"none", f.As(f.Admin), func(w *models.RevocationWish) { w.Selection.Purpose = "nothing" }, models.Conflict},
			{"damaged form", f.As(f.Admin), func(w *models.RevocationWish) { w.FormID = "\x00" }, models.Invalid},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				wish := good
				tt.change(&wish)
				if events := newEvents(t, f, func() {
					_, err := f.Store.StartRevocation(tt.as, wish)
					wantKind(t, err, tt.want)
				}); len(events) != 0 || f.Count("SELECT count(*) FROM revocations") != 0 {
					t.Error("a refused revocation left something behind")
				}
			})
		}
		_, err := f.Store.Revocation(f.As(f.Admin), 4711)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.Revocation(f.As(f.Alice), 1)
		wantKind(t, err, models.Forbidden)
		_, _, err = f.Store.RevocationKeys(f.As(f.Alice), 1, models.Page{Take: 1})
		wantKind(t, err, models.Forbidden)
	})
}

// A form that is sent twice starts one revocation, and more keys than a
// revocation takes are refused.
func TestRevocationStartsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fillLive(t, f, 20)
		wish := wishFor(t, f, "pipeline")
		wish.FormID = "one form"
		ctx := f.As(f.Admin)
		first := must[models.Revocation](t)(f.Store.StartRevocation(ctx, wish))
		second := must[models.Revocation](t)(f.Store.StartRevocation(ctx, wish))
		if first.ID != second.ID || f.Count("SELECT count(*) FROM revocations") != 1 {
			t.Errorf("two revocations, %d and %d, came of one form", first.ID, second.ID)
		}
		running := must[[]models.Revocation](t)(f.Store.RunningRevocations(ctx))
		if len(running) != 1 || running[0].ID != first.ID || running[0].Selection.Purpose != "pipeline" {
			t.Errorf("running = %+v", running)
		}
		wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
		fillLiveMore(t, f)
		sel := models.KeySelection{At: f.Store.Now()}
		preview := must[models.RevocationPreview](t)(f.Store.PreviewRevocation(ctx, sel))
		if !preview.Keys.More || preview.Keys.N != models.MaxRevocation {
			t.Errorf("preview = %+v, want more than the limit", preview.Keys)
		}
		_, err := f.Store.StartRevocation(ctx, models.RevocationWish{Selection: sel, Reason: "all", Shown: preview.Keys.N})
		wantKind(t, err, models.Conflict)
	})
}

func fillLiveMore(t *testing.T, f *storetest.Fixture) {
	t.Helper()
	f.Exec("DELETE FROM api_keys")
	fillLive(t, f, models.MaxRevocation+1)
}
