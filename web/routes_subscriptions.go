package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// subscriptions maps who is told of events. Whoever may see them looks; what
// changes something asks the operation, and for the password again.
func (s *Server) subscriptions(person *echo.Group) {
	pages := &handlers.Subscriptions{Store: s.Store, Sessions: s.sessions, CheckWebhook: s.checkWebhook}
	group, edit := person.Group(handlers.SubscriptionsPath, requirePermission(models.SubscriptionView)), requirePermission(models.SubscriptionEdit)
	group.GET("", pages.Index)
	group.POST("", pages.Create, edit, s.freshSignIn)
	group.GET("/new", pages.New, edit)
	group.GET("/:id", pages.Show)
	group.POST("/:id", pages.Update, edit, s.freshSignIn)
	group.POST("/:id/switch", pages.Switch, edit, s.freshSignIn)
	group.POST("/:id/test", pages.Test, edit)
	group.POST("/:id/replay", pages.Replay, edit)
	group.POST("/:id/deliveries/:delivery/replay", pages.Replay, edit)
	group.POST("/:id/secret", pages.NewSecret, edit, s.freshSignIn)
	group.GET("/:id/deletion", pages.AskDelete, edit)
	group.POST("/:id/deletion", pages.Delete, edit, s.freshSignIn)
}
