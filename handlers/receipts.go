package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// receiptWords are how a receipt speaks of a change.
type receiptWords struct{ done, alone string }

var (
	refusedWords = receiptWords{"Refused", fmt.Sprintf("It refuses by itself at the latest %.1f s after it stopped hearing of changes.", models.ReplicaRefusesAfter.Seconds())}
	policyWords  = receiptWords{"In force", "It reads the policy whenever it makes a key, so it knows the policy as soon as it reaches the database."}
)

// usesLate is how much later than a call its mark can be written down: marks are
// gathered for 20 seconds, and written once in a minute for each key.
const usesLate = 80 * time.Second

// Receipt shows which replicas refuse a revoked key.
func (h *Keys) Receipt(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	key, r, err := h.Store.KeyReceipt(c.Request().Context(), owner.ID, c.Param("id"))
	if err != nil {
		return err
	}
	path := owner.path + "/" + key.ID
	props := receiptProps(r, refusedWords, zoneOf(c))
	props.Shell, props.Path = owner.shell(c, "Revocation of "+key.Purpose), path+"/receipt"
	props.Title, props.Crumbs = "Revocation of “"+key.Purpose+"”", append(owner.below(), views.Crumb{Path: path, Label: key.Purpose})
	props.Last = lastAccepted(r, h.Store.Now().Sub(*key.RevokedAt), zoneOf(c))
	return renderReceipt(c, props)
}

// Receipt shows which replicas refuse a deactivated user.
func (h *Users) Receipt(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	user, r, err := h.Store.UserReceipt(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props := receiptProps(r, refusedWords, zoneOf(c))
	props.Title, props.Path = "Deactivation of "+user.Name(), userPath(id)+"/receipt"
	props.Shell = shellOf(c, props.Title, views.AreaConfiguration, UsersPath)
	props.Crumbs = []views.Crumb{{Path: UsersPath, Label: "Users"}, {Path: userPath(id), Label: user.Name()}}
	return renderReceipt(c, props)
}

// Receipt shows which replicas have heard of the policy that was saved last.
func (h *AuthSettings) Receipt(c echo.Context) error {
	r, err := h.Store.PolicyReceipt(c.Request().Context())
	if err != nil {
		return err
	}
	props := receiptProps(r, policyWords, zoneOf(c))
	props.Title, props.Path = "Policy of API keys", AuthSettingsPath+"/receipt"
	props.Shell = shellOf(c, props.Title, views.AreaConfiguration, AuthSettingsPath)
	props.Crumbs = []views.Crumb{{Path: AuthSettingsPath, Label: "Authentication settings"}}
	return renderReceipt(c, props)
}

// Receipt shows which replicas refuse all keys of a revocation.
func (h *AllKeys) Receipt(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return models.Missing("revocation")
	}
	revocation, r, err := h.Store.RevocationReceipt(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props := receiptProps(r, refusedWords, zoneOf(c))
	props.Title, props.Path = "Revocation of "+count(revocation.Revoked, "key"), revocationPath(id)+"/receipt"
	props.Shell = shellOf(c, props.Title, views.AreaConfiguration, AllKeysPath)
	props.Crumbs = []views.Crumb{{Path: AllKeysPath, Label: "API Keys"}, {Path: revocationPath(id), Label: props.Title}}
	return renderReceipt(c, props)
}

func renderReceipt(c echo.Context, props views.Receipt) error {
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.ReceiptPage(props) },
		func() templ.Component { return views.ReceiptRegion(props) })
}

// receiptProps says what replicas have answered, and nothing that they have not.
func receiptProps(r models.ChangeReceipt, w receiptWords, zone *time.Location) views.Receipt {
	props := views.Receipt{Waiting: r.Waiting(), Summary: summary(r, w), Zone: zone.String()}
	for _, a := range r.Answers {
		row := views.ReceiptRow{Host: a.Host, Version: a.Version, Heard: atSecond(a.BeatAt, zone), Answer: w.done, Tone: views.ToneOK}
		switch {
		case a.Heard && a.After != nil:
			row.Answer += " after " + seconds(*a.After)
		case a.Heard:
		case r.Waiting():
		default:
			row.Answer, row.Tone = "No answer", views.ToneWarn
			props.Silent = append(props.Silent, a.Host+" has not answered since "+row.Heard.Text+". "+w.alone)
		}
		props.Rows = append(props.Rows, row)
	}
	return props
}

func summary(r models.ChangeReceipt, w receiptWords) string {
	if len(r.Answers) == 0 {
		return w.done + " here at once. No replica has registered, so nothing is known of others."
	}
	text := fmt.Sprintf("%s on %d of %s", w.done, r.Heard(), count(len(r.Answers), "replica"))
	if took, known := r.Took(); known && !r.Waiting() {
		text += " after " + seconds(took)
	}
	if r.Waiting() {
		text += " so far"
	}
	return text + "."
}

// seconds writes a duration as exactly as it was measured.
func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return "less than 0.1 s"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// lastAccepted tells of the last call with a key that was revoked a while ago.
func lastAccepted(r models.ChangeReceipt, since time.Duration, zone *time.Location) string {
	text := "No call with it is known to have been accepted."
	if r.LastUsedAt != nil {
		text = "Last accepted call: " + atSecond(*r.LastUsedAt, zone).Text
		if r.LastUsedIP != "" {
			text += " from " + r.LastUsedIP
		}
		text += "."
	}
	if since < usesLate {
		text += " A later one may not be written down yet; that takes up to 80 seconds."
	}
	return text
}

// atSecond shows date and time where a minute is long.
func atSecond(t time.Time, zone *time.Location) views.Moment {
	return views.Moment{Machine: machine(t), Text: t.In(zone).Format("2 Jan 2006, 15:04:05")}
}

// replicaRows lists who serves the portal.
func replicaRows(list []models.Replica, zone *time.Location) (rows []views.ReplicaRow) {
	for _, r := range list {
		row := views.ReplicaRow{Host: r.Host, Version: r.Version, State: "Answers", Tone: views.ToneOK, Started: atMinute(r.StartedAt, zone), Beat: atSecond(r.BeatAt, zone)}
		if r.Silent() {
			row.State, row.Tone = "Silent", views.ToneWarn
		}
		rows = append(rows, row)
	}
	return rows
}
