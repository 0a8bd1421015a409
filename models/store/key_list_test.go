package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// purposes returns the purposes of a list, in order.
func purposes(list models.KeyList) string {
	var names []string
	for _, k := range list.Keys {
		names = append(names, k.Purpose)
	}
	return strings.Join(names, " ")
}

// fourKeys gives Alice a key of each status, made a minute apart.
func fourKeys(t *testing.T, f *storetest.Fixture) map[string]models.APIKey {
	t.Helper()
	keys := map[string]models.APIKey{}
	for _, wish := range []struct {
		purpose string
		life    time.Duration
	}{{"long", 300 * day}, {"soon", 10 * day}, {"Expired", time.Hour}, {"revoked", 100 * day}} {
		keys[wish.purpose], _ = f.Issue(f.Alice, models.NewKey{Purpose: wish.purpose, Expires: models.ExpiresAt(f.Clock.Now().Add(wish.life))})
		f.Clock.Advance(time.Minute)
	}
	must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, keys["revoked"].ID))
	f.Issue(f.Bob, models.NewKey{Purpose: "of-bob"})
	f.Clock.Advance(2 * time.Hour)
	return keys
}

func TestAPIKeysOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		keys := fourKeys(t, f)
		used := f.Clock.Now()
		f.Store.Seen(keys["soon"].ID, "192.0.2.1", "curl/8.5", used)
		f.Store.Seen(keys["long"].ID, "192.0.2.1", "curl/8.5", used.Add(-time.Hour))
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		page := models.Page{Take: models.PageSize}
		prefix := keys["soon"].Prefix
		tests := []struct {
			name   string
			filter models.KeyFilter
			want   string
		}{
			{"as made", models.KeyFilter{}, "long soon Expired revoked"},
			{"newest first", models.KeyFilter{Sort: models.SortCreated, Descending: true}, "revoked Expired soon long"},
			{"by end", models.KeyFilter{Sort: models.SortExpires}, "Expired soon revoked long"},
			{"by end, descending", models.KeyFilter{Sort: models.SortExpires, Descending: true}, "long revoked soon Expired"},
			{"by purpose, in any case", models.KeyFilter{Sort: models.SortPurpose}, "Expired long revoked soon"},
			{"by purpose, descending", models.KeyFilter{Sort: models.SortPurpose, Descending: true}, "soon revoked long Expired"},
			{"last used first", models.KeyFilter{Sort: models.SortLastUsed, Descending: true, Status: models.KeyUsable}, "soon long"},
			{"usable", models.KeyFilter{Status: models.KeyUsable}, "long soon"},
			{"ending soon", models.KeyFilter{Status: models.KeyExpiresSoon}, "soon"},
			{"expired", models.KeyFilter{Status: models.KeyExpired}, "Expired"},
			{"revoked", models.KeyFilter{Status: models.KeyRevoked}, "revoked"},
			{"without revoked", models.KeyFilter{HideRevoked: true}, "long soon Expired"},
			{"search", models.KeyFilter{Search: "EXPIR"}, "Expired"},
			{"search and status", models.KeyFilter{Search: "o", Status: models.KeyUsable}, "long soon"},
			{"by beginning of the key", models.KeyFilter{Search: strings.ToLower(prefix), Status: models.KeyExpiresSoon}, "soon"},
			{"by hint", models.KeyFilter{Search: models.Hint(prefix), Status: models.KeyExpiresSoon}, "soon"},
			{"by every key's beginning", models.KeyFilter{Search: "api-"}, "long soon Expired revoked"},
			{"purpose only, not beginnings", models.KeyFilter{Purpose: prefix}, ""},
			{"purpose", models.KeyFilter{Purpose: "On"}, "long soon"},
			{"nothing", models.KeyFilter{Search: "no such key"}, ""},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.filter.Page = page
				list := must[models.KeyList](t)(f.Store.APIKeysOf(f.As(f.Alice), f.Alice.ID, tt.filter))
				if got := purposes(list); got != tt.want {
					t.Errorf("purposes = %q, want %q", got, tt.want)
				}
				if got, want := list.Total, len(strings.Fields(tt.want)); got != want {
					t.Errorf("total = %d, want %d", got, want)
				}
				want := fmt.Sprint(map[models.KeyStatus]int{"": 4, models.KeyUsable: 2, models.KeyExpiresSoon: 1, models.KeyExpired: 1, models.KeyRevoked: 1})
				if got := fmt.Sprint(list.Counts); got != want {
					t.Errorf("counts = %s, want %s", got, want)
				}
			})
		}
	})
}

