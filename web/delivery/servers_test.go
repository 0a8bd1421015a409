package delivery_test

import (
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
	"github.com/keyport/keyport/web/egress"
)

var thisMachine = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// chosen is a post office that sends by what administrators chose.
func chosen(f *storetest.Fixture, server *mailServer, allow []netip.Prefix) *delivery.Post {
	servers := &delivery.Servers{Store: f.Store, Guard: &egress.Guard{Allow: allow}, Roots: server.roots, Time: time.Second}
	return delivery.NewPost(delivery.PostOptions{Store: f.Store, Servers: servers, PublicURL: public, Log: slog.New(slog.NewJSONHandler(f.Log, nil))})
}

// choose saves a mail server as an administrator does.
func choose(t *testing.T, f *storetest.Fixture, address string, way models.MailEncryption, login, password string) {
	t.Helper()
	admin := f.As(f.Admin)
	stored, err := f.Store.MailSettings(admin)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	wish := models.MailWish{Version: stored.Version, Host: host, Encryption: way, Login: login, Password: &password, Sender: sender}
	if wish.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Store.SaveMailSettings(admin, wish); err != nil {
		t.Fatal(err)
	}
}

func TestChosenMailServer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		users := map[string]string{"keys@relay": "s e/c:r@t"}
		for name, test := range map[string]struct {
			how             how
			way             models.MailEncryption
			login, password string
		}{
			"STARTTLS and a password":           {how{tls: "starttls", users: users}, models.MailSTARTTLS, "keys@relay", "s e/c:r@t"},
			"TLS from the start and a password": {how{tls: "implicit", users: users}, models.MailTLS, "keys@relay", "s e/c:r@t"},
			"in the clear, as chosen":           {how{}, models.MailInClear, "", ""},
		} {
			t.Run(name, func(t *testing.T) {
				server := startMailServer(t, test.how)
				choose(t, f, server.address, test.way, test.login, test.password)
				trial, err := chosen(f, server, thisMachine).TestMail(t.Context(), "zoe@example.com")
				if err != nil || !trial.Taken || !strings.Contains(trial.Answer, "OK") {
					t.Fatalf("got %+v, %v", trial, err)
				}
				got := server.want(t, 1)[0]
				if got.user != test.login || got.encrypted != (test.way != models.MailInClear) || got.from != "keys@example.com" || got.to[0] != "zoe@example.com" {
					t.Errorf("envelope = %+v", got)
				}
			})
		}
	})
}

// What is saved counts for the next letter of another replica, and without a
// server nothing is promised.
func TestChosenMailServerCountsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		first, second := startMailServer(t, how{}), startMailServer(t, how{})
		here := chosen(f, first, thisMachine)
		servers := &delivery.Servers{Store: f.Reopen(1), Guard: &egress.Guard{Allow: thisMachine}}
		link := models.PasswordLink{Kind: models.LinkInvitation, User: models.User{Username: "vera", Email: "vera@example.com"}, Token: "T"}
		if mailer, err := servers.Mailer(t.Context()); mailer != nil || err != nil || here.Sends(t.Context()) || here.PasswordLink(t.Context(), link) {
			t.Fatalf("before anything is chosen: %v, %v", mailer, err)
		}
		for _, server := range []*mailServer{first, second} {
			choose(t, f, server.address, models.MailInClear, "", "")
			mailer, err := servers.Mailer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := mailer.Send(t.Context(), "zoe@example.com", letter); err != nil {
				t.Fatal(err)
			}
			server.want(t, 1)
		}
		if !here.Sends(t.Context()) || !here.PasswordLink(t.Context(), link) {
			t.Error("with a server no letter is promised")
		}
		unpublished := delivery.NewPost(delivery.PostOptions{Store: f.Store, Servers: servers, Log: slog.New(slog.NewJSONHandler(f.Log, nil))})
		if mailer, err := unpublished.Mailer(t.Context()); mailer != nil || err != nil || unpublished.Sends(t.Context()) {
			t.Errorf("without a public address letters go out: %v, %v", mailer, err)
		}
		if trial, err := unpublished.TestMail(t.Context(), "zoe@example.com"); err != nil || !trial.Taken {
			t.Errorf("without a public address a test: got %+v, %v", trial, err)
		}
	})
}

// The environment's server wins, and needs no permission to be inside.
func TestFixedMailServerWins(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	fixed, other := startMailServer(t, how{}), startMailServer(t, how{})
	choose(t, f, other.address, models.MailInClear, "", "")
	mailer := newMailer(t, delivery.MailerOptions{Server: fixed.url("smtp", "", "?tls=off")})
	post := delivery.NewPost(delivery.PostOptions{Store: f.Store, PublicURL: public, Log: slog.New(slog.NewJSONHandler(f.Log, nil)),
		Servers: &delivery.Servers{Store: f.Store, Fixed: mailer, Guard: &egress.Guard{}}})
	if trial, err := post.TestMail(t.Context(), "zoe@example.com"); err != nil || !trial.Taken {
		t.Fatalf("got %+v, %v", trial, err)
	}
	fixed.want(t, 1)
	other.want(t, 0)
}

