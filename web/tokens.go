package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// isToken reports whether what a request presents is an access token. Tokens
// come as bearer credentials only.
func isToken(r *http.Request, presented string) bool {
	return models.LooksLikeToken(presented) && slices.Contains(bearer(r.Header), presented)
}

// loadToken recognises the service account that an access token was given to.
func (s *Server) loadToken(c echo.Context, presented string) error {
	ctx := c.Request().Context()
	actor, err := s.Store.AuthenticateToken(ctx, presented, publicRoot(s.PublicURL))
	if err != nil {
		return s.countBadToken(ctx, presented, err)
	}
	facts := models.RequestFrom(ctx)
	actor.Address, actor.UserAgent, actor.RequestID = facts.Address, facts.UserAgent, facts.ID
	setActor(c, actor)
	return nil
}

// countBadToken counts a wrong token together with wrong keys, if it might have
// been one of ours.
func (s *Server) countBadToken(ctx context.Context, presented string, refusal error) error {
	if _, possible := models.TokenKey(presented); !possible || models.KindOf(refusal) != models.Unauthenticated {
		return refusal
	}
	if slow := s.badKeys.count(models.RequestFrom(ctx).Address); slow != nil {
		return slow
	}
	return refusal
}
