package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models/store"
)

// Replicas serves /api/replicas: the processes that serve the portal. Octopus
// has nothing like it.
type Replicas struct{ Store *store.Store }

// replicaResource is a process that serves the portal.
type replicaResource struct {
	Id        string
	Host      string
	Version   string
	Started   timestamp
	LastHeard timestamp // when it last said that it hears of changes
	IsSilent  bool
}

// Index lists the replicas by host.
func (h *Replicas) Index(c echo.Context) error {
	list, err := h.Store.Replicas(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]replicaResource, len(list))
	for i, r := range list {
		items[i] = replicaResource{Id: r.ID, Host: r.Host, Version: r.Version, Started: timestamp(r.StartedAt), LastHeard: timestamp(r.BeatAt), IsSilent: r.Silent()}
	}
	return write(c, http.StatusOK, items)
}
