package handlers

import (
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

// SubscriptionsPath is Configuration → Subscriptions.
const SubscriptionsPath = "/configuration/subscriptions"

// Subscriptions serves who is told of events.
type Subscriptions struct {
	Store        *store.Store
	Sessions     Sessions
	CheckWebhook func(address string) error // refuses an address that may not be called
}

func subscriptionPath(id int64) string {
	return SubscriptionsPath + "/" + models.Subscription{ID: id}.PublicID()
}

func subscriptionID(c echo.Context) (int64, error) {
	id, ok := models.ParseSubscriptionID(c.Param("id"))
	if !ok {
		return 0, models.Missing("subscription")
	}
	return id, nil
}

// Index shows the list.
func (h *Subscriptions) Index(c echo.Context) error {
	list, err := h.Store.Subscriptions(c.Request().Context(), models.SubscriptionQuery{})
	if err != nil {
		return err
	}
	props := views.SubscriptionList{Shell: shellOf(c, "Subscriptions", views.AreaConfiguration, SubscriptionsPath)}
	if models.MayEditSubscriptions(models.ActorFrom(c.Request().Context())) == nil {
		props.NewPath = SubscriptionsPath + "/new"
	}
	for _, s := range list {
		props.Rows = append(props.Rows, views.SubscriptionRow{Name: s.Name, Path: subscriptionPath(s.ID), BuiltIn: s.BuiltIn != "", Off: s.IsDisabled, About: aboutWords(s.Filter), To: toWords(s)})
	}
	return render(c, http.StatusOK, views.SubscriptionsPage(props))
}

// aboutWords says which events a subscription sends.
func aboutWords(f models.EventFilter) string {
	var words []string
	for _, g := range models.EventGroups {
		for _, id := range f.EventGroups {
			if id == g.ID {
				words = append(words, g.Name)
			}
		}
	}
	for _, k := range models.Categories {
		for _, id := range f.EventCategories {
			if id == string(k.ID) {
				words = append(words, k.Name)
			}
		}
	}
	if len(words) == 0 && len(f.EventGroups)+len(f.EventCategories) == 0 {
		words = append(words, "All events")
	}
	return strings.Join(words, ", ")
}

// toWords says to whom.
func toWords(s models.Subscription) string {
	var words []string
	if s.BuiltIn == models.OwnKeys {
		words = append(words, "Mail to owners")
	}
	if n := len(s.EmailTeamIDs); n > 0 {
		words = append(words, "Mail to "+count(n, "team"))
	}
	if u, err := url.Parse(s.WebhookURL); err == nil && s.WebhookURL != "" {
		words = append(words, "Webhook "+u.Host)
	}
	if len(words) == 0 {
		return "Nobody"
	}
	return strings.Join(words, ", ")
}

// New shows the form.
func (h *Subscriptions) New(c echo.Context) error {
	form := formOfSubscription(models.Subscription{EmailEvery: 0, EmailTimeZone: zoneOf(c).String(), WebhookTimeout: 10e9, Filter: models.EventFilter{EventGroups: []string{"ApiKeyExpiry"}}})
	return h.newForm(c, http.StatusOK, form, nil)
}

func (h *Subscriptions) newForm(c echo.Context, status int, f subscriptionForm, refusal *models.Error) error {
	props, err := h.fields(c, f, nil, refusal)
	if err != nil {
		return err
	}
	props.Shell = shellOf(c, "New subscription", views.AreaConfiguration, SubscriptionsPath)
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	props.Path, props.Submit = SubscriptionsPath, "Create subscription"
	return renderEither(c, status,
		func() templ.Component { return views.NewSubscriptionPage(props) },
		func() templ.Component { return views.NewSubscriptionMain(props) })
}

// Create makes a subscription.
func (h *Subscriptions) Create(c echo.Context) error {
	form := h.readForm(c)
	made, err := h.create(c, form)
	if models.KindOf(err) == models.Invalid {
		return h.newForm(c, http.StatusUnprocessableEntity, form, models.Refusal(err))
	}
	if err != nil {
		return err
	}
	return h.backTo(c, subscriptionPath(made.ID), views.Notice{Tone: views.ToneOK, Title: "The subscription " + made.Name + " is created", Text: "Send a test to see that it arrives."})
}

func (h *Subscriptions) create(c echo.Context, f subscriptionForm) (models.Subscription, error) {
	if err := h.check(f); err != nil {
		return models.Subscription{}, err
	}
	return h.Store.CreateSubscription(c.Request().Context(), f.wish)
}

// check refuses an address that is never called, before anything is written.
func (h *Subscriptions) check(f subscriptionForm) error {
	if strings.TrimSpace(f.wish.WebhookURL) == "" {
		return nil
	}
	return h.CheckWebhook(strings.TrimSpace(f.wish.WebhookURL))
}

// Show shows a subscription.
func (h *Subscriptions) Show(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	return h.show(c, id, http.StatusOK, nil, nil, "")
}

// Update saves a subscription.
func (h *Subscriptions) Update(c echo.Context) error {
	ctx, form := c.Request().Context(), h.readForm(c)
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	stored, err := h.Store.Subscription(ctx, id)
	if err != nil {
		return err
	}
	form.keep(stored)
	if err = h.check(form); err == nil {
		stored, err = h.Store.ChangeSubscription(ctx, id, form.wish)
	}
	if models.KindOf(err) == models.Invalid {
		return h.show(c, id, http.StatusUnprocessableEntity, &form, models.Refusal(err), "")
	}
	if err != nil {
		return err
	}
	return h.backTo(c, subscriptionPath(id), views.Notice{Tone: views.ToneOK, Title: "The subscription " + stored.Name + " is saved"})
}

// Switch disables a subscription, or enables it again.
func (h *Subscriptions) Switch(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	stored, err := h.Store.Subscription(ctx, id)
	if err != nil {
		return err
	}
	wish := formOfSubscription(stored).wish
	wish.IsDisabled = !stored.IsDisabled
	if _, err = h.Store.ChangeSubscription(ctx, id, wish); err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: stored.Name + " is enabled", Text: "What happens from now on is sent."}
	if wish.IsDisabled {
		notice.Title, notice.Text = stored.Name+" is disabled", "Nothing is sent any more, also not what is on its way."
	}
	return h.backTo(c, subscriptionPath(id), notice)
}

