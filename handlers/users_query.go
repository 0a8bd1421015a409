package handlers

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// userQuery is the part of a list's address that filters and orders it. Unknown
// values fall back to the usual list: an old bookmark is not an error.
type userQuery struct {
	kind       models.UserKind
	status     models.UserStatus
	search     string
	sort       models.UserSort
	descending bool
	skip       int
}

var userKinds = []struct {
	label string
	kind  models.UserKind
}{{"Everybody", ""}, {"People", models.KindPerson}, {"Service accounts", models.KindService}}

var userStatuses = []struct {
	label  string
	status models.UserStatus
}{{"Any status", ""}, {"Active", models.UserActive}, {"Deactivated", models.UserInactive}}

// userColumns are the heads of the list; those without a sort can't be ordered
// by.
var userColumns = []struct {
	label     string
	sort      models.UserSort
	downFirst bool
}{{"Name", models.SortName, false}, {label: "Kind"}, {label: "Status"}, {label: "Live keys"}, {"Last seen", models.SortSeen, true}}

func readUserQuery(c echo.Context) userQuery {
	q := userQuery{sort: models.SortName, search: truncate(c.QueryParam("q"), models.MaxEmail)}
	for _, k := range userKinds {
		if c.QueryParam("kind") == string(k.kind) {
			q.kind = k.kind
		}
	}
	for _, s := range userStatuses {
		if c.QueryParam("status") == string(s.status) {
			q.status = s.status
		}
	}
	if c.QueryParam("sort") == string(models.SortSeen) {
		q.sort = models.SortSeen
	}
	q.descending = c.QueryParam("dir") == "desc"
	if skip, err := strconv.Atoi(c.QueryParam("skip")); err == nil && skip > 0 && skip < 1<<31 {
		q.skip = skip
	}
	return q
}

func (q userQuery) filter() models.UserFilter {
	return models.UserFilter{Search: q.search, Kind: q.kind, Status: q.status, Sort: q.sort, Descending: q.descending,
		Page: models.Page{Skip: q.skip, Take: models.PageSize}}
}

// href returns the list's address for a changed query.
func (q userQuery) href() string {
	v := url.Values{}
	for _, p := range q.hidden() {
		v.Set(p.Name, p.Value)
	}
	if q.search != "" {
		v.Set("q", q.search)
	}
	if q.skip > 0 {
		v.Set("skip", strconv.Itoa(q.skip))
	}
	if len(v) == 0 {
		return UsersPath
	}
	return UsersPath + "?" + v.Encode()
}

// hidden are the values that the search form carries along.
func (q userQuery) hidden() []views.Pair {
	var pairs []views.Pair
	add := func(name, value string) {
		if value != "" {
			pairs = append(pairs, views.Pair{Name: name, Value: value})
		}
	}
	add("kind", string(q.kind))
	add("status", string(q.status))
	if q.sort != models.SortName {
		add("sort", string(q.sort))
	}
	if q.descending {
		add("dir", "desc")
	}
	return pairs
}

func (q userQuery) kinds(counts models.UserCounts) []views.Tab {
	tabs := make([]views.Tab, 0, len(userKinds))
	for _, k := range userKinds {
		to := q
		to.kind, to.skip = k.kind, 0
		tabs = append(tabs, views.Tab{Label: k.label, Href: to.href(), Count: counts.Of(k.kind, q.status), Current: k.kind == q.kind})
	}
	return tabs
}

func (q userQuery) statuses(counts models.UserCounts) []views.Tab {
	tabs := make([]views.Tab, 0, len(userStatuses))
	for _, s := range userStatuses {
		to := q
		to.status, to.skip = s.status, 0
		tabs = append(tabs, views.Tab{Label: s.label, Href: to.href(), Count: counts.Of(q.kind, s.status), Current: s.status == q.status})
	}
	return tabs
}

func (q userQuery) columns() []views.Column {
	columns := make([]views.Column, 0, len(userColumns))
	for _, u := range userColumns {
		column := views.Column{Label: u.label}
		if u.sort != "" {
			to := q
			to.sort, to.skip, to.descending = u.sort, 0, u.downFirst
			if q.sort == u.sort {
				to.descending = !q.descending
				column.Sort = "ascending"
				if q.descending {
					column.Sort = "descending"
				}
			}
			column.Href = to.href()
		}
		columns = append(columns, column)
	}
	return columns
}

func (q userQuery) pager(list models.UserList) views.Pager {
	if list.Total <= models.PageSize && q.skip == 0 {
		return views.Pager{}
	}
	first, last := q.skip+1, q.skip+len(list.Users)
	p := views.Pager{Text: fmt.Sprintf("%s to %s of %s", thousands(first), thousands(last), thousands(list.Total))}
	if len(list.Users) == 0 {
		p.Text = "Nothing here"
	}
	if q.skip > 0 {
		to := q
		to.skip = max(0, q.skip-models.PageSize)
		p.Previous = to.href()
	}
	if last < list.Total {
		to := q
		to.skip = last
		p.Next = to.href()
	}
	return p
}
