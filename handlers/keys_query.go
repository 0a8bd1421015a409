package handlers

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// keyQuery is the part of a list's address that filters and orders it. Unknown
// values fall back to the usual list: an old bookmark is not an error.
type keyQuery struct {
	path       string // of the list
	status     string // one of keyTabs
	search     string
	sort       models.KeySort
	descending bool
	skip       int
}

// keyTabs are the filters in the order shown; "all" stands for every status.
var keyTabs = []struct {
	name, label string
	status      models.KeyStatus
}{
	{"usable", "Usable", models.KeyUsable},
	{"expires-soon", "Expires soon", models.KeyExpiresSoon},
	{"expired", "Expired", models.KeyExpired},
	{"revoked", "Revoked", models.KeyRevoked},
	{"all", "All", ""},
}

// keyColumns are the heads of the list. Times are most useful newest first,
// except an end, which is most useful soonest first.
var keyColumns = []struct {
	label     string
	sort      models.KeySort
	downFirst bool
}{
	{"Purpose", models.SortPurpose, false},
	{"Created", models.SortCreated, true},
	{"Expires", models.SortExpires, false},
	{"Last used", models.SortLastUsed, true},
}

func readKeyQuery(c echo.Context, path string) keyQuery {
	q := keyQuery{path: path, status: "usable", sort: models.SortExpires, search: truncate(c.QueryParam("q"), models.MaxPurpose)}
	for _, tab := range keyTabs {
		if c.QueryParam("status") == tab.name {
			q.status = tab.name
		}
	}
	for _, column := range keyColumns {
		if c.QueryParam("sort") == string(column.sort) {
			q.sort = column.sort
		}
	}
	q.descending = c.QueryParam("dir") == "desc"
	if skip, err := strconv.Atoi(c.QueryParam("skip")); err == nil && skip > 0 && skip < 1<<31 {
		q.skip = skip
	}
	return q
}

// truncate cuts a search text that no purpose could hold. Invalid UTF-8 finds
// nothing, so it is dropped rather than handed to the database.
func truncate(s string, limit int) string {
	clean, problem := models.CleanText(s, "", limit)
	if problem != "" {
		return ""
	}
	return clean
}

func (q keyQuery) filter() models.KeyFilter {
	f := models.KeyFilter{Search: q.search, Sort: q.sort, Descending: q.descending, Page: models.Page{Skip: q.skip, Take: models.PageSize}}
	for _, tab := range keyTabs {
		if tab.name == q.status {
			f.Status = tab.status
		}
	}
	return f
}

// href returns the list's address for a changed query.
func (q keyQuery) href() string {
	v := url.Values{"status": {q.status}}
	if q.search != "" {
		v.Set("q", q.search)
	}
	if q.sort != models.SortExpires || q.descending {
		v.Set("sort", string(q.sort))
	}
	if q.descending {
		v.Set("dir", "desc")
	}
	if q.skip > 0 {
		v.Set("skip", strconv.Itoa(q.skip))
	}
	return q.path + "?" + v.Encode()
}

func (q keyQuery) tabs(counts map[models.KeyStatus]int) []views.Tab {
	tabs := make([]views.Tab, 0, len(keyTabs))
	for _, t := range keyTabs {
		to := q
		to.status, to.skip = t.name, 0
		tabs = append(tabs, views.Tab{Label: t.label, Href: to.href(), Count: counts[t.status], Current: t.name == q.status})
	}
	return tabs
}

func (q keyQuery) columns() []views.Column {
	columns := make([]views.Column, 0, len(keyColumns)+1)
	for _, k := range keyColumns {
		to, column := q, views.Column{Label: k.label}
		to.sort, to.skip, to.descending = k.sort, 0, k.downFirst
		if q.sort == k.sort {
			to.descending = !q.descending
			column.Sort = "ascending"
			if q.descending {
				column.Sort = "descending"
			}
		}
		column.Href = to.href()
		columns = append(columns, column)
	}
	return append(columns, views.Column{Label: "Actions", Actions: true})
}

// hidden are the values that the search form carries along.
func (q keyQuery) hidden() []views.Pair {
	pairs := []views.Pair{{Name: "status", Value: q.status}, {Name: "sort", Value: string(q.sort)}}
	if q.descending {
		pairs = append(pairs, views.Pair{Name: "dir", Value: "desc"})
	}
	return pairs
}

func (q keyQuery) pager(list models.KeyList) views.Pager {
	if list.Total <= models.PageSize && q.skip == 0 {
		return views.Pager{}
	}
	first, last := q.skip+1, q.skip+len(list.Keys)
	p := views.Pager{Text: fmt.Sprintf("%s to %s of %s", thousands(first), thousands(last), thousands(list.Total))}
	if len(list.Keys) == 0 {
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
