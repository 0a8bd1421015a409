package handlers

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// serviceForm is the form of a service as it was typed.
type serviceForm struct {
	Version                        int64
	Name, Description, Rate, Reads string
}

// serviceFieldIDs are the inputs that problems point at.
var serviceFieldIDs = map[string]string{"Name": "name", "Description": "description", "RatePerMinute": "rate", "ReadOnly": "reads"}

func readServiceForm(c echo.Context) serviceForm {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	return serviceForm{Version: version, Name: c.FormValue("name"), Description: c.FormValue("description"), Rate: c.FormValue("rate"), Reads: c.FormValue("reads")}
}

func formOfService(s models.Service) serviceForm {
	return serviceForm{Version: s.Version, Name: s.Name, Description: s.Description, Rate: strconv.FormatInt(s.RatePerMinute, 10),
		Reads: strings.Join(models.ReadRuleLines(s.ReadOnly), "\n")}
}

// wish reads what was typed. A rate that is no number is one that can't be, so
// that the rule says what is wrong with it.
func (f serviceForm) wish() models.NewService {
	rate, typed := int64(0), strings.TrimSpace(f.Rate)
	if typed != "" {
		var err error
		if rate, err = strconv.ParseInt(typed, 10, 64); err != nil {
			rate = -1
		}
	}
	return models.NewService{Name: f.Name, Description: f.Description, RatePerMinute: rate, ReadOnly: models.ParseReadRules(f.Reads)}
}

// serviceFields shows the inputs: as they were typed, with what is wrong.
func serviceFields(f serviceForm, refusal *models.Error) views.ServiceForm {
	props := views.ServiceForm{
		ListPath: ServicesPath,
		Name: views.Field{Name: "name", Label: "Name", Value: f.Name, MaxLength: models.MaxServiceName, Required: true, Autocomplete: "off",
			Hint: "Small letters, digits and hyphens, such as billing. It never changes, because keys and configurations name it."},
		Description: views.Field{Name: "description", Label: "Description", Value: f.Description, MaxLength: models.MaxServiceDescription, Autocomplete: "off",
			Hint: "Optional. What the service does, for those who choose where a key may be used."},
		Rate: views.Field{Name: "rate", Label: "Calls a minute with one key", Value: f.Rate, Type: "number", Min: "0", Max: strconv.Itoa(models.MaxRatePerMinute), Autocomplete: "off",
			Hint: "0 for no limit. Each Keyport process counts by itself."},
		Reads: views.Field{Name: "reads", Label: "What only reads", Value: f.Reads, Autocomplete: "off",
			Hint: "What read-only keys may call: in each line methods and a path, such as GET,HEAD /reports/**. A * is one part of a path, and /** whatever is below. Empty for GET, HEAD and OPTIONS anywhere."},
	}
	if refusal != nil {
		props.Name.Error, props.Description.Error = refusal.Problem("Name"), refusal.Problem("Description")
		props.Rate.Error, props.Reads.Error = refusal.Problem("RatePerMinute"), refusal.Problem("ReadOnly")
		if props.Problems = problemsFor(refusal, serviceFieldIDs); len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	return props
}
