package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// EventRetention serves the section "eventretention" of the settings: how long
// events are kept.
type EventRetention struct {
	Store    *store.Store
	BasePath string
}

const retentionPath = "/api/configuration/" + models.AuditRetentionID

// retentionValues are the settings as Octopus writes them.
type retentionValues struct {
	Id                 string
	EventRetentionDays int
	Links              Links
}

// sentRetentionValues is what clients send of them.
type sentRetentionValues struct {
	EventRetentionDays *int
}

func (h *EventRetention) links() linker { return linker{h.BasePath} }

func (l linker) retentionSection() configurationSection {
	return configurationSection{
		Id: models.AuditRetentionID, Name: "Event Retention", Description: "How long events are kept.",
		Links: l.all(Links{"Self": retentionPath, "Values": retentionPath + "/values", "Metadata": retentionPath + "/metadata"}),
	}
}

func (l linker) retentionValues(s models.AuditSettings) retentionValues {
	return retentionValues{Id: models.AuditRetentionID, EventRetentionDays: s.RetentionDays, Links: l.all(Links{"Self": retentionPath + "/values"})}
}

// Show reads the section.
func (h *EventRetention) Show(c echo.Context) error {
	return write(c, http.StatusOK, h.links().retentionSection())
}

// Values reads the settings.
func (h *EventRetention) Values(c echo.Context) error {
	settings, err := h.Store.AuditSettings(c.Request().Context())
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().retentionValues(settings))
}

// SaveValues changes the settings by the same rule as the page. What is left out
// keeps its value.
func (h *EventRetention) SaveValues(c echo.Context) error {
	ctx := c.Request().Context()
	var sent sentRetentionValues
	if err := read(c, &sent); err != nil {
		return err
	}
	wish, err := h.Store.AuditSettings(ctx)
	if err != nil {
		return err
	}
	if sent.EventRetentionDays != nil {
		wish.RetentionDays = *sent.EventRetentionDays
	}
	saved, err := h.Store.SaveAuditSettings(ctx, wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().retentionValues(saved))
}

// Metadata describes the settings.
func (h *EventRetention) Metadata(c echo.Context) error {
	return write(c, http.StatusOK, configurationMetadata{"Event Retention", []typeMetadata{{"EventRetentionConfiguration", []propertyMetadata{
		{"EventRetentionDays", "int", displayInfo{Label: "Event retention (days)", Description: "How long an event is kept before it is removed for good.", Required: true}},
	}}}})
}
