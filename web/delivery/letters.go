package delivery

import (
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// passwordLetter words the letter with a one-time link.
func passwordLetter(link models.PasswordLink, address string) views.Mail {
	until := views.Fact{Label: "Works until", Text: inZoneOf(link.User, link.ExpiresAt)}
	account := views.Fact{Label: "User name", Text: link.User.Username}
	if link.Kind == models.LinkInvitation {
		return views.Mail{
			Subject: "You are invited to Keyport", Preview: "Choose a password and sign in.",
			Title: "You are invited to Keyport", Text: "Hello " + link.User.Name() + ". An account was made for you on the portal for API keys. Choose a password to sign in for the first time.",
			Facts: []views.Fact{account, until}, Action: "Choose a password", Link: address,
			After: "The link works once. Whoever has it can take the account, so pass it on to nobody.",
			Why:   "You get this because an administrator made an account with this address. If you don't expect one, do nothing: without the link the account stays closed.",
		}
	}
	return views.Mail{
		Subject: "Choose a new password for Keyport", Preview: "The link works once, within an hour.",
		Title: "Choose a new password", Text: "Hello " + link.User.Name() + ". Somebody asked for a new password for your account. When you choose one, you are signed out everywhere; your API keys go on working.",
		Facts: []views.Fact{account, until}, Action: "Choose a new password", Link: address,
		After: "The link works once, and a newer one replaces it.",
		Why:   "You get this because a new password was asked for. If it was not you, do nothing: your password stays as it is. Keyport never asks for a password or a key by e-mail.",
	}
}

func inZoneOf(u models.User, t time.Time) string {
	zone := models.ZoneOr(u.TimeZone, "")
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04") + " " + zone.String()
}
