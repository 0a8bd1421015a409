package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Configuration serves /api/configuration: the list of sections, and the section
// "authentication" with its values and their description.
type Configuration struct {
	Store    *store.Store
	BasePath string
}

const authenticationPath = "/api/configuration/" + models.AuthenticationSettingsID

type configurationSection struct {
	Id          string
	Name        string
	Description string
	Links       Links
}

// authenticationValues are the settings as Octopus writes them. The members
// that Keyport has no choice about are left out; clients send them back and
// they are ignored.
type authenticationValues struct {
	Id                      string
	UserApiKeysEnabled      bool
	ApiKeyDefaultExpiryDays int
	ApiKeyMaxExpiryDays     int
	Links                   Links
}

func (h *Configuration) links() linker { return linker{h.BasePath} }

func (l linker) authenticationSection() configurationSection {
	return configurationSection{
		Id: models.AuthenticationSettingsID, Name: "Authentication", Description: "How long API keys may live, and who may create them.",
		Links: l.all(Links{"Self": authenticationPath, "Values": authenticationPath + "/values", "Metadata": authenticationPath + "/metadata"}),
	}
}

// Index lists the sections.
func (h *Configuration) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	sections := []configurationSection{h.links().authenticationSection(), h.links().retentionSection()}
	total := len(sections)
	sections = sections[min(page.Skip, total):]
	sections = sections[:min(page.Take, len(sections))]
	return write(c, http.StatusOK, newCollection("ConfigurationSection", sections, total, page, h.links().to("/api/configuration"), url.Values{}))
}

// Show reads the section.
func (h *Configuration) Show(c echo.Context) error {
	return write(c, http.StatusOK, h.links().authenticationSection())
}

// Values reads the settings.
func (h *Configuration) Values(c echo.Context) error {
	settings, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().authenticationValues(settings))
}

func (l linker) authenticationValues(s models.AuthSettings) authenticationValues {
	return authenticationValues{Id: models.AuthenticationSettingsID, UserApiKeysEnabled: s.UserAPIKeys,
		ApiKeyDefaultExpiryDays: s.APIKeyDefaultDays, ApiKeyMaxExpiryDays: s.APIKeyMaximumDays, Links: l.all(Links{"Self": authenticationPath + "/values"})}
}

// sentAuthenticationValues is what clients send of the settings.
type sentAuthenticationValues struct {
	UserApiKeysEnabled      *bool
	ApiKeyDefaultExpiryDays *int
	ApiKeyMaxExpiryDays     *int
}

// SaveValues changes the settings by the same rule as the page. Members that
// are left out keep their value.
func (h *Configuration) SaveValues(c echo.Context) error {
	ctx := c.Request().Context()
	var sent sentAuthenticationValues
	if err := read(c, &sent); err != nil {
		return err
	}
	wish, err := h.Store.AuthSettings(ctx)
	if err != nil {
		return err
	}
	if sent.UserApiKeysEnabled != nil {
		wish.UserAPIKeys = *sent.UserApiKeysEnabled
	}
	if sent.ApiKeyDefaultExpiryDays != nil {
		wish.APIKeyDefaultDays = *sent.ApiKeyDefaultExpiryDays
	}
	if sent.ApiKeyMaxExpiryDays != nil {
		wish.APIKeyMaximumDays = *sent.ApiKeyMaxExpiryDays
	}
	saved, err := h.Store.SaveAuthSettings(ctx, wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().authenticationValues(saved))
}

// displayInfo describes a setting for people.
type displayInfo struct {
	Label       string
	Description string
	Required    bool
	ReadOnly    bool
	Sensitive   bool
}

type propertyMetadata struct {
	Name        string
	Type        string
	DisplayInfo displayInfo
}

type typeMetadata struct {
	Name       string
	Properties []propertyMetadata
}

type configurationMetadata struct {
	Description string
	Types       []typeMetadata
}

// Metadata describes the settings.
func (h *Configuration) Metadata(c echo.Context) error {
	number := func(name, label, text string) propertyMetadata {
		return propertyMetadata{name, "int", displayInfo{Label: label, Description: text, Required: true}}
	}
	return write(c, http.StatusOK, configurationMetadata{"Authentication", []typeMetadata{{"AuthenticationConfiguration", []propertyMetadata{
		{"UserApiKeysEnabled", "bool", displayInfo{Label: "User API Keys", Description: "Whether people can create API keys. Existing keys keep working, and service accounts can always have new ones."}},
		number("ApiKeyDefaultExpiryDays", "API Key default expiry (days)", "How long a key lives whose maker does not choose."),
		number("ApiKeyMaxExpiryDays", "API Key maximum expiry (days)", "How long a key may live at the most."),
	}}}})
}

type featureToggle struct {
	Name      string
	IsEnabled bool
}

type featureToggles struct{ FeatureToggles []featureToggle }

// FeatureToggles answers that there are none: Terraform's provider asks for
// them by name.
func (h *Configuration) FeatureToggles(c echo.Context) error {
	toggles := []featureToggle{}
	for name := range strings.SplitSeq(parameters(c).Get("name"), ",") {
		if clean, problem := models.CleanText(name, "The name", 100); clean != "" && problem == "" {
			toggles = append(toggles, featureToggle{Name: clean})
		}
	}
	return write(c, http.StatusOK, featureToggles{toggles})
}
