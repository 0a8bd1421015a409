package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
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

// revocationResource is what became of a revoked key.
type revocationResource struct {
	KeyId            string
	UserId           string
	Revoked          timestamp
	Replicas         int
	Refusing         int  // of the replicas, as they have said
	IsComplete       bool // all of them
	IsWaiting        bool // some may say so in a moment: ask again
	TookMilliseconds *int64
	Answers          []replicaAnswer
	LastAccepted     *timestamp // a call, as far as it is written down
	LastAcceptedFrom string
	Links            Links
}

type replicaAnswer struct {
	Id                string
	Host              string
	IsRefusing        bool
	AfterMilliseconds *int64
	LastHeard         timestamp
}

// Revocation tells which replicas refuse a revoked key.
func (h *APIKeys) Revocation(c echo.Context) error {
	owner, err := ownerID(c)
	if err != nil {
		return err
	}
	key, r, err := h.Store.KeyReceipt(c.Request().Context(), owner, c.Param("id"))
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().revocation(key, r))
}

func (l linker) revocation(k models.APIKey, r models.ChangeReceipt) revocationResource {
	resource := revocationResource{KeyId: k.ID, UserId: models.UserID(k.UserID), Revoked: timestamp(*k.RevokedAt), Replicas: len(r.Answers), Refusing: r.Heard(),
		IsComplete: r.Complete(), IsWaiting: r.Waiting(), Answers: []replicaAnswer{}, LastAccepted: timestampOf(r.LastUsedAt), LastAcceptedFrom: r.LastUsedIP,
		Links: Links{"Self": l.to("/api/users/" + models.UserID(k.UserID) + "/apikeys/" + k.ID + "/revocation")}}
	if took, known := r.Took(); known && r.Complete() {
		resource.TookMilliseconds = milliseconds(&took)
	}
	for _, a := range r.Answers {
		resource.Answers = append(resource.Answers, replicaAnswer{a.ID, a.Host, a.Heard, milliseconds(a.After), timestamp(a.BeatAt)})
	}
	return resource
}

func milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := d.Milliseconds()
	return &n
}