// Whatever goes wrong, the words say what to do and never the password.
func TestTrialSaysWhatToDo(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	users := map[string]string{"u": "p-a-s-s"}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, test := range []struct {
		name            string
		how             how
		way             models.MailEncryption
		password        string
		refusal         error
		address         string // instead of the server's
		allow           []netip.Prefix
		strangers       bool // nobody knows its authority
		problem, answer string
	}{
		{name: "inside", way: models.MailInClear, problem: "127.0.0.0/8"},
		{name: "a wide network does not name this machine", way: models.MailInClear, allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, problem: "KEYPORT_EGRESS_ALLOW"},
		{name: "nobody there", way: models.MailInClear, allow: thisMachine, address: gone.Addr().String(), problem: "whether a firewall lets Keyport out"},
		{name: "silent", way: models.MailInClear, allow: thisMachine, address: silent.Addr().String(), problem: "did not answer in time"},
		{name: "slow", how: how{longer: 3 * time.Second}, way: models.MailInClear, allow: thisMachine, problem: "did not answer in time"},
		{name: "no STARTTLS", way: models.MailSTARTTLS, allow: thisMachine, problem: "offers no STARTTLS"},
		{name: "no TLS from the start", how: how{tls: "starttls"}, way: models.MailTLS, allow: thisMachine, problem: "Choose STARTTLS"},
		{name: "TLS where STARTTLS is expected", how: how{tls: "implicit"}, way: models.MailSTARTTLS, allow: thisMachine, problem: "465"},
		{name: "unknown authority", how: how{tls: "starttls"}, way: models.MailSTARTTLS, allow: thisMachine, strangers: true, problem: "certificate"},
		{name: "wrong password", how: how{tls: "starttls", users: users}, way: models.MailSTARTTLS, password: "p-a-s-s-wrong", allow: thisMachine, problem: "refused the user name or the password", answer: "535"},
		{name: "no sign-in", how: how{tls: "starttls"}, way: models.MailSTARTTLS, password: "p-a-s-s", allow: thisMachine, problem: "asks for no user name"},
		{name: "unknown way to sign in", how: how{tls: "starttls", users: users, mechs: []string{"XOAUTH2"}}, way: models.MailSTARTTLS, password: "p-a-s-s", allow: thisMachine, problem: "SCRAM-SHA-256"},
		{name: "no such mailbox", way: models.MailInClear, allow: thisMachine, refusal: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user"}, problem: "to this address", answer: "550 5.1.1 No such user"},
		{name: "sign in first", how: how{tls: "starttls", users: users}, way: models.MailSTARTTLS, allow: thisMachine, problem: "from this sender", answer: "502"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startMailServer(t, test.how)
			if test.refusal != nil {
				server.answer(test.refusal)
			}
			if test.strangers {
				server.roots = startMailServer(t, how{tls: "starttls"}).roots
			}
			if test.address == "" {
				test.address = server.address
			}
			login := ""
			if test.password != "" {
				login = "u"
			}
			choose(t, f, test.address, test.way, login, test.password)
			servers := &delivery.Servers{Store: f.Store, Guard: &egress.Guard{Allow: test.allow}, Roots: server.roots, Time: time.Second}
			post := delivery.NewPost(delivery.PostOptions{Store: f.Store, Servers: servers, PublicURL: public, Log: slog.New(slog.NewJSONHandler(f.Log, nil))})
			trial, err := post.TestMail(t.Context(), "zoe@example.com")
			if err != nil || trial.Taken || !strings.Contains(trial.Problem, test.problem) || !strings.Contains(trial.Answer, test.answer) {
				t.Errorf("got %+v, %v; want %q and %q", trial, err, test.problem, test.answer)
			}
			if told := trial.Problem + trial.Answer + f.Log.String(); strings.Contains(told, "p-a-s-s") {
				t.Errorf("the password is told: %s", told)
			}
			if len(server.got()) > 0 {
				t.Error("the letter went out")
			}
		})
	}
}

// Only a few test mails are under way at a time: each holds a connection.
func TestTrialsAreFew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		server := startMailServer(t, how{longer: 600 * time.Millisecond})
		choose(t, f, server.address, models.MailInClear, "", "")
		post := chosen(f, server, thisMachine)
		told := make(chan string, 6)
		for range cap(told) {
			go func() {
				trial, _ := post.TestMail(t.Context(), "zoe@example.com")
				told <- trial.Problem
			}()
		}
		busy := 0
		for range cap(told) {
			if strings.HasPrefix(<-told, "Other test mails") {
				busy++
			}
		}
		if busy != 4 {
			t.Errorf("%d of 6 test mails at once were sent back, want 4", busy)
		}
	})
}

// A password that was moved or changed in the database is asked for again.
func TestTrialWithAPasswordThatIsLocked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		server := startMailServer(t, how{tls: "starttls", users: map[string]string{"u": "p"}})
		choose(t, f, server.address, models.MailSTARTTLS, "u", "p")
		f.Exec("UPDATE mail_settings SET password_box = ?", []byte("not what was stored"))
		trial, err := chosen(f, server, thisMachine).TestMail(t.Context(), "zoe@example.com")
		if err != nil || !strings.Contains(trial.Problem, "Enter the password again") {
			t.Errorf("got %+v, %v", trial, err)
		}
	})
}
