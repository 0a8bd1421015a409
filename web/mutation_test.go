package web_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// mutator makes calls of the published description that no client would make.
type mutator struct {
	*rand.Rand
	document *openapi3.T
	calls    []call
	ids      []string // of what is there, and of what is not
}

type call struct {
	method, template string
	operation        *openapi3.Operation
}

// oddTexts are values that texts, numbers and ids get in place of what belongs
// there.
var oddTexts = []string{"", " ", "0", "-1", "1e3", "9223372036854775808", "true", "null", "me", "Users-1 or 1=1", "%", "_", "\\", "'", "\"", "\u0000", "\xff", "\u202e", "é́́", "😀",
	"<script>", "{{.}}", "${x}", "../..", "API-AAAAAAAAAAAAAAAAAAAAAAAAAA", "2027-02-30", "2027-05-22T18:00:00+24:00", "9999-12-31T23:59:59Z", strings.Repeat("x", 300), strings.Repeat("é", 5000)}

// oddValues are JSON values in place of others.
var oddValues = []string{`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `9223372036854775808`, `""`, `"\u0000"`, `"\ud800"`, `[]`, `{}`, `[null]`, `[[[]]]`, `{"a":1,"A":2}`, `"2027-13-01T00:00:00Z"`, `["Users-1","Users-1"]`,
	strings.Repeat("[", 40) + strings.Repeat("]", 40), `"` + strings.Repeat("x", 3000) + `"`}

func newMutator(t *testing.T, f *storetest.Fixture, seed uint64) *mutator {
	t.Helper()
	document, err := webtest.Contract()
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 1)), document: document}
	for template, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if !strings.HasSuffix(template, "/apikeys/self") || method != http.MethodDelete { // the caller would be gone
				m.calls = append(m.calls, call{method, template, operation})
			}
		}
	}
	slices.SortFunc(m.calls, func(a, b call) int { return strings.Compare(a.method+a.template, b.method+b.template) })
	key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Victim"})
	m.ids = []string{f.Bob.PublicID(), f.Robot.PublicID(), f.Charlie.PublicID(), "Teams-1", "Teams-2", "Users-987654", "Subscriptions-1", "Services-1", "Events-1", "spaces-1", "default", "userroles-2", "Invitations-1", key.ID}
	return m
}

func pick[T any](m *mutator, list []T) T { return list[m.IntN(len(list))] }

// path fills a template in.
func (m *mutator) path(template string) string {
	parts := strings.Split(template, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = pick(m, m.ids)
			if m.IntN(4) == 0 {
				parts[i] = url.PathEscape(pick(m, oddTexts))
			}
		}
	}
	path := strings.Join(parts, "/")
	switch m.IntN(20) {
	case 0:
		path = strings.ToUpper(path)
	case 1:
		path += "/"
	case 2:
		path = "/" + path
	}
	return path
}

// query fills the parameters in, and adds some that nobody knows.
func (m *mutator) query(o *openapi3.Operation) string {
	v := url.Values{}
	for _, p := range o.Parameters {
		if p.Value.In == "query" && m.IntN(3) == 0 {
			v.Add(p.Value.Name, pick(m, append(oddTexts, m.ids...)))
		}
	}
	if m.IntN(10) == 0 {
		v.Add(pick(m, []string{"apikey", "orderBy", "skip", "TAKE", "x[]"}), pick(m, oddTexts))
	}
	return v.Encode()
}

// body makes JSON of the schema, with some of it wrong.
func (m *mutator) body(o *openapi3.Operation) string {
	if o.RequestBody == nil {
		return ""
	}
	text := m.value(o.RequestBody.Value.Content.Get("application/json").Schema, 0)
	switch m.IntN(12) {
	case 0:
		return text[:m.IntN(len(text)+1)]
	case 1:
		return pick(m, oddValues)
	case 2:
		return pick(m, oddTexts)
	}
	return text
}

func (m *mutator) value(schema *openapi3.SchemaRef, depth int) string {
	if m.IntN(6) == 0 || schema == nil || depth > 5 {
		return pick(m, oddValues)
	}
	s := schema.Value
	switch {
	case s.Type.Includes("object"):
		return m.object(s, depth)
	case s.Type.Includes("array"):
		return "[" + m.value(s.Items, depth+1) + "]"
	case s.Type.Includes("integer"):
		return fmt.Sprint(m.IntN(2000) - 100)
	case s.Type.Includes("boolean"):
		return fmt.Sprint(m.IntN(2) == 0)
	case s.Type.Includes("string") && m.IntN(2) == 0:
		return quoted(pick(m, append(oddTexts, m.ids...)))
	case s.Type.Includes("string"):
		return quoted("Made by mutation " + fmt.Sprint(m.IntN(1000)))
	}
	return pick(m, oddValues)
}

func (m *mutator) object(s *openapi3.Schema, depth int) string {
	var members []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if m.IntN(5) > 0 {
			members = append(members, quoted(name)+":"+m.value(s.Properties[name], depth+1))
		}
	}
	if len(members) > 0 && m.IntN(15) == 0 {
		members = append(members, strings.ToUpper(members[0])) // the same member once more
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

func (m *mutator) header() http.Header {
	h := http.Header{}
	if m.IntN(3) == 0 {
		h.Set("Content-Type", pick(m, []string{"application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "x"}))
	}
	if m.IntN(10) == 0 {
		h.Set("X-HTTP-Method-Override", pick(m, []string{"PUT", "DELETE", "PATCH", "GET", "x"}))
	}
	if m.IntN(10) == 0 {
		h.Set("Idempotency-Key", pick(m, []string{"a", "", "b c", "again"}))
	}
	if m.IntN(20) == 0 {
		h.Set("Accept", "x/y")
	}
	return h
}

// Calls that are generated from the description and then bent never break
// Keyport: no 5xx, no panic, every answer as described, and a call that is
// refused leaves nothing behind.
func TestMutatedCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		m := newMutator(t, f, 20261126)
		rounds := 10_000
		if f.Engine == storetest.PostgreSQL {
			rounds = 2_000
		}
		db := storetest.SQL(t, f.URL)
		callers := []*webtest.Client{asAdmin(t, f, site), asAdmin(t, f, site), site.WithKey(mustKey(t, f, f.Robot)), site.Client()}
		before, refused := stored(t, db), 0
		for i := range rounds {
			c, client := pick(m, m.calls), pick(m, callers)
			path, body := m.path(c.template), m.body(c.operation)
			answer := client.Do(c.method, path+"?"+m.query(c.operation), body, m.header())
			after := before
			if c.method != http.MethodGet {
				after = stored(t, db)
			}
			switch {
			case answer.Status >= 500:
				t.Fatalf("call %d: %s %s %.500s: got %d %s", i, c.method, path, body, answer.Status, answer.Body)
			case answer.Status >= 400 && after != before:
				t.Fatalf("call %d: %s %s %.500s: refused with %d, and yet something was written:\n%s\n%s", i, c.method, path, body, answer.Status, before, after)
			case answer.Status >= 400:
				refused++
			}
			if before = after; m.recover(t, f, client, callers) {
				before = stored(t, db)
			}
		}
		if strings.Contains(site.Log(), "panic") {
			t.Error("there was a panic")
		}
		if refused < rounds/4 || refused > rounds*19/20 {
			t.Errorf("%d of %d calls were refused; a good mixture has both", refused, rounds)
		}
	})
}

// recover brings back what calls that succeeded have taken from the callers, and
// reports whether anything was missing.
func (m *mutator) recover(t *testing.T, f *storetest.Fixture, client *webtest.Client, callers []*webtest.Client) bool {
	if client != callers[2] || m.IntN(50) > 0 || client.Get("/api/users/me").Status != http.StatusUnauthorized {
		return false
	}
	// The robot was removed or switched off: another one takes its place.
	name := fmt.Sprint("robot ", m.Uint64())
	robot, err := f.Store.CreateUser(storetest.Console(), models.NewUser{Username: name, IsService: true}, false)
	if err != nil {
		t.Fatal(err)
	}
	callers[2].Header.Set("X-Octopus-ApiKey", mustKey(t, f, robot))
	return true
}

// stored sums up what calls could change. What may be written by a refused call
// is left out: events, counters of sign-ins and marks of use.
func stored(t *testing.T, db *sql.DB) string {
	t.Helper()
	var sum string
	err := db.QueryRow(`SELECT (SELECT count(*) || ' ' || COALESCE(sum(version), 0) FROM users) || ' ' || (SELECT count(*) || ' ' || sum(version) FROM teams) || ' ' || (SELECT count(*) FROM team_members)
		|| ' ' || (SELECT count(*) || ' ' || count(revoked_at) FROM api_keys) || ' ' || (SELECT count(*) || ' ' || COALESCE(sum(version), 0) FROM subscriptions)
		|| ' ' || (SELECT count(*) || ' ' || COALESCE(sum(version), 0) FROM oidc_identities) || ' ' || (SELECT count(*) FROM invitations) || ' ' || (SELECT version FROM auth_settings)
		|| ' ' || (SELECT count(*) FROM recorded_identities) || ' ' || (SELECT count(*) FROM sessions) || ' ' || (SELECT count(*) || ' ' || COALESCE(sum(version), 0) FROM services)`).Scan(&sum)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
