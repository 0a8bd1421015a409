package handlers

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// searchFieldIDs are the inputs that problems point at.
var searchFieldIDs = map[string]string{
	"Status": models.ParamStatus, "Owner": models.ParamOwner, "Kind": models.ParamKind, "Purpose": models.ParamPurpose, "Over": models.ParamOver,
	"CreatedFrom": models.ParamCreated + models.ParamFrom, "CreatedTo": models.ParamCreated + models.ParamTo,
	"EndsFrom": models.ParamEnds + models.ParamFrom, "EndsTo": models.ParamEnds + models.ParamTo,
	"UsedFrom": models.ParamUsed + models.ParamFrom, "UsedTo": models.ParamUsed + models.ParamTo, "Used": models.ParamUsed,
}

// form shows the filters as they were typed.
func (q allKeysQuery) form(c echo.Context) views.KeySearchForm {
	field := func(name, label, kind string, limit int) views.Field {
		typed, _ := models.CleanText(c.QueryParam(name), "", limit)
		f := views.Field{Name: name, ID: name, Label: label, Type: kind, Value: typed, Autocomplete: "off"}
		if kind != "date" {
			f.MaxLength = limit
		} else if _, err := models.ParseDate(typed); err != nil {
			f.Value = "" // no browser shows what is not a date
		}
		for _, p := range q.problems {
			if searchFieldIDs[p.Field] == name {
				f.Error = p.Message
			}
		}
		return f
	}
	day := func(name, label string) views.Field { return field(name, label, "date", len("2027-05-22")) }
	s := q.search
	form := views.KeySearchForm{
		Status: views.Choice{Field: field(models.ParamStatus, "Status", "", 20), Options: statusOptions(s.Status)},
		Kind:   views.Choice{Field: field(models.ParamKind, "Kind of owner", "", 20), Options: kindOptions(s.Kind)},
		Over:   views.Choice{Field: field(models.ParamOver, "Limit", "", 20), Options: q.overOptions()},
		Owner:  field(models.ParamOwner, "Owner", "search", models.MaxOwnerSearch), Purpose: field(models.ParamPurpose, "Purpose", "search", models.MaxPurpose),
		CreatedFrom: day("created-from", "From"), CreatedTo: day("created-to", "Until"),
		EndsFrom: day("ends-from", "From"), EndsTo: day("ends-to", "Until"),
		UsedFrom: day("used-from", "From"), UsedTo: day("used-to", "Until"),
		NeverUsed: s.NeverUsed, UsedError: field(models.ParamUsed, "", "", 20).Error,
	}
	none := models.DateRange{}
	form.Open = s.Created != none || s.Ends != none || s.Used != none || s.NeverUsed || s.OverMaximum || s.OverDays > 0 || len(q.problems) > 0
	form.Active = len(c.QueryParams()) > 0
	form.Hidden = orderPairs(s.Order)
	return form
}

func orderPairs(o models.KeyOrder) []views.Pair {
	pairs := []views.Pair{{Name: models.ParamSort, Value: string(o.By)}}
	if o.Descending {
		pairs = append(pairs, views.Pair{Name: models.ParamDirection, Value: "desc"})
	}
	return pairs
}

func statusOptions(chosen models.KeyStatus) []views.Option {
	var options []views.Option
	for _, tab := range keyTabs {
		options = append(options, views.Option{Value: tab.name, Label: tab.label, Selected: tab.status == chosen})
	}
	return options
}

func kindOptions(chosen models.UserKind) []views.Option {
	return []views.Option{
		{Value: "", Label: "All owners", Selected: chosen == ""},
		{Value: string(models.KindPerson), Label: "People", Selected: chosen == models.KindPerson},
		{Value: string(models.KindService), Label: "Service accounts", Selected: chosen == models.KindService},
	}
}

func (q allKeysQuery) overOptions() []views.Option {
	options := []views.Option{
		{Value: "", Label: "Any"},
		{Value: "maximum", Label: "Beyond the maximum, " + count(q.settings.APIKeyMaximumDays, "day") + " from today", Selected: q.search.OverMaximum},
	}
	if n := q.search.OverDays; n > 0 {
		options = append(options, views.Option{Value: strconv.Itoa(n), Label: "More than " + count(n, "day") + " from today", Selected: true})
	}
	return options
}

// allKeysColumns are the heads of the list, each of which orders it.
var allKeysColumns = []struct {
	label     string
	sort      models.KeySort
	downFirst bool
}{
	{"Purpose", models.SortPurpose, false},
	{"Owner", models.SortOwner, false},
	{"Created", models.SortCreated, true},
	{"Expires", models.SortExpires, false},
	{"Last used", models.SortLastUsed, true},
}

func (q allKeysQuery) columns() []views.Column {
	columns := make([]views.Column, 0, len(allKeysColumns)+1)
	for _, k := range allKeysColumns {
		to, column := q, views.Column{Label: k.label}
		to.search.Order = models.KeyOrder{By: k.sort, Descending: k.downFirst}
		if q.search.Order.By == k.sort {
			to.search.Order.Descending = !q.search.Order.Descending
			column.Sort = "ascending"
			if q.search.Order.Descending {
				column.Sort = "descending"
			}
		}
		column.Href = to.at(AllKeysPath)
		columns = append(columns, column)
	}
	return append(columns, views.Column{Label: "Actions", Actions: true})
}

func (q allKeysQuery) pager(list models.AllKeys) views.Pager {
	if list.Previous == nil && list.Next == nil && q.cursor == nil {
		return views.Pager{}
	}
	p := views.Pager{Text: "Nothing here", Previous: q.page(list.Previous), Next: q.page(list.Next)}
	if len(list.Keys) > 0 {
		p.Text = thousands(list.First+1) + " to " + thousands(list.First+len(list.Keys)) + " of " + bounded(list.Total)
	} else {
		p.Previous = q.at(AllKeysPath) // what was behind the cursor is gone
	}
	return p
}

func (q allKeysQuery) page(cursor *models.KeyCursor) string {
	if cursor == nil {
		return ""
	}
	v := q.search.Values()
	v.Set(paramCursor, cursor.String())
	return withQuery(AllKeysPath, v)
}
