package api

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// SMTP serves the mail server, as Octopus's clients know it.
type SMTP struct {
	Store     *store.Store
	Fixed     *models.MailServer      // the environment's, which nobody can change here; nil for none
	CheckHost func(host string) error // refuses a host that is never going to be dialled
	Sends     func(c echo.Context) bool
	BasePath  string
}

type smtpResource struct {
	Id            string
	SmtpHost      string
	SmtpPort      int
	SmtpLogin     string
	SmtpPassword  sensitiveValue
	SendEmailFrom string
	EnableSsl     bool
	Timeout       int // milliseconds for a letter
	Links         Links
}

// sentSMTP is what clients send of it. What is left out keeps its value.
type sentSMTP struct {
	SmtpHost      *string
	SmtpPort      *int
	SmtpLogin     *string
	SmtpPassword  *sensitiveValue
	SendEmailFrom *string
	EnableSsl     *bool
	Timeout       *int
}

type smtpIsConfigured struct {
	IsConfigured bool
	Links        Links
}

// Show answers the mail server, with an empty host when there is none.
func (h *SMTP) Show(c echo.Context) error {
	if h.Fixed != nil {
		return write(c, http.StatusOK, h.resource(*h.Fixed))
	}
	stored, err := h.Store.MailSettings(c.Request().Context())
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.resource(stored.Described()))
}

func (h *SMTP) resource(s models.MailServer) smtpResource {
	return smtpResource{Id: models.MailSettingsID, SmtpHost: s.Host, SmtpPort: s.Port, SmtpLogin: s.Login, SmtpPassword: sensitiveValue{HasValue: s.HasPassword},
		SendEmailFrom: s.From, EnableSsl: s.Encrypted(), Timeout: cmp.Or(s.TimeoutMS, models.InitialMailTimeout), Links: linker{h.BasePath}.all(Links{"Self": "/api/smtpconfiguration"})}
}

// IsConfigured answers whether mail can be sent.
func (h *SMTP) IsConfigured(c echo.Context) error {
	return write(c, http.StatusOK, smtpIsConfigured{h.Sends(c), linker{h.BasePath}.all(Links{"Self": "/api/smtpconfiguration/isconfigured"})})
}

// Change changes the mail server by the same rule as the page.
func (h *SMTP) Change(c echo.Context) error {
	if h.Fixed != nil {
		return models.InvalidField("", "The mail server is set by KEYPORT_SMTP_URL and KEYPORT_SMTP_FROM where Keyport is started. It can't be changed here.")
	}
	ctx := c.Request().Context()
	var sent sentSMTP
	if err := read(c, &sent); err != nil {
		return err
	}
	stored, err := h.Store.MailSettings(ctx)
	if err != nil {
		return err
	}
	wish := sent.wish(stored)
	if err := h.CheckHost(wish.Host); err != nil {
		return err
	}
	saved, err := h.Store.SaveMailSettings(ctx, wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.resource(saved.Described()))
}

func (sent sentSMTP) wish(stored models.MailSettings) models.MailWish {
	w := stored.Wish()
	w.TimeoutMS = sent.Timeout
	w.Host, w.Port = or(sent.SmtpHost, w.Host), or(sent.SmtpPort, w.Port)
	w.Login, w.Sender = or(sent.SmtpLogin, w.Login), or(sent.SendEmailFrom, w.Sender)
	if sent.EnableSsl != nil {
		w.Encryption = encryptionOf(*sent.EnableSsl, w.Port, stored)
	}
	if p := sent.SmtpPassword; p != nil {
		if w.Password = p.NewValue; p.NewValue == nil && !p.HasValue {
			none := ""
			w.Password = &none
		}
	}
	return w
}

// encryptionOf reads Octopus's one bit: on the port of TLS from the start that is
// meant by it, and on any other one STARTTLS. A port that stays keeps its way.
func encryptionOf(on bool, port int, stored models.MailSettings) models.MailEncryption {
	const implicit = 465
	switch {
	case !on:
		return models.MailInClear
	case port == stored.Port && stored.Encryption != models.MailInClear:
		return stored.Encryption
	case port == implicit:
		return models.MailTLS
	}
	return models.MailSTARTTLS
}

// or returns what was sent, or what is stored.
func or[T any](sent *T, stored T) T {
	if sent == nil {
		return stored
	}
	return *sent
}
