package delivery_test

import (
	"context"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
)

var public = &url.URL{Scheme: "https", Host: "keys.example.com", Path: "/portal"}

// office starts a post office on a fixture, which ends with the test. stop ends
// it sooner and waits for it.
func office(t *testing.T, f *storetest.Fixture, server *mailServer) (p *delivery.Post, stop func()) {
	t.Helper()
	mailer := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off"), Time: 2 * time.Second})
	p = delivery.NewPost(delivery.PostOptions{Store: f.Store, Servers: &delivery.Servers{Fixed: mailer}, PublicURL: public,
		Log: slog.New(slog.NewJSONHandler(f.Log, nil)), Pauses: []time.Duration{20 * time.Millisecond, 20 * time.Millisecond}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { p.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return p, stop
}

var linkPattern = regexp.MustCompile(`https://\S+token=([A-Z0-9]+)`)

func TestForgottenPasswordByMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("UPDATE users SET email = ?, email_fold = ?, time_zone = ? WHERE id = ?", "Alice@example.com", "alice@example.com", "Asia/Tokyo", f.Alice.ID)
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		server := startMailServer(t, how{})
		post, stop := office(t, f, server)
		request := models.WithRequest(t.Context(), models.Request{ID: "r-1", Address: "192.0.2.9"})
		for _, login := range []string{"nobody", "robot", "alice@example.com", "", "charlie"} {
			post.ForgotPassword(request, login)
		}
		got := server.want(t, 1)[0]
		stop()
		if n := len(server.got()); n != 1 || got.to[0] != "Alice@example.com" {
			t.Fatalf("%d letters, the first to %v; want one to Alice", n, got.to)
		}
		_, plain, page := parts(t, got.data)
		for _, want := range []string{"User name: alice", "Mon 23 Nov 2026, 20:30 Asia/Tokyo", "https://keys.example.com/portal/reset-password?token="} {
			if !strings.Contains(plain, want) {
				t.Errorf("the letter lacks %q: %s", want, plain)
			}
		}
		token := linkPattern.FindStringSubmatch(plain)[1]
		if !strings.Contains(page, token) {
			t.Error("the page has another link than the text")
		}
		if _, err := f.Store.ChoosePassword(t.Context(), models.LinkPasswordReset, token, "seven quiet boats at noon"); err != nil {
			t.Errorf("the link does not work: %v", err)
		}
		events := f.Events()
		if last := events[len(events)-2]; last.Message != "A password reset link was mailed to alice" || last.Address != "192.0.2.9" || last.RequestID != "r-1" {
			t.Errorf("event = %+v", last)
		}
		if strings.Contains(f.Log.String(), token) {
			t.Error("the log holds the token")
		}
	})
}

func TestInvitationByMail(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	server := startMailServer(t, how{})
	post, _ := office(t, f, server)
	vera := models.User{ID: 77, Username: "vera", DisplayName: "Vera\r\nBcc: eve@example.com <b>", Email: "vera@example.com"}
	link := models.PasswordLink{Kind: models.LinkInvitation, User: vera, Token: "TOKEN", ExpiresAt: storetest.Epoch}
	if !post.PasswordLink(t.Context(), link) {
		t.Fatal("the letter was not taken")
	}
	got := server.want(t, 1)[0]
	header, plain, _ := parts(t, got.data)
	if header.Get("Bcc") != "" || !strings.Contains(plain, "https://keys.example.com/portal/invitation?token=TOKEN") {
		t.Errorf("letter = %s", got.data)
	}
	link.User.Email = ""
	if post.PasswordLink(t.Context(), link) {
		t.Error("a letter to nowhere was taken")
	}
}

// A server that asks to come back gets the letter again, one that refuses it
// does not, and in the end there is an end.
func TestLettersAreTriedAgain(t *testing.T) {
	later := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user"}
	tests := []struct {
		name     string
		refusals []error
		letters  int
		tries    int
		log      string
	}{
		{"once", []error{later}, 1, 2, "will be tried again"},
		{"twice", []error{later, later}, 1, 3, "will be tried again"},
		{"always", []error{later, later, later, later}, 0, 3, "was given up"},
		{"never", []error{never}, 0, 1, "was given up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := storetest.New(t, storetest.SQLite)
			server := startMailServer(t, how{})
			server.answer(test.refusals...)
			post, _ := office(t, f, server)
			post.PasswordLink(t.Context(), models.PasswordLink{Kind: models.LinkInvitation, User: models.User{Username: "vera", Email: "vera@example.com"}, Token: "SECRETTOKEN"})
			for deadline := time.Now().Add(10 * time.Second); !strings.Contains(f.Log.String(), test.log) && time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
			server.want(t, test.letters)
			time.Sleep(100 * time.Millisecond) // nothing more may come
			server.mu.Lock()
			defer server.mu.Unlock()
			if server.sessions != test.tries || len(server.letters) != test.letters {
				t.Errorf("%d tries and %d letters, want %d and %d: %s", server.sessions, len(server.letters), test.tries, test.letters, f.Log)
			}
			if !strings.Contains(f.Log.String(), test.log) || strings.Contains(f.Log.String(), "SECRETTOKEN") {
				t.Errorf("log = %s", f.Log)
			}
		})
	}
}

// However much is asked for, asking never waits, and what does not fit is
// dropped.
func TestPostNeverWaits(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	server := startMailServer(t, how{})
	mailer := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off")})
	post := delivery.NewPost(delivery.PostOptions{Store: f.Store, Servers: &delivery.Servers{Fixed: mailer}, PublicURL: public, Log: slog.New(slog.NewJSONHandler(f.Log, nil))})
	started := time.Now()
	for range 10_000 { // nobody carries
		post.ForgotPassword(t.Context(), "alice")
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("asking took %v", took)
	}
	if !strings.Contains(f.Log.String(), "too many wait") {
		t.Error("nothing was dropped, so the queue has no end")
	}
}

// What was asked for before the end still goes out.
func TestPostEndsOrderly(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	server := startMailServer(t, how{longer: 20 * time.Millisecond})
	post, stop := office(t, f, server)
	for range 10 {
		post.PasswordLink(t.Context(), models.PasswordLink{Kind: models.LinkInvitation, User: models.User{Username: "vera", Email: "vera@example.com"}, Token: "T"})
	}
	stop()
	if n := len(server.got()); n != 10 {
		t.Errorf("%d letters went out, want all ten", n)
	}
}
