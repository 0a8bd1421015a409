package web

import "github.com/labstack/echo/v4"

// freshSignIn lets pass who has signed in a moment ago, and asks everybody else
// once more. A route that hands out or takes away access names it in its line;
// the form that was sent waits on the page that asks, and goes on from there.
func (s *Server) freshSignIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.confirm.Fresh(c) && !s.confirm.Waiting(c) {
			return next(c)
		}
		proven, err := s.confirm.Prove(c)
		if err != nil || !proven {
			return err
		}
		session, err := s.sessions.Renew(c)
		if err != nil {
			return err
		}
		s.recognise(c, session)
		return next(c)
	}
}
