package handlers

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// eventFieldIDs are the inputs that problems point at.
var eventFieldIDs = map[string]string{
	"Person": models.ParamPerson, "Group": models.ParamGroup, "Category": models.ParamCategory, "DocumentType": models.ParamType,
	"Document": models.ParamDocument, "Key": models.ParamKey, "OnFrom": models.ParamOn + models.ParamFrom, "OnTo": models.ParamOn + models.ParamTo,
}

// form shows the filters as they were typed.
func (q auditQuery) form(c echo.Context) views.EventSearchForm {
	field := func(name, label, kind string, limit int) views.Field {
		typed, _ := models.CleanText(c.QueryParam(name), "", limit)
		f := views.Field{Name: name, ID: name, Label: label, Type: kind, Value: typed, Autocomplete: "off"}
		if kind != "date" {
			f.MaxLength = limit
		} else if _, err := models.ParseDate(typed); err != nil {
			f.Value = "" // no browser shows what is not a date
		}
		for _, p := range q.problems {
			if eventFieldIDs[p.Field] == name {
				f.Error = p.Message
			}
		}
		return f
	}
	s := q.search
	form := views.EventSearchForm{
		Group:    views.Choice{Field: field(models.ParamGroup, "Events", "", 40), Options: groupOptions(s.Group)},
		Category: views.Choice{Field: field(models.ParamCategory, "Kind of event", "", 40), Options: categoryOptions(s.Category)},
		Type:     views.Choice{Field: field(models.ParamType, "About", "", 40), Options: documentOptions(s.DocumentType)},
		Person:   field(models.ParamPerson, "Who", "search", models.MaxEmail),
		Document: field(models.ParamDocument, "Id of a document", "search", models.MaxDocumentID),
		Key:      field(models.ParamKey, "Id of an API key", "search", models.MaxDocumentID),
		From:     field(models.ParamOn+models.ParamFrom, "From", "date", len("2027-05-22")),
		To:       field(models.ParamOn+models.ParamTo, "Until", "date", len("2027-05-22")),
	}
	form.Open = s.Category != "" || s.DocumentType != "" || s.Document != "" || s.Key != "" || len(q.problems) > 0
	form.Active = len(c.QueryParams()) > 0
	return form
}

func groupOptions(chosen string) []views.Option {
	options := []views.Option{{Label: "All events", Selected: chosen == ""}}
	for _, g := range models.EventGroups {
		options = append(options, views.Option{Value: g.ID, Label: g.Name, Selected: g.ID == chosen})
	}
	return options
}

func categoryOptions(chosen models.Category) []views.Option {
	options := []views.Option{{Label: "Any kind", Selected: chosen == ""}}
	for _, k := range models.Categories {
		options = append(options, views.Option{Value: string(k.ID), Label: k.Name, Selected: k.ID == chosen})
	}
	return options
}

func documentOptions(chosen string) []views.Option {
	options := []views.Option{{Label: "Anything", Selected: chosen == ""}}
	for _, k := range models.DocumentKinds {
		options = append(options, views.Option{Value: k.ID, Label: k.Name, Selected: k.ID == chosen})
	}
	return options
}

// auditFor leads to the events that a filter chooses.
func auditFor(param, value string) string {
	return withQuery(AuditPath, url.Values{param: {value}})
}

// history leads to what happened to a document, "" for a reader who may not
// read the trail.
func history(c echo.Context, param, id string) string {
	if models.MaySeeEvents(models.ActorFrom(c.Request().Context())) != nil {
		return ""
	}
	return auditFor(param, id)
}