// Keys that were never used count as used longest ago.
func TestNeverUsedSortsAsOldest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, purpose := range []string{"never", "early", "late"} {
			key, _ := f.Issue(f.Alice, models.NewKey{Purpose: purpose})
			if at, used := map[string]time.Duration{"early": time.Hour, "late": 2 * time.Hour}[purpose]; used {
				f.Store.Seen(key.ID, "", "curl/8.5", f.Clock.Now().Add(at))
			}
		}
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		for _, tt := range []struct {
			descending bool
			want       string
		}{{false, "never early late"}, {true, "late early never"}} {
			list := must[models.KeyList](t)(f.Store.APIKeysOf(f.As(f.Alice), f.Alice.ID, models.KeyFilter{Sort: models.SortLastUsed, Descending: tt.descending, Page: models.Page{Take: 9}}))
			if got := purposes(list); got != tt.want {
				t.Errorf("descending %t: %q, want %q", tt.descending, got, tt.want)
			}
		}
	})
}

// The signs that LIKE gives a meaning to mean themselves.
func TestSearchTakesWildcardsLiterally(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, purpose := range []string{"100%", "a_b", `c:\d`, "axb", "ÄÖÜ-Straße"} {
			f.Issue(f.Alice, models.NewKey{Purpose: purpose})
		}
		for search, want := range map[string]string{"%": "100%", "_": "a_b", `\`: `c:\d`, "a_b": "a_b", "äöü": "ÄÖÜ-Straße", "STRASSE": ""} {
			list := must[models.KeyList](t)(f.Store.APIKeysOf(f.As(f.Alice), f.Alice.ID, models.KeyFilter{Search: search, Page: models.Page{Take: 9}}))
			if got := purposes(list); got != want {
				t.Errorf("search %q = %q, want %q", search, got, want)
			}
		}
	})
}

// A whole key pasted into the search finds its row.
func TestSearchByWholeKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{Purpose: "wanted"})
		list := must[models.KeyList](t)(f.Store.APIKeysOf(f.As(f.Alice), f.Alice.ID, models.KeyFilter{Search: secret.Reveal(), Page: models.Page{Take: 9}}))
		if got := purposes(list); got != "wanted" {
			t.Errorf("search = %q, want the key", got)
		}
	})
}

func TestKeyListAccess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		tests := []struct {
			name  string
			list  error
			owner int64
			want  models.Kind
		}{
			{"owner", listError(f, f.Alice, f.Alice.ID), f.Alice.ID, 0},
			{"administrator", listError(f, f.Admin, f.Alice.ID), f.Alice.ID, 0},
			{"stranger", listError(f, f.Bob, f.Alice.ID), f.Alice.ID, models.NotFound},
			{"absent user, administrator", listError(f, f.Admin, 4711), 4711, models.NotFound},
			{"absent user, person", listError(f, f.Bob, 4711), 4711, models.NotFound},
		}
		for _, tt := range tests {
			if got := models.KindOf(tt.list); tt.list != nil && got != tt.want || tt.list == nil && tt.want != 0 {
				t.Errorf("%s: error = %v, want kind %d", tt.name, tt.list, tt.want)
			}
		}
		_, err := f.Store.APIKey(f.As(f.Bob), f.Alice.ID, key.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.APIKey(f.As(f.Bob), f.Bob.ID, key.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.APIKey(f.As(f.Admin), f.Alice.ID, key.ID)
		wantKind(t, err, 0)
		_, err = f.Store.APIKey(nobody, f.Alice.ID, key.ID)
		wantKind(t, err, models.NotFound)
	})
}

func listError(f *storetest.Fixture, actor models.User, owner int64) error {
	_, err := f.Store.APIKeysOf(f.As(actor), owner, models.KeyFilter{Page: models.Page{Take: 1}})
	return err
}

// manyKeyFilters are the questions that people ask of a long list.
var manyKeyFilters = map[string]models.KeyFilter{
	"newest":            {Descending: true},
	"search":            {Search: "pipeline 99"},
	"beginning":         {Search: "api-a"},
	"usable by purpose": {Status: models.KeyUsable, Sort: models.SortPurpose},
	"last used":         {Sort: models.SortLastUsed, Descending: true},
	"last page":         {Sort: models.SortPurpose, Page: models.Page{Skip: 9970}},
}

// 10,000 keys of one user: pages fit together without gap or overlap, and each
// filter finds its page. How quick that is BenchmarkAPIKeysOf measures.
func TestManyKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const n = 10_000
		fill(t, f, n)
		ctx := f.As(f.Alice)
		seen := map[string]bool{}
		for skip := 0; skip < n; skip += models.MaxTake {
			list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Alice.ID, models.KeyFilter{
				Sort: models.SortExpires, Page: models.Page{Skip: skip, Take: 2147483647}, WithoutCounts: true,
			}))
			if list.Total != n || len(list.Keys) != models.MaxTake || list.Counts != nil {
				t.Fatalf("skip %d: total %d, %d keys, counts %v", skip, list.Total, len(list.Keys), list.Counts)
			}
			for _, k := range list.Keys {
				seen[k.ID] = true
			}
		}
		if len(seen) != n {
			t.Errorf("pages held %d different keys, want %d", len(seen), n)
		}
		for name, filter := range manyKeyFilters {
			filter.Page.Take = models.PageSize
			list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Alice.ID, filter))
			if len(list.Keys) != models.PageSize {
				t.Errorf("%s: %d keys, want a full page", name, len(list.Keys))
			}
		}
	})
}

func BenchmarkAPIKeysOf(b *testing.B) {
	for _, e := range storetest.Engines {
		f := storetest.New(b, e)
		fill(b, f, 10_000)
		ctx := f.As(f.Alice)
		for name, filter := range manyKeyFilters {
			filter.Page.Take = models.PageSize
			b.Run(string(e)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := f.Store.APIKeysOf(ctx, f.Alice.ID, filter); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// fill gives Alice n keys by SQL, which end in pairs at the same instant.
func fill(t testing.TB, f *storetest.Fixture, n int) {
	t.Helper()
	numbers := "SELECT generate_series(1, ?) AS n"
	digest, text := "sha256(cast(n AS text)::bytea)", "CAST(n AS TEXT)"
	at := func(hours string) string { return "CAST(? AS TIMESTAMPTZ) + (" + hours + ") * INTERVAL '1 hour'" }
	if f.Engine == storetest.SQLite {
		numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n FROM c"
		digest = "randomblob(32)"
		at = func(hours string) string { return "CAST(? AS INTEGER) + (" + hours + ") * 3600000000" }
	}
	letters := "substr('ABCDEFGHIJ', 1 + n % 10, 1)"
	f.Exec(`INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at)
		SELECT 'k' || `+text+`, ?, 'Pipeline ' || `+text+`, 'pipeline ' || `+text+`, 'API-' || `+letters+` || 'BC', 1, `+digest+`, `+digest+`,
		`+at("-n")+`, `+at("1 + n / 2")+` FROM (`+numbers+`) AS numbers`, f.Alice.ID, f.Clock.Now(), f.Clock.Now(), n)
}
