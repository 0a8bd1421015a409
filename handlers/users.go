package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// UsersPath is Configuration → Users.
const UsersPath = "/configuration/users"

func userPath(id int64) string { return UsersPath + "/" + models.UserID(id) }

// userID reads which user the address is about. A text that is no id is
// answered like the id of nobody.
func userID(c echo.Context) (int64, error) {
	id, ok := models.ParseUserID(c.Param("user"))
	if !ok {
		return 0, models.Missing("user")
	}
	return id, nil
}

// Users serves the list of users, New user, and the page of each user.
type Users struct {
	Store    *store.Store
	Sessions Sessions
}

// Index shows the list. htmx, which asks when a filter changes, gets the table.
func (h *Users) Index(c echo.Context) error {
	query := readUserQuery(c)
	list, err := h.Store.Users(c.Request().Context(), query.filter())
	if err != nil {
		return err
	}
	props := h.list(c, query, list)
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.UsersPage(props) },
		func() templ.Component { return views.UsersTable(props) })
}

func (h *Users) list(c echo.Context, query userQuery, list models.UserList) views.UserList {
	zone, now := zoneOf(c), h.Store.Now()
	props := views.UserList{
		Shell: shellOf(c, "Users", views.AreaConfiguration, UsersPath), Path: UsersPath,
		Kinds: query.kinds(list.Counts), Statuses: query.statuses(list.Counts), Search: query.search, Hidden: query.hidden(),
		Columns: query.columns(), Status: count(list.Total, "user") + " found", Pager: query.pager(list), Zone: zone.String(),
	}
	if models.ActorFrom(c.Request().Context()).May(models.UserEdit) {
		props.NewPath = UsersPath + "/new"
	}
	for _, u := range list.Users {
		row := views.UserRow{
			Path: userPath(u.ID), Name: u.Name(), Initials: initials(u.Name()), Username: u.Username, Email: u.Email,
			Kind: "Person", Status: "Active", Service: u.IsService, Off: !u.IsActive, Keys: u.LiveKeys, KeysPath: userPath(u.ID) + "/apikeys",
		}
		if u.IsService {
			row.Kind = "Service account"
		}
		if row.Off {
			row.Status = "Deactivated"
		}
		row.Seen, row.SeenMoment = seen(u, now, zone)
		props.Rows = append(props.Rows, row)
	}
	return props
}

// New shows the form New user.
func (h *Users) New(c echo.Context) error {
	props, err := h.form(c, userForm{}, nil)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.NewUserPage(props))
}

// Create makes the user and goes on to their page, where a person gets the link
// to choose a password and a service account its first key.
func (h *Users) Create(c echo.Context) error {
	form := readUserForm(c)
	user, err := h.create(c, form)
	if refusal := repairable(err); refusal != nil {
		props, err := h.form(c, form, refusal)
		if err != nil {
			return err
		}
		return renderEither(c, http.StatusUnprocessableEntity,
			func() templ.Component { return views.NewUserPage(props) },
			func() templ.Component { return views.NewUserMain(props) })
	}
	if err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: user.Name() + " is created", Text: "No password has been chosen yet."}
	if user.IsService {
		notice.Text = "Its API keys are what it comes in with. It has none yet."
	}
	return h.back(c, user.ID, notice)
}

func (h *Users) create(c echo.Context, form userForm) (models.User, error) {
	team, err := form.ownerTeam()
	if err != nil {
		return models.User{}, err
	}
	wish := models.NewUser{Username: form.Username, DisplayName: form.DisplayName, Email: form.Email, IsService: form.IsService}
	if form.IsService {
		wish.OwnerTeamID = team // a browser without style sheet may send one for a person
	}
	return h.Store.CreateUser(c.Request().Context(), wish, false)
}

// Show shows a user.
func (h *Users) Show(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	user, err := h.Store.UserSummary(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props, err := h.page(c, user, formOfUser(user.User), nil)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.UserPageWhole(props))
}

// Update saves what is known of a user. Whoever saves later than somebody else
// is told, and sees the version of the other before he decides.
func (h *Users) Update(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	form := readUserForm(c)
	err = h.update(c, id, form)
	if refusal := models.Refusal(err); refusal != nil {
		switch {
		case repairable(err) != nil:
			return h.repair(c, id, form, refusal, http.StatusUnprocessableEntity)
		case refusal.Kind == models.Conflict:
			return h.repair(c, id, form, refusal, http.StatusConflict)
		}
	}
	if err != nil {
		return err
	}
	return h.back(c, id, views.Notice{Tone: views.ToneOK, Title: "User saved"})
}

func (h *Users) update(c echo.Context, id int64, form userForm) error {
	team, err := form.ownerTeam()
	if err != nil {
		return err
	}
	_, err = h.Store.UpdateUser(c.Request().Context(), id, models.UserChange{
		Username: form.Username, DisplayName: form.DisplayName, Email: form.Email, OwnerTeamID: team, Version: form.Version,
	})
	return err
}

func (h *Users) repair(c echo.Context, id int64, form userForm, refusal *models.Error, status int) error {
	user, err := h.Store.UserSummary(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props, err := h.page(c, user, form, refusal)
	if err != nil {
		return err
	}
	return renderEither(c, status,
		func() templ.Component { return views.UserPageWhole(props) },
		func() templ.Component { return views.UserMain(props) })
}

// repairable is the refusal that a form can show beside its fields, nil for any
// other. A name that somebody has is one of them.
func repairable(err error) *models.Error {
	refusal := models.Refusal(err)
	if refusal == nil || refusal.Kind != models.Invalid && !(refusal.Kind == models.Conflict && len(refusal.Problems) > 0) {
		return nil
	}
	return refusal
}

func (h *Users) back(c echo.Context, id int64, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, userPath(id))
}
