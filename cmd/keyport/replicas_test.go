//go:build unix

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/keyport/keyport/models/store/storetest"
)

// asProcess tells a copy of this program to be keyport.
const asProcess = "KEYPORT_TEST_AS_PROCESS"

// TestKeyportProcess is no test but what the processes of the next one do.
func TestKeyportProcess(t *testing.T) {
	if os.Getenv(asProcess) != "" {
		os.Args = os.Args[:1]
		main()
	}
}

// process is a Keyport in a process of its own.
type process struct {
	url     string // what it says itself, unless it was known before
	client  *http.Client
	admin   string // a key that may do everything
	command *exec.Cmd
	said    *journal
	log     string // its file
}

// startProcess starts a Keyport and waits until it is ready. It ends with the
// test, as SIGTERM ends it, and must end well.
func startProcess(t *testing.T, env environ, n int) *process {
	t.Helper()
	p := launch(t, env)
	p.wantReady(t, n)
	t.Cleanup(func() { p.end(t, n) })
	return p
}

// launch starts a Keyport and does not wait for it.
func launch(t *testing.T, env environ) *process {
	t.Helper()
	folder := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestKeyportProcess$")
	for name, value := range env.with("KEYPORT_DATA_DIR", filepath.Join(folder, "data"), asProcess, "1") {
		command.Env = append(command.Env, name+"="+value)
	}
	said := &journal{}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = said, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &process{client: client, command: command, said: said, log: log.Name()}
}

// wantReady waits until the process answers.
func (p *process) wantReady(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if line := portalLine.FindStringSubmatch(p.said.String()); line != nil {
			if p.url == "" {
				p.url = line[1]
			}
			if status, _, err := p.call(http.MethodGet, "/readyz", "", nil); err == nil && status == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("replica %d is not ready: %s%s", n, p.said, p.lastWords())
		}
	}
}

// end tells the process to end, and waits for it.
func (p *process) end(t *testing.T, n int) {
	t.Helper()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	if err := p.command.Wait(); err != nil {
		t.Errorf("replica %d: %v: %s", n, err, p.lastWords())
	}
}

// lastWords is the end of the process's log.
func (p *process) lastWords() []byte {
	text, _ := os.ReadFile(p.log)
	return text[max(0, len(text)-2000):]
}

