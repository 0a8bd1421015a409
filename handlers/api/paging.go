package api

import (
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// collection is Octopus's envelope around a page of a list.
type collection[T any] struct {
	ItemType       string
	TotalResults   int
	ItemsPerPage   int
	NumberOfPages  int
	LastPageNumber int // counted from 0
	Items          []T
	Links          Links
}

// readPage reads skip and take. Clients ask for as much as 2147483647 rows and
// then follow Page.Next; they get what one answer may hold.
func readPage(c echo.Context) (models.Page, error) {
	skip, skipProblem := readCount(c, "skip", 0)
	take, takeProblem := readCount(c, "take", models.PageSize)
	var problems []models.Problem
	for _, p := range []models.Problem{skipProblem, takeProblem} {
		if p.Message != "" {
			problems = append(problems, p)
		}
	}
	if err := models.InvalidInput(problems); err != nil {
		return models.Page{}, err
	}
	return models.Page{Skip: skip, Take: take}.Clamp(), nil
}

func readCount(c echo.Context, name string, usual int) (int, models.Problem) {
	text := c.QueryParam(name)
	if text == "" {
		return usual, models.Problem{}
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, models.Problem{Field: name, Message: "Give " + name + " as a whole number from 0 to 2147483647."}
	}
	return int(n), models.Problem{}
}

// newCollection wraps a page. path is the list's own address; filters are the
// parameters that its pages must repeat.
func newCollection[T any](itemType string, items []T, total int, page models.Page, path string, filters url.Values) collection[T] {
	if items == nil {
		items = []T{}
	}
	pages := 1
	if page.Take > 0 {
		pages = max(1, (total+page.Take-1)/page.Take)
	}
	links := Links{
		"Self":         pageLink(path, filters, page.Skip, page.Take),
		"Template":     path + "{?skip,take}",
		"Page.All":     pageLink(path, filters, 0, 2147483647),
		"Page.Current": pageLink(path, filters, page.Skip, page.Take),
		"Page.Last":    pageLink(path, filters, (pages-1)*page.Take, page.Take),
	}
	if page.Take > 0 && page.Skip+len(items) < total {
		links["Page.Next"] = pageLink(path, filters, page.Skip+page.Take, page.Take)
	}
	if page.Take > 0 && page.Skip > 0 {
		links["Page.Previous"] = pageLink(path, filters, max(0, page.Skip-page.Take), page.Take)
	}
	return collection[T]{ItemType: itemType, TotalResults: total, ItemsPerPage: page.Take, NumberOfPages: pages, LastPageNumber: pages - 1, Items: items, Links: links}
}

// pageLink holds no braces: the Go client expands it as a URI template.
func pageLink(path string, filters url.Values, skip, take int) string {
	query := url.Values{}
	for name, values := range filters {
		query[name] = values
	}
	query.Set("skip", strconv.Itoa(skip))
	query.Set("take", strconv.Itoa(take))
	return path + "?" + query.Encode()
}
