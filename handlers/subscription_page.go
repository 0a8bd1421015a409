package handlers

import (
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// deliveriesShown is how many deliveries a page shows.
const deliveriesShown = 20

// show shows a subscription: as it is stored, or as it was typed with what is
// wrong, and a new secret, this once.
func (h *Subscriptions) show(c echo.Context, id int64, status int, typed *subscriptionForm, refusal *models.Error, secret string) error {
	stored, err := h.Store.Subscription(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props, err := h.page(c, stored, typed, refusal)
	if err != nil {
		return err
	}
	props.Secret = secret
	return renderEither(c, status,
		func() templ.Component { return views.SubscriptionPageWhole(props) },
		func() templ.Component { return views.SubscriptionMain(props) })
}

func (h *Subscriptions) page(c echo.Context, s models.Subscription, typed *subscriptionForm, refusal *models.Error) (views.SubscriptionPage, error) {
	actor, path := models.ActorFrom(c.Request().Context()), subscriptionPath(s.ID)
	props := views.SubscriptionPage{Shell: shellOf(c, s.Name, views.AreaConfiguration, SubscriptionsPath), ListPath: SubscriptionsPath, Path: path, Name: s.Name, Off: s.IsDisabled, BuiltIn: s.BuiltIn != "",
		History: history(c, models.ParamDocument, s.PublicID()), Zone: zoneOf(c).String()}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	may := models.MayEditSubscriptions(actor) == nil
	if may {
		form := formOfSubscription(s)
		if typed != nil {
			form = *typed
		}
		fields, err := h.fields(c, form, &s, refusal)
		if err != nil {
			return props, err
		}
		fields.Shell, fields.Path, fields.Submit = props.Shell, path, "Save"
		props.Form, props.TestPath, props.SwitchPath = &fields, path+"/test", path+"/switch"
		if s.WebhookURL != "" {
			props.SecretPath = path + "/secret"
		}
	} else {
		props.Facts = []views.Fact{{Label: "Events", Text: aboutWords(s.Filter)}, {Label: "Sent to", Text: toWords(s)}}
	}
	if models.MayDeleteSubscription(s, actor) == nil {
		props.DeletePath = path + "/deletion"
	}
	return props, h.addDeliveries(c, &props, s, may)
}

// addDeliveries lists what became of the newest deliveries, or of those before
// one.
func (h *Subscriptions) addDeliveries(c echo.Context, props *views.SubscriptionPage, s models.Subscription, may bool) error {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	list, more, err := h.Store.Deliveries(c.Request().Context(), s.ID, models.DeliveryFilter{Before: before}, deliveriesShown)
	if err != nil {
		return err
	}
	zone := zoneOf(c)
	for _, d := range list {
		row := deliveryRow(d, s, zone)
		if may && d.State != models.DeliveryPending {
			row.ReplayPath = props.Path + "/deliveries/" + strconv.FormatInt(d.ID, 10) + "/replay"
		}
		if may && d.State == models.DeliveryFailed {
			props.ReplayPath = props.Path + "/replay"
		}
		props.Deliveries = append(props.Deliveries, row)
	}
	if more {
		props.More = props.Path + "?before=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return nil
}

// deliveryStates say what became of a delivery.
var deliveryStates = map[models.DeliveryState]struct {
	word string
	tone views.Tone
}{
	models.DeliveryPending: {"On its way", views.ToneInfo}, models.DeliveryDelivered: {"Delivered", views.ToneOK},
	models.DeliveryFailed: {"Failed", views.ToneBad}, models.DeliveryDropped: {"Not sent", views.ToneNone},
}

func deliveryRow(d models.ShownDelivery, s models.Subscription, zone *time.Location) views.DeliveryRow {
	state := deliveryStates[d.State]
	row := views.DeliveryRow{What: d.Event.Message, To: "Mail to " + d.Recipient, State: state.word, Tone: state.tone, Attempts: count(d.Attempts, "attempt"), Problem: d.Problem,
		AtLabel: "next", At: atMinute(d.NextAttemptAt, zone)}
	if row.What == "" {
		row.What = "An event that is no longer kept"
	}
	if d.Channel == models.ChannelWebhook {
		row.To = "Webhook"
	}
	if d.State == models.DeliveryPending && d.Attempts > 0 {
		state := deliveryStates[models.DeliveryPending]
		row.State, row.Tone = "Will be tried again", state.tone
	}
	if d.AttemptedAt != nil && d.State != models.DeliveryPending {
		row.AtLabel, row.At = "tried", atMinute(*d.AttemptedAt, zone)
	}
	if d.Code != 0 {
		row.Answer = strconv.Itoa(d.Code) + " in " + strconv.FormatInt(d.Millis, 10) + " ms"
	}
	return row
}