// call sends a request, with a key unless that is "", and reads all of the answer.
func (p *process) call(method, path, key string, form url.Values) (status int, body string, err error) {
	var sent io.Reader
	if form != nil {
		sent = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, p.url+path, sent)
	if err != nil {
		return 0, "", err
	}
	if key != "" {
		r.Header.Set("X-Octopus-ApiKey", key)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", p.url)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode == http.StatusSeeOther {
		text = []byte(answer.Header.Get("Location"))
	}
	return answer.StatusCode, string(text), err
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// revokeMany revokes all keys of a purpose as an administrator does on the page,
// and waits until the page says that it is done.
func (p *process) revokeMany(purpose string) error {
	_, page, err := p.call(http.MethodGet, "/configuration/apikeys/revocation?purpose="+url.QueryEscape(purpose), "", nil)
	if err != nil {
		return err
	}
	form := url.Values{"reason": {"the farm is gone"}}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	status, progress, err := p.call(http.MethodPost, "/configuration/apikeys/revocations", "", form)
	if err != nil || status != http.StatusSeeOther {
		return fmt.Errorf("revoke %s: %d %v", purpose, status, err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		status, page, err := p.call(http.MethodGet, progress, "", nil)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("progress of %s: %d %v", purpose, status, err)
		}
		if !strings.Contains(page, "<progress") {
			return nil
		}
	}
	return fmt.Errorf("the revocation of %s does not end", purpose)
}

// How the keys of the trial are revoked.
const (
	singles   = 1000 // one by one, by REST, on all replicas
	parts     = 18   // by the page, 500 at once, on all replicas
	perPart   = 500
	everybody = -1 // the replica that revoked a key, when nobody knows which one it was
)

// doomed is a key that is going to be revoked.
type doomed struct {
	storetest.RealKey
	at    atomic.Int32 // the replica that revoked it
	ended atomic.Int64 // when the answer came, since the trial began; 0 before
}

// trial lets three processes verify keys while they are revoked.
type trial struct {
	*testing.T
	began             time.Time
	keys              []*doomed
	replicas          []*process
	next              atomic.Int64 // singles before it are revoked, or about to be
	part              atomic.Int64 // the part that was revoked last
	accepted, refused [3]atomic.Int64
}

// verify judges one call: a key is refused from the answer on where it was
// revoked, and everywhere a second later.
func (c *trial) verify(replica int, k *doomed) bool {
	ended, sent := k.ended.Load(), int64(time.Since(c.began))
	grace := int64(time.Second)
	if int(k.at.Load()) == replica {
		grace = 0
	}
	status, _, err := c.replicas[replica].call(http.MethodGet, "/verify", k.Secret, nil)
	switch {
	case err != nil:
		c.Errorf("replica %d: %v", replica, err)
	case status != http.StatusOK:
		c.refused[replica].Add(1)
		return false
	case ended != 0 && sent > ended+grace:
		c.Errorf("replica %d accepted a key %v after it was revoked", replica, time.Duration(sent-ended))
	default:
		c.accepted[replica].Add(1)
	}
	return true
}

// load verifies without end: any keys, those around the singles that are being
// revoked, and those that were revoked together just now.
func (c *trial) load(ctx context.Context, replica int) {
	for ctx.Err() == nil {
		n := rand.IntN(len(c.keys))
		switch rand.IntN(3) {
		case 0:
			n = min(max(0, int(c.next.Load())-200+rand.IntN(250)), singles-1)
		case 1:
			n = singles + int(c.part.Load())*perPart + rand.IntN(perPart)
		}
		c.verify(replica, c.keys[n])
		time.Sleep(time.Millisecond) // all of this runs on one machine
	}
}

// revokeSingles revokes keys on one replica, each warm on all of them, and asks
// again at once.
func (c *trial) revokeSingles(replica int) {
	for {
		n := int(c.next.Add(1)) - 1
		if n >= singles {
			return
		}
		k := c.keys[n]
		for r := range c.replicas {
			if !c.verify(r, k) {
				c.Errorf("replica %d refuses a good key", r)
			}
		}
		k.at.Store(int32(replica))
		path := fmt.Sprintf("/api/users/Users-%d/apikeys/%s", k.UserID, k.ID)
		status, body, err := c.replicas[replica].call(http.MethodDelete, path, c.replicas[replica].admin, nil)
		if err != nil || status != http.StatusOK {
			c.Errorf("revoke: %d %s %v", status, body, err)
			return
		}
		k.ended.Store(int64(time.Since(c.began)))
		if c.verify(replica, k) {
			c.Errorf("replica %d accepts a key that it has just revoked", replica)
		}
	}
}

// revokeParts revokes every third part on one replica, each key warm on one of
// them. Which replica does the work is not known.
func (c *trial) revokeParts(replica int) {
	for part := replica; part < parts; part += len(c.replicas) {
		keys := c.keys[singles+part*perPart:][:perPart]
		for n, k := range keys {
			if !c.verify(n%3, k) {
				c.Errorf("replica %d refuses a good key", n%3)
			}
		}
		if err := c.replicas[replica].revokeMany(fmt.Sprintf("part %d.", part)); err != nil {
			c.Error(err)
			return
		}
		ended := int64(time.Since(c.began))
		for _, k := range keys {
			k.ended.Store(ended)
		}
		c.part.Store(int64(part))
	}
}

// Three Keyports share one PostgreSQL database, each in a process of its own,
// and 10,000 keys are revoked under load: 1,000 one by one and 9,000 in 18
// revocations of 500. No call is accepted by the replica that revoked a key
// after its answer, and none by any replica a second later.
func TestThreeReplicasRevokeTenThousandKeys(t *testing.T) {
	env := place(t, storetest.PostgreSQL).with("KEYPORT_MASTER_KEY", oneKey)
	keyport(t, env, password+"\n", "user", "create", "--username", "maya", "--admin").want(t, exitOK, "")
	c := &trial{T: t, began: time.Now()}
	c.makeKeys(env)
	admin := strings.TrimSpace(keyport(t, env, "", "apikey", "create", "--user", "maya", "--purpose", "the test").stdout)
	for n := range 3 {
		p := startProcess(t, env, n)
		p.admin = admin
		status, where, err := p.call(http.MethodPost, "/sign-in", "", url.Values{"username": {"maya"}, "password": {password}})
		if err != nil || status != http.StatusSeeOther {
			t.Fatalf("sign in at replica %d: %d %s %v", n, status, where, err)
		}
		c.replicas = append(c.replicas, p)
	}
	wantFinding(t, examined(t, env, exitOK), "replicas", isWell, "Replicas that answer: 3.")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var load, revoking sync.WaitGroup
	began := time.Now()
	for replica := range c.replicas {
		load.Go(func() { c.load(ctx, replica) })
		load.Go(func() { c.load(ctx, replica) })
		revoking.Go(func() { c.revokeSingles(replica) })
		revoking.Go(func() { c.revokeParts(replica) })
	}
	revoking.Wait()
	t.Logf("10,000 keys were revoked in %v", time.Since(began))
	c.wantReceipts()
	time.Sleep(time.Second)
	stop()
	load.Wait()
	c.finish(env)
}

// makeKeys adds the keys, of 40 service accounts.
func (c *trial) makeKeys(env environ) {
	c.Helper()
	db := storetest.SQL(c.T, databaseOf(env))
	const people = `INSERT INTO users (username, username_fold, is_service, created_at) SELECT 'robot' || n, 'robot' || n, TRUE, now() FROM generate_series(1, 40) AS n`
	if _, err := db.Exec(people); err != nil {
		c.Fatal(err)
	}
	var first int64
	if err := db.QueryRow("SELECT min(id) FROM users WHERE is_service").Scan(&first); err != nil {
		c.Fatal(err)
	}
	purpose := func(n int) string {
		if n < singles {
			return "single"
		}
		return fmt.Sprintf("part %d.", (n-singles)/perPart)
	}
	master, err := hex.DecodeString(oneKey)
	if err != nil {
		c.Fatal(err)
	}
	ring := storetest.Keyring(c.T, master[0]) // all bytes of it are alike
	for _, k := range storetest.RealKeys(c.T, databaseOf(env), ring, time.Now().Add(-time.Hour), singles+parts*perPart, purpose, func(n int) int64 { return first + int64(n%40) }) {
		d := &doomed{RealKey: k}
		d.at.Store(everybody)
		c.keys = append(c.keys, d)
	}
}

// wantReceipts checks that all replicas say, within two seconds, that they
// refuse what was revoked last.
func (c *trial) wantReceipts() {
	c.Helper()
	last := c.keys[singles-1]
	path := fmt.Sprintf("/api/users/Users-%d/apikeys/%s/revocation", last.UserID, last.ID)
	var receipt struct {
		Replicas, Refusing int
		IsComplete         bool
		TookMilliseconds   *int64
	}
	for until := time.Now().Add(2 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, body, err := c.replicas[1].call(http.MethodGet, path, c.replicas[1].admin, nil)
		if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &receipt) != nil {
			c.Fatalf("receipt: %d %s %v", status, body, err)
		}
		if receipt.IsComplete || time.Now().After(until) {
			break
		}
	}
	if receipt.Replicas != 3 || receipt.Refusing != 3 || receipt.TookMilliseconds == nil {
		c.Errorf("the receipt says %+v, want three of three", receipt)
		return
	}
	c.Logf("the receipt: refused on 3 of 3 replicas after %d ms", *receipt.TookMilliseconds)
}

// finish checks that keys are dead, each third by a call and all by the database,
// and that something was tested.
func (c *trial) finish(env environ) {
	c.Helper()
	for n := 0; n < len(c.keys); n += 3 {
		if c.verify(n/3%3, c.keys[n]) {
			c.Errorf("key %d is alive", n)
		}
	}
	var revoked, told int
	if err := storetest.SQL(c.T, databaseOf(env)).QueryRow(`SELECT (SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL),
		(SELECT count(DISTINCT document_id) FROM events WHERE document_type = 'ApiKeys' AND category = 'Deleted')`).Scan(&revoked, &told); err != nil {
		c.Fatal(err)
	}
	if revoked != len(c.keys) || told != len(c.keys) {
		c.Errorf("%d keys are revoked and %d told of, want %d", revoked, told, len(c.keys))
	}
	for r := range c.replicas {
		c.Logf("replica %d: %d accepted, %d refused", r, c.accepted[r].Load(), c.refused[r].Load())
		if c.accepted[r].Load() < 1000 || c.refused[r].Load() < 1000 {
			c.Errorf("replica %d saw too little to prove anything", r)
		}
	}
}