// Test sends a test event.
func (h *Subscriptions) Test(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	err = h.Store.TestSubscription(c.Request().Context(), id)
	if models.KindOf(err) == models.Invalid {
		return h.backTo(c, subscriptionPath(id), views.Notice{Tone: views.ToneWarn, Title: "No test was sent", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return h.backTo(c, subscriptionPath(id), views.Notice{Tone: views.ToneOK, Title: "A test is on its way", Text: "Its delivery is in the list below. Test mail goes to you."})
}

// Replay sends one delivery once more, or all that failed.
func (h *Subscriptions) Replay(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	one, _ := strconv.ParseInt(c.Param("delivery"), 10, 64)
	if c.Param("delivery") != "" && one <= 0 {
		return models.Missing("delivery")
	}
	n, err := h.Store.Replay(c.Request().Context(), id, one)
	if err != nil {
		return err
	}
	return h.backTo(c, subscriptionPath(id), views.Notice{Tone: views.ToneOK, Title: "Sent again: " + count(int(n), "delivery")})
}

// NewSecret makes another secret for the webhook and shows it, straight from the
// POST: there is no address that shows it again.
func (h *Subscriptions) NewSecret(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	secret, err := h.Store.NewWebhookSecret(c.Request().Context(), id)
	if models.KindOf(err) == models.Invalid {
		return h.backTo(c, subscriptionPath(id), views.Notice{Tone: views.ToneWarn, Title: "There is no webhook", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return h.show(c, id, http.StatusOK, nil, nil, secret.Reveal())
}

// AskDelete asks before a subscription is deleted.
func (h *Subscriptions) AskDelete(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	stored, err := h.Store.Subscription(ctx, id)
	if err == nil {
		err = models.MayDeleteSubscription(stored, models.ActorFrom(ctx))
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.SubscriptionDeletionPage(views.SubscriptionDeletion{Shell: shellOf(c, "Delete "+stored.Name, views.AreaConfiguration, SubscriptionsPath),
		Name: stored.Name, Path: subscriptionPath(id) + "/deletion", BackPath: subscriptionPath(id), ListPath: SubscriptionsPath}))
}

// Delete removes a subscription.
func (h *Subscriptions) Delete(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	stored, err := h.Store.DeleteSubscription(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.backTo(c, SubscriptionsPath, views.Notice{Tone: views.ToneOK, Title: "The subscription " + stored.Name + " is deleted"})
}

func (h *Subscriptions) backTo(c echo.Context, path string, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, path)
}
