package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// health says that the process answers, nothing more.
func (s *Server) health(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready says whether requests should be sent here: the database answers, with the
// tables of this version, and the server isn't about to stop. A feed of changes
// that is down is told and no reason to send requests elsewhere: keys are then
// looked up at each call, and all replicas lose the feed together.
func (s *Server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if s.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	}
	current, err := s.Store.Current(ctx)
	switch {
	case err != nil:
		return c.String(http.StatusServiceUnavailable, "the database does not answer\n")
	case !current:
		return c.String(http.StatusServiceUnavailable, "the database has the tables of an older version; run keyport migrate\n")
	}
	if feed := s.Store.FeedStats(); feed.Started && !feed.Fresh {
		return c.String(http.StatusOK, "ready, without the feed of changes: each key is looked up in the database\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
