package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Subscriptions serves /api/subscriptions, and the same below the space.
type Subscriptions struct {
	Store        *store.Store
	BasePath     string
	CheckWebhook func(address string) error // refuses an address that may not be called
}

func (h *Subscriptions) links() linker { return linker{h.BasePath} }

// Index lists subscriptions by name.
func (h *Subscriptions) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	query, sent, repeated := models.SubscriptionQuery{}, parameters(c), url.Values{}
	for _, name := range []string{"ids", "partialName", "spaces"} {
		if value := sent.Get(strings.ToLower(name)); value != "" {
			repeated.Set(name, value)
		}
	}
	query.ByID, query.Part = repeated.Has("ids"), repeated.Get("partialName")
	query.IDs = idList(repeated.Get("ids"), models.ParseSubscriptionID)
	list, err := h.Store.Subscriptions(c.Request().Context(), query)
	if err != nil {
		return err
	}
	path := h.links().to("/api/" + spaceID + "/subscriptions")
	return write(c, http.StatusOK, newCollection("Subscription", h.resources(window(list, page)), len(list), page, path, repeated))
}

// All lists every subscription as a bare array.
func (h *Subscriptions) All(c echo.Context) error {
	list, err := h.Store.Subscriptions(c.Request().Context(), models.SubscriptionQuery{})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.resources(list))
}

func (h *Subscriptions) resources(list []models.Subscription) []subscriptionResource {
	items := make([]subscriptionResource, 0, len(list))
	for _, one := range list {
		items = append(items, h.links().subscription(one))
	}
	return items
}

// Show reads one subscription.
func (h *Subscriptions) Show(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	found, err := h.Store.Subscription(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().subscription(found))
}

func subscriptionID(c echo.Context) (int64, error) {
	id, ok := models.ParseSubscriptionID(c.Param("id"))
	if !ok {
		return 0, models.Missing("subscription")
	}
	return id, nil
}

// Create makes a subscription.
func (h *Subscriptions) Create(c echo.Context) error {
	wish, err := h.wish(c)
	if err != nil {
		return err
	}
	made, err := h.Store.CreateSubscription(c.Request().Context(), wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusCreated, h.links().subscription(made))
}

// wish reads a subscription. Rights come before what is wrong with the input, so
// that nobody probes with addresses who may not have a webhook.
func (h *Subscriptions) wish(c echo.Context) (models.SubscriptionWish, error) {
	if err := models.MayEditSubscriptions(models.ActorFrom(c.Request().Context())); err != nil {
		return models.SubscriptionWish{}, err
	}
	var sent sentSubscription
	if err := read(c, &sent); err != nil {
		return models.SubscriptionWish{}, err
	}
	wish, err := sent.wish()
	if err != nil || wish.WebhookURL == "" {
		return wish, err
	}
	return wish, h.CheckWebhook(wish.WebhookURL)
}

// Update replaces a subscription.
func (h *Subscriptions) Update(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	wish, err := h.wish(c)
	if err != nil {
		return err
	}
	saved, err := h.Store.ChangeSubscription(c.Request().Context(), id, wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().subscription(saved))
}

// Delete removes a subscription.
func (h *Subscriptions) Delete(c echo.Context) error {
	id, err := subscriptionID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.DeleteSubscription(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}
