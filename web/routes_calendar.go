package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
)

// calendars are the pages on which people make private addresses.
func (s *Server) calendars(person *echo.Group) {
	mine := &handlers.MyCalendars{Store: s.Store, ServerURL: publicRoot(s.PublicURL)}
	person.GET(handlers.CalendarPath, mine.Index)
	person.GET(handlers.CalendarPath+"/off", redirectTo(handlers.CalendarPath))
	person.POST(handlers.CalendarPath, mine.Create, s.freshSignIn)
	person.POST(handlers.CalendarPath+"/off", mine.Delete, s.freshSignIn)
}

// feeds are those addresses. They ask for nothing else, and know no cookie.
func (s *Server) feeds(open *echo.Group) {
	feed := &handlers.Feed{Store: s.Store, Public: s.PublicURL}
	open.GET(handlers.FeedPath, feed.Show)
	open.HEAD(handlers.FeedPath, feed.Show)
}
