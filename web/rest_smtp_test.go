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
		server := models.MailServer{Host: "mail.example.com", Port: 587, From: "keys@example.com", Login: "keyport", HasPassword: true, Encryption: models.MailSTARTTLS}
		client := asAdmin(t, f, webtest.New(t, f.Store, withPost(&postbox{}), func(o *web.Options) { o.MailServer = &server }))
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

		chosen := asAdmin(t, f, webtest.New(t, f.Store, withPost(&postbox{})))
		const sent = `{"SmtpHost":"smtp.example.com","SmtpPort":587,"EnableSsl":true,"SmtpLogin":"keyport","SmtpPassword":{"HasValue":true,"NewValue":"a kettle under 7 moons"},"SendEmailFrom":"keys@example.com"}`
		for range 2 { // what was read can be sent back
			saved := chosen.JSON(http.MethodPut, "/api/smtpconfiguration", sent).Want(200)
			back := chosen.JSON(http.MethodPut, "/api/smtpconfiguration", saved.Body).Want(200)
			if strings.Contains(saved.Body, "kettle") || back.Body != saved.Body || text(t, back, "SmtpHost") != "smtp.example.com" || dig(t, back, "SmtpPassword.HasValue") != true {
				t.Errorf("got %s and %s", saved.Body, back.Body)
			}
		}
		chosen.JSON(http.MethodPut, "/api/smtpconfiguration", `{"SmtpPort":465,"EnableSsl":true,"SmtpPassword":{"HasValue":true,"NewValue":"another"}}`).Want(200)
		if stored, password, err := f.Store.OutgoingMail(t.Context()); err != nil || stored.Encryption != models.MailTLS || password != "another" {
			t.Errorf("on port 465: got %+v, %v", stored, err)
		}
		chosen.JSON(http.MethodPut, "/api/smtpconfiguration", `{"SmtpLogin":"","SmtpPassword":{"HasValue":false,"NewValue":null},"EnableSsl":false,"SmtpPort":25}`).Want(200)
		if stored, _, err := f.Store.OutgoingMail(t.Context()); err != nil || stored.Encryption != models.MailInClear || stored.PasswordBox != nil {
			t.Errorf("in the clear: got %+v, %v", stored, err)
		}
		for _, time := range []string{"1000", "120000"} {
			if got := chosen.JSON(http.MethodPut, "/api/smtpconfiguration", `{"Timeout":`+time+`}`).Want(200); !strings.Contains(got.Body, `"Timeout": `+time) {
				t.Errorf("a time of %s: got %s", time, got.Body)
			}
		}
		for _, time := range []string{"999", "120001", "0", "-1", `"x"`, "1e9"} {
			chosen.JSON(http.MethodPut, "/api/smtpconfiguration", `{"Timeout":`+time+`}`).Want(400)
		}
		if stored, _, err := f.Store.OutgoingMail(t.Context()); err != nil || stored.TimeoutMS != 120_000 {
			t.Errorf("after refusals: got %+v, %v", stored, err)
		}
		chosen.JSON(http.MethodPut, "/api/smtpconfiguration", `{"SmtpHost":""}`).Want(200)
		if got := chosen.Get("/api/smtpconfiguration").Want(200); dig(t, got, "Timeout") != float64(models.InitialMailTimeout) {
			t.Errorf("without a mail server: got %s", got.Body)
		}

		none := asAdmin(t, f, webtest.New(t, f.Store))
		if dig(t, none.Get("/api/smtpconfiguration").Want(200), "SmtpHost") != "" || dig(t, none.Get("/api/smtpconfiguration/isconfigured").Want(200), "IsConfigured") != false {
			t.Error("without a mail server one is described")
		}
	})
}
