package api

import (
	"encoding/csv"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// csvChunk is how many events a table reads at once, csvMost how many it holds.
const (
	csvChunk = 1000
	csvMost  = 1_000_000
)

// csv writes the events as a table, while it reads them. The page is that of the
// whole query: a table that ends after 30 rows helps nobody.
func (h *Events) csv(c echo.Context, q models.EventQuery) error {
	ctx := c.Request().Context()
	list, err := h.Store.WalkEvents(ctx, q, csvChunk)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="events.csv"`)
	c.Response().WriteHeader(http.StatusOK)
	w, control := csv.NewWriter(c.Response()), http.NewResponseController(c.Response())
	_ = w.Write(models.EventCSVHead)
	for written := 0; err == nil; {
		for _, e := range list.Events {
			_ = w.Write(e.CSVRecord())
		}
		w.Flush()
		control.SetWriteDeadline(time.Now().Add(30 * time.Second)) // not every connection has one
		if written += len(list.Events); !list.More || written >= csvMost || w.Error() != nil {
			return w.Error()
		}
		q.Before = list.Events[len(list.Events)-1].ID
		list, err = h.Store.WalkEvents(ctx, q, csvChunk)
	}
	return err
}
