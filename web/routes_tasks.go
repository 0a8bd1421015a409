package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// tasks maps what Keyport does from time to time.
func (s *Server) tasks(person *echo.Group) {
	tasks := &handlers.Tasks{Store: s.Store, Sessions: s.sessions}
	config := person.Group(handlers.TasksPath, requirePermission(models.ConfigureServer))
	config.GET("", tasks.Index)
	config.POST("/expiry/run", tasks.RunExpiry)
}
