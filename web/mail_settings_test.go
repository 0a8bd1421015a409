package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

const smtpPath = "/configuration/settings/smtp"

func smtpForm(version string) url.Values {
	return url.Values{"version": {version}, "host": {"smtp.example.com"}, "port": {"587"}, "encryption": {"starttls"}, "login": {"keyport"},
		"password": {"a kettle under 7 moons"}, "sender": {"Keyport <keys@example.com>"}}
}

func TestMailSettingsPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, withPost(&postbox{}))
		admin := browserOf(f, site, f.Admin)
		page := admin.Get(smtpPath).Want(200)
		if page.Find("#mail-test").Length() != 0 || page.Find("#encryption-starttls[checked]").Length() != 1 || page.Find("[name=forget]").Length() != 0 {
			t.Errorf("as installed: %s", page.Body)
		}
		admin.Form(smtpPath, smtpForm(page.Value("version"))).Want(303)
		page = admin.Get(smtpPath).Want(200)
		if page.Value("host") != "smtp.example.com" || page.Value("login") != "keyport" || strings.Contains(page.Body, "kettle") || page.Find("[name=password][value]").Length() != 0 ||
			!strings.Contains(page.Find("#password-hint").Text(), "A password is set") || page.Find("#mail-test").Length() != 1 {
			t.Errorf("saved: %s", page.Body)
		}

		kept := smtpForm(page.Value("version"))
		kept.Set("password", "")
		kept.Set("sender", "keys@example.com")
		kept.Set("timeout", "45000")
		admin.Form(smtpPath, kept).Want(303)
		if _, password, err := f.Store.OutgoingMail(t.Context()); err != nil || password != "a kettle under 7 moons" {
			t.Errorf("an empty field made the password %q, %v", password, err)
		}
		if got := admin.Get(smtpPath).Value("timeout"); got != "45000" {
			t.Errorf("the time for a letter is %q", got)
		}
		removed := smtpForm(admin.Get(smtpPath).Value("version"))
		removed.Set("password", "")
		removed.Set("forget", "on")
		removed.Set("login", "")
		admin.Form(smtpPath, removed).Want(303)
		if stored, _, err := f.Store.OutgoingMail(t.Context()); err != nil || stored.PasswordBox != nil {
			t.Errorf("the password was not removed: %v", err)
		}
		trail := admin.Get("/configuration/audit?document=" + models.MailSettingsID).Want(200)
		if !strings.Contains(trail.Body, "Mail settings") || !strings.Contains(trail.Body, "********") || strings.Contains(trail.Body, "kettle") {
			t.Errorf("trail: %s", trail.Body)
		}
	})
}

// One error, three renderings, and nothing is changed.
func TestMailSettingsRefuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, withPost(&postbox{}))
		admin, client := browserOf(f, site, f.Admin), asAdmin(t, f, site)
		admin.Form(smtpPath, smtpForm("1")).Want(303)
		before := census(f)
		for name, test := range map[string]struct{ field, value, id, says string }{
			"a port in the host":      {"host", "smtp.example.com:587", "host", "field of its own"},
			"an address as host":      {"host", "https://smtp.example.com", "host", "the name of the server alone"},
			"a line break":            {"host", "smtp.example.com\r\nX: y", "host", "control character"},
			"loopback":                {"host", "127.0.0.1", "host", "127.0.0.0/8"},
			"loopback, disguised":     {"host", "0x7f.1", "host", "127.0.0.0/8"},
			"loopback, as a number":   {"host", "2130706433", "host", "127.0.0.0/8"},
			"loopback of IPv6":        {"host", "[::1]", "host", "127.0.0.0/8"},
			"a private network":       {"host", "10.0.0.25", "host", "KEYPORT_EGRESS_ALLOW"},
			"a local name":            {"host", "mail", "host", "KEYPORT_SMTP_URL"},
			"another host":            {"host", "smtp.example.net", "password", "Enter the password for this server"},
			"another port":            {"port", "2525", "password", "Enter the password for this server"},
			"no port":                 {"port", "0", "port", "from 1 to 65535"},
			"too large a port":        {"port", "65536", "port", "from 1 to 65535"},
			"text as port":            {"port", "1e2", "port", "from 1 to 65535"},
			"a password in the clear": {"encryption", "off", "password", "read on the way"},
			"no such encryption":      {"encryption", "rot13", "encryption-starttls", "Choose how"},
			"no user name":            {"login", "", "password", "Enter both"},
			"no sender":               {"sender", "", "sender", "like keys@example.com"},
			"two senders":             {"sender", "a@example.com, b@example.com", "sender", "like keys@example.com"},
			"a header in the sender":  {"sender", "a@example.com\r\nBcc: b@example.com", "sender", "control character"},
			"no time":                 {"timeout", "999", "timeout", "from 1000 to 120000"},
			"too long a time":         {"timeout", "120001", "timeout", "from 1000 to 120000"},
			"text as time":            {"timeout", "soon", "timeout", "from 1000 to 120000"},
			"a long password":         {"password", strings.Repeat("x", 501), "password", "500"},
		} {
			form := smtpForm("2")
			form.Set("password", "")
			form.Set(test.field, test.value)
			page, fragment := admin.Form(smtpPath, form).Want(422), admin.HTMX(http.MethodPost, smtpPath, form).Want(422)
			for _, a := range []webtest.Answer{page, fragment} {
				if a.Find("[role=alert] a[href='#"+test.id+"']").Length() != 1 || !strings.Contains(a.Find("[role=alert]").Text(), test.says) || !strings.Contains(a.Find("title").Text(), "Error: ") {
					t.Errorf("%s: %s", name, a.Find("[role=alert]").Text())
				}
			}
			if strings.Contains(fragment.Body, "<main") || test.field != "password" && test.field != "encryption" && test.value != "" && !strings.ContainsAny(test.value, "\r\n") && page.Value(test.field) != test.value {
				t.Errorf("%s: what was typed is lost: %q", name, page.Value(test.field))
			}
		}
		for _, body := range []string{`{"SmtpHost":"127.0.0.1"}`, `{"SmtpHost":"smtp.example.net"}`, `{"SmtpPort":0}`, `{"SmtpPort":-7}`, `{"EnableSsl":false}`, `{"SendEmailFrom":"x"}`, `{"Timeout":1}`,
			`{"SmtpPort":"many"}`, `{"SmtpPassword":"x"}`, `{"SmtpPassword":{"HasValue":false}}`, `[]`, ``} {
			client.JSON(http.MethodPut, "/api/smtpconfiguration", body).Want(400)
		}
		admin.Form(smtpPath, smtpForm("1")).Want(409)
		if got := census(f); got != before {
			t.Errorf("refusals changed something: %v, want %v", got, before)
		}
	})
}

