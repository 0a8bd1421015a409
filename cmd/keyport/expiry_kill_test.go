//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// How the trial goes. Each round lets the moment of some more keys come.
const (
	randomKills = 4
	keysOfRound = 40
)

// exactKills are the moments of a delivery at which everything is killed: before
// anything has gone out, and before the answer that would be noted.
var exactKills = []string{hookConnects, hookTaken, mailConnects, mailTaken}

// Processes raise the events of keys that end, and tell a receiver of webhooks
// and a mail server, while they are killed again and again. In the end each key
// has one event for each threshold, and each receiver got each event that it
// subscribes to, under one id.
func TestExpiryEventsSurviveKills(t *testing.T) {
	for engine, replicas := range map[storetest.Engine]int{storetest.SQLite: 1, storetest.PostgreSQL: 3} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			c := besiege(t, engine, replicas)
			for range randomKills {
				c.nextRound()
				c.killSomewhere()
			}
			for _, moment := range exactKills {
				c.trap.set(moment, c.killAll)
				c.nextRound()
				c.runTask(0)
				c.trap.wantSprung(t)
				c.revive()
			}
			c.nextRound()
			c.runTask(0)
			c.wantQuiet()
			c.wantEachToldOnce()
			c.wantEachDelivered()
			for n, p := range c.replicas {
				c.replicas[n] = nil
				p.end(t, n)
			}
		})
	}
}

// nextRound lets keys become due, and lets the time pass in which those who died
// are waited for.
func (c *siege) nextRound() {
	c.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for _, k := range c.keys[c.due:min(len(c.keys), c.due+keysOfRound)] {
		c.exec("UPDATE api_keys SET notice_at = $1 WHERE id = $2", now.Add(-time.Minute), k)
		c.due++
	}
	c.exec("UPDATE deliveries SET claimed_until = $1 WHERE claimed_until IS NOT NULL", now)
	c.exec("UPDATE scheduled_tasks SET running_until = $1 WHERE running_until IS NOT NULL", now)
}

// killSomewhere runs the task on one of the replicas and kills it at any moment
// from then on until about everything is sent.
func (c *siege) killSomewhere() {
	c.Helper()
	n := rand.IntN(len(c.replicas))
	var asked sync.WaitGroup
	asked.Go(func() { c.runTask(n) })
	time.Sleep(rand.N(400 * time.Millisecond))
	c.kill(n)
	asked.Wait()
	c.revive()
}

// siege is a Keyport in several processes that is not left in peace.
type siege struct {
	*testing.T
	env      environ
	db       *sql.DB
	mu       sync.Mutex
	replicas []*process // nil while one is dead
	kills    int
	jar      *cookiejar.Jar // whoever is signed in on one replica is so on all
	trap     *trap
	hooks    *hooks
	letters  *letters
	keys     []string
	due      int // so many of the keys' moments have come
}

