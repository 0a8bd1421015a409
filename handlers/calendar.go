package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Addresses of the calendars.
const (
	CalendarPath = "/account/calendar"
	FeedPath     = "/calendar/:token" // TOKEN.ics
)

// MyCalendars serves the page on which people make and end the private addresses
// of their calendars.
type MyCalendars struct {
	Store     *store.Store
	ServerURL string // by which people reach the portal
}

// Index shows the calendars.
func (h *MyCalendars) Index(c echo.Context) error { return h.show(c, "") }

func (h *MyCalendars) show(c echo.Context, address string) error {
	calendars, err := h.Store.MyCalendars(c.Request().Context())
	if err != nil {
		return err
	}
	props := views.Calendars{Shell: shellOf(c, "Calendar", views.AreaProfile, CalendarPath), Path: CalendarPath, OffPath: CalendarPath + "/off", Address: address}
	for _, m := range calendars {
		row := views.CalendarRow{Title: "My API keys", Text: "When your own keys end."}
		if m.Team != "" {
			row = views.CalendarRow{Owner: models.Team{ID: m.Owner.TeamID}.PublicID(), Title: "Service accounts of " + m.Team,
				Text: "When the keys of the service accounts end that the team owns. All its members share this address: make a new one when somebody leaves."}
		}
		if m.Feed != nil {
			made := atMinute(m.Feed.CreatedAt, zoneOf(c))
			row.Feed, row.Made = strconv.FormatInt(m.Feed.ID, 10), &made
		}
		props.Rows = append(props.Rows, row)
	}
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.CalendarPage(props) },
		func() templ.Component { return views.CalendarMain(props) })
}

// Create makes a new address and shows it, this once.
func (h *MyCalendars) Create(c echo.Context) error {
	owner, seen, err := calendarForm(c)
	if err != nil {
		return err
	}
	token, err := h.Store.MakeCalendarFeed(c.Request().Context(), owner, seen)
	if err != nil {
		return err
	}
	return h.show(c, strings.TrimRight(h.ServerURL, "/")+strings.Replace(FeedPath, ":token", token+".ics", 1))
}

// Delete ends an address.
func (h *MyCalendars) Delete(c echo.Context) error {
	owner, seen, err := calendarForm(c)
	if err != nil {
		return err
	}
	if err := h.Store.EndCalendarFeed(c.Request().Context(), owner, seen); err != nil {
		return err
	}
	return seeOther(c, CalendarPath)
}

// calendarForm reads whose calendar it is, and which of its addresses the page
// knew of.
func calendarForm(c echo.Context) (owner models.CalendarOwner, seen int64, err error) {
	owner.UserID = models.ActorFrom(c.Request().Context()).User.ID
	if team := c.FormValue("owner"); team != "" {
		id, ok := models.ParseTeamID(team)
		if !ok {
			return owner, 0, models.Missing("calendar")
		}
		owner = models.CalendarOwner{TeamID: id}
	}
	if text := c.FormValue("feed"); text != "" {
		if seen, err = strconv.ParseInt(text, 10, 64); err != nil {
			return owner, 0, models.Missing("calendar")
		}
	}
	return owner, seen, nil
}

// Feed serves calendars to programs that have nothing but the address.
type Feed struct {
	Store  *store.Store
	Public *url.URL // by which people reach the portal
}

// noCalendar answers to every address that shows none, for whatever reason.
const noCalendar = "There is no calendar at this address. Make a new address in Keyport: Profile, Calendar.\n"

// Show answers the calendar. Whoever asks again, and nothing has changed, is
// told so.
func (h *Feed) Show(c echo.Context) error {
	token, ok := strings.CutSuffix(c.Param("token"), ".ics")
	if !ok {
		return c.String(http.StatusNotFound, noCalendar)
	}
	calendar, err := h.Store.Calendar(c.Request().Context(), token)
	if models.KindOf(err) == models.NotFound {
		return c.String(http.StatusNotFound, noCalendar)
	}
	if err != nil {
		return err
	}
	body := models.ICalendar(calendar, h.Public.Hostname(), h.keyPage(calendar.Team != ""))
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
	header := c.Response().Header()
	header.Set("Etag", tag)
	header.Set(echo.HeaderCacheControl, "private, no-cache") // kept by the program alone, and asked about each time
	header.Set("X-Robots-Tag", "noindex")
	header.Set(echo.HeaderContentDisposition, `inline; filename="keyport.ics"`)
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", body)
}

// keyPage returns the address of the page of a key, as the readers of the
// calendar reach it.
func (h *Feed) keyPage(ofOthers bool) func(models.KeyEnd) string {
	root := strings.TrimRight(h.Public.String(), "/")
	return func(e models.KeyEnd) string {
		if ofOthers {
			return root + userPath(e.Owner.ID) + "/apikeys/" + e.Key.ID
		}
		return root + KeysPath + "/" + e.Key.ID
	}
}
