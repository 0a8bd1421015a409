package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// Octopus's clients may read which mail server there is, and never its password.
func TestSMTPConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		server := models.MailServer{Host: "mail.example.com", Port: 587, From: "keys@example.com", Login: "keyport", HasPassword: true, Encrypted: true}
		client := asAdmin(t, f, webtest.New(t, f.Store, func(o *web.Options) { o.MailServer = &server }))
		got := client.Get("/api/smtpconfiguration").Want(200)
		if text(t, got, "SmtpHost") != "mail.example.com" || dig(t, got, "SmtpPort") != float64(587) || text(t, got, "SendEmailFrom") != "keys@example.com" ||
			text(t, got, "SmtpLogin") != "keyport" || dig(t, got, "EnableSsl") != true || dig(t, got, "SmtpPassword.HasValue") != true || dig(t, got, "SmtpPassword.NewValue") != nil {
			t.Errorf("got %s", got.Body)
		}
		if dig(t, client.Get("/api/smtpconfiguration/isconfigured").Want(200), "IsConfigured") != true {
			t.Error("the mail server does not count as configured")
		}
		refused := client.JSON(http.MethodPut, "/api/smtpconfiguration", got.Body).Want(400)
		if !strings.Contains(text(t, refused, "ErrorMessage"), "KEYPORT_SMTP_URL") {
			t.Errorf("got %s", refused.Body)
		}

		none := asAdmin(t, f, webtest.New(t, f.Store))
		if dig(t, none.Get("/api/smtpconfiguration").Want(200), "SmtpHost") != "" || dig(t, none.Get("/api/smtpconfiguration/isconfigured").Want(200), "IsConfigured") != false {
			t.Error("without a mail server one is described")
		}
	})
}