// besiege makes an installation with keys that end, webhooks and a mail server.
func besiege(t *testing.T, engine storetest.Engine, replicas int) *siege {
	t.Helper()
	c := &siege{T: t, trap: &trap{}, env: place(t, engine).with("KEYPORT_MASTER_KEY", oneKey)}
	c.hooks, c.letters = startHooks(t, c.trap), startLetters(t, c.trap)
	c.env = c.env.with("KEYPORT_DATABASE_URL", databaseOf(c.env), "KEYPORT_PUBLIC_URL", "http://127.0.0.1:8080", "KEYPORT_EGRESS_ALLOW", "127.0.0.0/8",
		"KEYPORT_SMTP_URL", "smtp://"+c.letters.address+"?tls=off", "KEYPORT_SMTP_FROM", "keys@example.com")
	keyport(t, c.env, password+"\n", "user", "create", "--username", "maya", "--email", "maya@example.com", "--admin").want(t, exitOK, "")
	admin := strings.TrimSpace(keyport(t, c.env, "", "apikey", "create", "--user", "maya", "--purpose", "the test").stdout)
	c.db = storetest.SQL(t, databaseOf(c.env))
	c.makeKeys((randomKills + len(exactKills) + 1) * keysOfRound)
	c.replicas, c.jar = make([]*process, replicas), must(cookiejar.New(nil))
	t.Cleanup(c.killAll)
	c.revive()
	status, where, err := c.replicas[0].call(http.MethodPost, "/sign-in", "", url.Values{"username": {"maya"}, "password": {password}})
	if err != nil || status != http.StatusSeeOther {
		t.Fatalf("sign in: %d %s %v", status, where, err)
	}
	c.subscribe(admin, "all", `"EventGroups":["ApiKeyExpiry"]`, false)
	c.subscribe(admin, "expired", `"EventCategories":["ApiKeyExpired"]`, false)
	c.subscribe(admin, "disabled", `"EventGroups":["ApiKeyExpiry"]`, true)
	return c
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// makeKeys adds keys of which the thirds have ended, end within ten days and
// within twenty, and whose moment has not come yet.
func (c *siege) makeKeys(n int) {
	c.Helper()
	ring := storetest.Keyring(c.T, must(hex.DecodeString(oneKey))[0]) // all bytes of it are alike
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i := range n {
		secret := models.NewSecret()
		digest := ring.Digest(secret)
		left := []time.Duration{-time.Hour, 9 * 24 * time.Hour, 19 * 24 * time.Hour}[i%3]
		k := models.APIKey{ID: models.NewKeyID(), UserID: 1, Purpose: fmt.Sprintf("key %d.", i), Prefix: secret.Prefix(), PepperID: digest.PepperID, Digest: digest.Sum[:],
			CreatedAt: now.Add(-60 * 24 * time.Hour), ExpiresAt: now.Add(left), Access: models.Access{Level: models.FullAccess}}
		c.exec(`INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at) VALUES ($1, (SELECT id FROM users WHERE username = 'maya'), $2, $2, $3, $4, $5, $6, $7, $8)`,
			k.ID, k.Purpose, k.Prefix, k.PepperID, k.Digest, ring.Seal(k.PepperID, k.SealedBytes()), k.CreatedAt, k.ExpiresAt)
		c.keys = append(c.keys, k.ID)
	}
}

// exec runs a statement past Keyport, again if those who work on the same rows
// were first, as the store does too.
func (c *siege) exec(statement string, values ...any) {
	c.Helper()
	_, err := c.db.Exec(statement, values...)
	for again := 0; again < 10 && err != nil && strings.Contains(err.Error(), "SQLSTATE 40P01"); again++ {
		_, err = c.db.Exec(statement, values...)
	}
	if err != nil {
		c.Fatal(err)
	}
}

// subscribe makes a subscription by webhook, as a client of the REST API does.
func (c *siege) subscribe(key, name, filter string, disabled bool) {
	c.Helper()
	body := fmt.Sprintf(`{"Name":%q,"Type":"Event","IsDisabled":%t,"EventNotificationSubscription":{"WebhookURI":"%s/%s","WebhookTimeout":"00:00:10","Filter":{%s}}}`, name, disabled, c.hooks.url, name, filter)
	r := must(http.NewRequest(http.MethodPost, c.replicas[0].url+"/api/Spaces-1/subscriptions", bytes.NewBufferString(body)))
	r.Header.Set("X-Octopus-ApiKey", key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusCreated {
		c.Fatalf("subscribe: %d %s", answer.StatusCode, text)
	}
}

// runTask presses the button on the page. The process may die over it.
func (c *siege) runTask(n int) {
	c.mu.Lock()
	p := c.replicas[n]
	c.mu.Unlock()
	if p == nil {
		return // what was left over from before has sprung the trap
	}
	_, page, err := p.call(http.MethodGet, "/configuration/tasks", "", nil)
	if err != nil {
		return
	}
	form := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if status, where, err := p.call(http.MethodPost, "/configuration/tasks/expiry/run", "", form); err == nil && status != http.StatusSeeOther {
		c.Errorf("run the task: %d %s", status, where)
	}
}

// revive starts whatever is dead.
func (c *siege) revive() {
	c.Helper()
	var started []*process
	for n, p := range c.replicas {
		if p == nil {
			address := freeAddress(c.T)
			p = launch(c.T, c.env.with("KEYPORT_LISTEN", address))
			p.url, p.client.Jar = "http://"+address, c.jar
			c.mu.Lock()
			c.replicas[n] = p
			c.mu.Unlock()
			started = append(started, p)
		}
	}
	for n, p := range started {
		p.wantReady(c.T, n)
	}
}

func (c *siege) kill(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.replicas[n]; p != nil {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
		c.replicas[n] = nil
		c.kills++
	}
}

// killAll kills all of them. Nothing of theirs runs any more when it returns.
func (c *siege) killAll() {
	for n := range c.replicas {
		c.kill(n)
	}
}
