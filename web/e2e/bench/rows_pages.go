//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// page is what one page took.
type page struct {
	Took   time.Duration
	Allocs uint64
	Bytes  uint64
}

// measured are the pages, and who looks at them.
var measured = []struct{ name, path, user string }{
	{"My API Keys", handlers.KeysPath, "somebody"},
	{"All API Keys", handlers.AllKeysPath, "admin"},
}

// pages compares pages with many keys stored with the same pages with few.
func pages(ctx context.Context, b *bench) error {
	for _, e := range engines {
		var sides []*child
		for i, d := range []database{b.small[e], b.large[e]} {
			c, err := b.start(ctx, order{Kind: "keyport", Engine: e, URL: d.url, Keys: []int{b.few, b.keys}[i]})
			if err != nil {
				return err
			}
			defer c.stop()
			sides = append(sides, c)
		}
		took, last := make([][2][]float64, len(measured)), make([][2]page, len(measured))
		for range b.renders {
			for i, c := range sides {
				r, err := c.ask("pages")
				if err != nil {
					return err
				}
				for j, p := range r.Pages {
					took[j][i], last[j][i] = append(took[j][i], float64(p.Took)), p
				}
			}
		}
		for j, m := range measured {
			few, many := took[j][0], took[j][1]
			b.add(fmt.Sprintf("%s, %s: %d keys stored against %d", m.name, e, b.keys, b.few), times(median(ratios(many, few))), "",
				"%s, %d allocations, %d KB; against %s, %d, %d KB", short(ofMedian(many)), last[j][1].Allocs, last[j][1].Bytes>>10,
				short(ofMedian(few)), last[j][0].Allocs, last[j][0].Bytes>>10)
		}
	}
	return nil
}

// renderPages renders each page once, as the server makes it.
func (w *worker) renderPages(ctx context.Context) (list []page, err error) {
	for _, m := range measured {
		cookie, err := w.cookieOf(ctx, m.user)
		if err != nil {
			return nil, err
		}
		r := httptest.NewRequest(http.MethodGet, m.path, nil)
		r.AddCookie(&http.Cookie{Name: "keyport", Value: cookie})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		answer := httptest.NewRecorder()
		took, _ := since(func() error { w.handler.ServeHTTP(answer, r); return nil })
		runtime.ReadMemStats(&after)
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), models.SecretPrefix) {
			return nil, fmt.Errorf("%s for %s: status %d, or no key in it", m.path, m.user, answer.Code)
		}
		list = append(list, page{took, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc})
	}
	return list, nil
}

// cookieOf signs somebody in, once, and returns the cookie of it.
func (w *worker) cookieOf(ctx context.Context, name string) (string, error) {
	if cookie := w.cookies[name]; cookie != "" {
		return cookie, nil
	}
	username := name
	if name == "somebody" { // the last user, who is a person
		username = "user-" + strconv.Itoa(usersOf(w.Keys)-1)
	}
	user, err := w.store.UserByName(console(ctx), username)
	if err != nil {
		return "", fmt.Errorf("%s: %w", username, err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	cookie, now := base64.RawURLEncoding.EncodeToString(id), w.store.Now()
	digest := sha256.Sum256([]byte(cookie))
	w.cookies[name] = cookie
	return cookie, w.store.StartSession(ctx, models.Session{Digest: digest[:], UserID: user.ID, CreatedAt: now, SeenAt: now, SignedInAt: now, EndsAt: now.Add(models.SessionAbsolute)})
}
