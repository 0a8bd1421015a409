package handlers

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// mailForm is the page as it was typed. The port stays text, so that what a
// person typed comes back unchanged. A password never comes back.
type mailForm struct {
	wish   models.MailWish
	port   string
	time   string // milliseconds
	forget bool
	to     *string // of a test; nil when the settings were sent
}

func formOfMail(s models.MailSettings) mailForm {
	return mailForm{wish: s.Wish(), port: strconv.Itoa(s.Port), time: strconv.Itoa(s.TimeoutMS)}
}

func readMailForm(c echo.Context) mailForm {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	f := mailForm{port: c.FormValue("port"), time: c.FormValue("timeout"), forget: c.FormValue("forget") == "on"}
	f.wish = models.MailWish{Version: version, Host: strings.TrimSpace(c.FormValue("host")), Encryption: models.MailEncryption(c.FormValue("encryption")),
		Login: c.FormValue("login"), Sender: c.FormValue("sender")}
	if port, err := strconv.ParseUint(strings.TrimSpace(f.port), 10, 16); err == nil {
		f.wish.Port = int(port)
	}
	if text := strings.TrimSpace(f.time); text != "" {
		limit, _ := strconv.Atoi(text) // 0, which is none, for what is no number
		f.wish.TimeoutMS = &limit
	}
	if password := c.FormValue("password"); password != "" || f.forget {
		f.wish.Password = &password
	}
	return f
}

// mailWays are the choices of encryption.
var mailWays = []views.MailWay{
	{Value: string(models.MailSTARTTLS), Label: "STARTTLS", Text: "Usually port 587. Nothing is said before the connection is encrypted."},
	{Value: string(models.MailTLS), Label: "TLS from the start", Text: "Usually port 465."},
	{Value: string(models.MailInClear), Label: "None", Text: "Only for a server that can't encrypt, in a network that you trust. Whoever can listen on the way reads the letters, with their password links, and can use these first."},
}

// wayName is how a way is called where it is only shown.
func wayName(way models.MailEncryption) string {
	for _, w := range mailWays {
		if w.Value == string(way) {
			return w.Label
		}
	}
	return string(way)
}

func (f mailForm) fields(p *views.MailSettings, stored models.MailSettings) {
	w := f.wish
	p.Host = views.Field{Name: "host", ID: "host", Label: "Host", Value: w.Host, MaxLength: models.MaxMailHost, Autocomplete: "off", Placeholder: "smtp.example.com", Hint: "Leave it empty to send no mail."}
	p.Port = views.Field{Name: "port", ID: "port", Label: "Port", Type: "number", Value: f.port, Min: "1", Max: "65535"}
	p.Login = views.Field{Name: "login", ID: "login", Label: "User name", Value: w.Login, MaxLength: models.MaxMailLogin, Autocomplete: "off", Hint: "Leave it empty when the server asks for none."}
	p.Password = views.Field{Name: "password", ID: "password", Label: "Password", Type: "password", MaxLength: models.MaxMailPassword, Autocomplete: "new-password", Hint: "Stored encrypted, and never shown."}
	p.Sender = views.Field{Name: "sender", ID: "sender", Label: "Sender", Value: w.Sender, MaxLength: models.MaxSender, Autocomplete: "off", Placeholder: "Keyport <keys@example.com>", Hint: "The address that letters come from."}
	p.Timeout = views.Field{Name: "timeout", ID: "timeout", Label: "Time for a letter", Type: "number", Value: f.time, Min: strconv.Itoa(models.MinMailTimeout), Max: strconv.Itoa(models.MaxMailTimeout), Hint: "In milliseconds, 1000 to 120000. A server that takes longer is tried again later."}
	if stored.PasswordBox != nil {
		p.HasPassword, p.Forget = true, f.forget
		p.Password.Hint = "A password is set, and never shown. Leave this empty to keep it. Another host or port wants it again."
	}
	for _, way := range mailWays {
		way.Chosen = way.Value == string(w.Encryption)
		p.Ways = append(p.Ways, way)
	}
}

// explainMail says what is wrong beside the fields. A test saves nothing, and so
// there is nothing to say of saving.
func explainMail(p *views.MailSettings, refusal *models.Error, test bool) {
	p.Shell.Title, p.Title = "Error: "+p.Shell.Title, "Nothing was saved"
	if test {
		p.Title = "No mail was sent"
	}
	for field, into := range map[string]*string{"SmtpHost": &p.Host.Error, "SmtpPort": &p.Port.Error, "EnableSsl": &p.WayError, "SmtpLogin": &p.Login.Error,
		"SmtpPassword": &p.Password.Error, "SendEmailFrom": &p.Sender.Error, "Timeout": &p.Timeout.Error, "To": &p.To.Error} {
		*into = refusal.Problem(field)
	}
	if p.Problems = problemsFor(refusal, mailFieldIDs); len(p.Problems) == 0 {
		p.Problems = []views.Problem{{Message: refusal.Message}}
	}
}

// factsOfMail shows the environment's mail server.
func factsOfMail(s models.MailServer) []views.Fact {
	facts := []views.Fact{{Label: "Host", Text: s.Host}, {Label: "Port", Text: strconv.Itoa(s.Port)}, {Label: "Encryption", Text: wayName(s.Encryption)}}
	if s.Login != "" {
		facts = append(facts, views.Fact{Label: "User name", Text: s.Login}, views.Fact{Label: "Password", Text: "Set"})
	}
	return append(facts, views.Fact{Label: "Sender", Text: s.From})
}

func ownEmail(c echo.Context) string {
	if actor := models.ActorFrom(c.Request().Context()); actor != nil {
		return actor.User.Email
	}
	return ""
}
