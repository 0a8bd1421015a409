package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// SMTP serves what Octopus's clients ask about the mail server. It is set in
// the environment, where the password is safer than in the database, so here it
// can only be read.
type SMTP struct {
	Server   *models.MailServer // nil while no mail can be sent
	BasePath string
}

// smtpTimeout is how long, in milliseconds, a letter may take.
const smtpTimeout = 30_000

type smtpResource struct {
	Id            string
	SmtpHost      string
	SmtpPort      int
	SmtpLogin     string
	SmtpPassword  sensitiveValue
	SendEmailFrom string
	EnableSsl     bool
	Timeout       int
	Links         Links
}

type smtpIsConfigured struct {
	IsConfigured bool
	Links        Links
}

// Show answers the mail server, with empty texts when there is none.
func (h *SMTP) Show(c echo.Context) error {
	r := smtpResource{Id: "smtpconfiguration", SmtpPort: 25, Timeout: smtpTimeout, Links: linker{h.BasePath}.all(Links{"Self": "/api/smtpconfiguration"})}
	if s := h.Server; s != nil {
		r.SmtpHost, r.SmtpPort, r.SmtpLogin, r.SendEmailFrom, r.EnableSsl = s.Host, s.Port, s.Login, s.From, s.Encrypted
		r.SmtpPassword.HasValue = s.HasPassword
	}
	return write(c, http.StatusOK, r)
}

// IsConfigured answers whether mail can be sent.
func (h *SMTP) IsConfigured(c echo.Context) error {
	return write(c, http.StatusOK, smtpIsConfigured{h.Server != nil, linker{h.BasePath}.all(Links{"Self": "/api/smtpconfiguration/isconfigured"})})
}

// Change refuses to change it.
func (h *SMTP) Change(echo.Context) error {
	return models.InvalidField("", "The mail server is set by KEYPORT_SMTP_URL and KEYPORT_SMTP_FROM where Keyport is started. It can't be changed here.")
}