func TestMailSettingsInAllowedNetworks(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, func(o *web.Options) { o.EgressAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	form := url.Values{"version": {"1"}, "host": {"127.0.0.1"}, "port": {"2525"}, "encryption": {"off"}, "sender": {"keys@example.com"}}
	admin := browserOf(f, site, f.Admin)
	admin.Form(smtpPath, form).Want(303)
	if page := admin.Get(smtpPath).Want(200); !strings.Contains(page.Find(".notice.warn").Text(), "links with which passwords are chosen") {
		t.Errorf("no warning: %s", page.Body)
	}
}

func TestMailSettingsOfTheEnvironment(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	server := models.MailServer{Host: "mail.example.com", Port: 465, From: "keys@example.com", Login: "relay", HasPassword: true, Encryption: models.MailTLS}
	site := webtest.New(t, f.Store, withPost(&postbox{}), func(o *web.Options) { o.MailServer, o.NoPublicURL = &server, true })
	admin := browserOf(f, site, f.Admin)
	page := admin.Get(smtpPath).Want(200)
	if text := page.Find("main").Text(); page.Find("#mail-settings").Length() != 0 || page.Find("#mail-test").Length() != 1 || !strings.Contains(text, "mail.example.com") ||
		!strings.Contains(text, "KEYPORT_SMTP_URL") || !strings.Contains(text, "KEYPORT_PUBLIC_URL") {
		t.Errorf("page: %s", text)
	}
	before := census(f)
	if a := admin.Form(smtpPath, smtpForm("1")); a.Status != 409 || census(f) != before {
		t.Errorf("saving over the environment's: got %d", a.Status)
	}
}

func TestTestMail(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	f.Exec("UPDATE users SET email = ?, email_fold = ? WHERE id = ?", "admin@example.com", "admin@example.com", f.Admin.ID)
	post := &postbox{}
	site := webtest.New(t, f.Store, withPost(post))
	admin := browserOf(f, site, f.Admin)
	admin.Form(smtpPath, smtpForm("1")).Want(303)
	if got := admin.Get(smtpPath).Value("to"); got != "admin@example.com" {
		t.Errorf("by default the test goes to %q", got)
	}
	for _, to := range []string{"", "zoe", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"} {
		if a := admin.Form(smtpPath+"/test", url.Values{"to": {to}}).Want(422); a.Find("#to[aria-invalid=true]").Length() != 1 || a.Value("host") != "smtp.example.com" {
			t.Errorf("%q: %s", to, a.Body)
		}
	}
	if len(post.tests) != 0 {
		t.Fatalf("a letter went to %q", post.tests)
	}
	post.trial = models.MailTrial{Taken: true, Answer: "2.0.0 queued as <b>7</b>"}
	admin.Form(smtpPath+"/test", url.Values{"to": {"zoe@example.com"}}).Want(303)
	if text := admin.Get(smtpPath).Find(".notice.ok").Text(); !strings.Contains(text, "zoe@example.com") || !strings.Contains(text, "queued as <b>7</b>") {
		t.Errorf("taken: %q", text)
	}
	post.trial = models.MailTrial{Problem: "Enter the password again.", Answer: "535 no"}
	if a := admin.HTMX(http.MethodPost, smtpPath+"/test", url.Values{"to": {"zoe@example.com"}}); a.Header.Get("HX-Redirect") != smtpPath {
		t.Errorf("htmx: got %d", a.Status)
	}
	if text := admin.Get(smtpPath).Find(".notice.bad").Text(); !strings.Contains(text, "Enter the password again.") || !strings.Contains(text, "535 no") {
		t.Errorf("refused: %q", text)
	}
	trail := words(admin.Get("/configuration/audit?document="+models.MailSettingsID).Want(200), "main")
	for _, want := range []string{"A test mail to zoe@example.com was taken by the mail server", "A test mail to zoe@example.com did not go out by the mail server: Enter the password again.", "Mail server tested"} {
		if !strings.Contains(trail, want) {
			t.Errorf("the trail lacks %q: %s", want, trail)
		}
	}
}

// A mail server that is chosen while Keyport runs opens what needs one.
func TestForgottenPasswordsFollowTheMailServer(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	post := &postbox{silent: true}
	site := webtest.New(t, f.Store, withPost(post))
	client := site.Client()
	if client.Get("/sign-in").Find("a[href='/forgot-password']").Length() != 0 || client.Get("/forgot-password").Status != 404 {
		t.Error("without a mail server forgotten passwords are offered")
	}
	post.silent = false
	if client.Get("/sign-in").Find("a[href='/forgot-password']").Length() != 1 || client.Get("/forgot-password").Status != 200 {
		t.Error("with a mail server they are not")
	}
}
