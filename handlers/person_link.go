package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// PersonLink serves the one-time links that administrators make for a person.
type PersonLink struct {
	Store *store.Store
	Post  Post // nil where nothing is ever sent
	// PublicURL is where people reach the portal; links are built from it alone.
	PublicURL *url.URL
}

// Create makes the link and shows it, straight from the POST: there is no
// address that shows it again.
func (h *PersonLink) Create(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	link, err := h.Store.NewPasswordLink(ctx, id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.LinkRevealPage(h.reveal(c, link)))
}

func (h *PersonLink) reveal(c echo.Context, link models.PasswordLink) views.LinkReveal {
	heading, zone := "Invitation link", zoneOf(c)
	if link.Kind == models.LinkPasswordReset {
		heading = "Password reset link"
	}
	props := views.LinkReveal{
		Shell: shellOf(c, heading, views.AreaConfiguration, UsersPath), Heading: heading,
		Person: link.User.Name(), Username: link.User.Username, Link: link.URL(h.PublicURL),
		Ends: atMinute(link.ExpiresAt, zone), Zone: zone.String(),
		Path: personLinkPath(link.User), PersonPath: userPath(link.User.ID),
	}
	if h.Post != nil && h.Post.PasswordLink(c.Request().Context(), link) {
		props.Mailed = link.User.Email
	}
	return props
}

// Show leads back to the person: a link is shown by the POST alone.
func (h *PersonLink) Show(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, userPath(id))
}

func personLinkPath(u models.User) string { return userPath(u.ID) + "/password-link" }

// personLinkSection is the part of a person's page from which a link is made,
// nil where none can be.
func personLinkSection(ctx context.Context, s *store.Store, user models.User, csrf string) (*views.PersonLink, error) {
	if models.MayMakePasswordLink(user, models.ActorFrom(ctx)) != nil {
		return nil, nil
	}
	kind, until, err := s.PasswordLinkOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	section := &views.PersonLink{CSRF: csrf, Path: personLinkPath(user), Title: "Invitation link", Button: "Make an invitation link",
		Text: user.Name() + " has no password yet. With a one-time link, which works for 72 hours, the person chooses one and is signed in."}
	if kind == models.LinkPasswordReset {
		section.Title, section.Button = "Password reset link", "Make a reset link"
		section.Text = "For somebody who has forgotten the password. With a one-time link, which works for an hour, the person chooses a new one and is signed out everywhere."
	}
	if until != nil {
		section.Button = "Make a new link"
		section.Text += " There is a link that works until " + until.UTC().Format("2 Jan 2006, 15:04") + " UTC; a new one replaces it."
	}
	return section, nil
}
