package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// receiptResource is what the replicas have said about a change. All receipts
// have these members.
type receiptResource struct {
	Replicas         int
	Refusing         int  // of the replicas, as they have said
	IsComplete       bool // all of them
	IsWaiting        bool // some may say so in a moment: ask again
	TookMilliseconds *int64
	Answers          []replicaAnswer
}

type replicaAnswer struct {
	Id                string
	Host              string
	IsRefusing        bool
	AfterMilliseconds *int64
	LastHeard         timestamp
}

// revocationResource is what became of a revoked key.
type revocationResource struct {
	KeyId   string
	UserId  string
	Revoked timestamp
	receiptResource
	LastAccepted     *timestamp // a call, as far as it is written down
	LastAcceptedFrom string
	Links            Links
}

// revocationOfManyResource is what became of keys that were revoked at once.
type revocationOfManyResource struct {
	RevocationId string
	Reason       string
	KeysChosen   int
	KeysRevoked  int
	KeysSkipped  int // had ended, or were no longer what was chosen
	Revoked      timestamp
	receiptResource
	Links Links
}

// deactivationResource is what became of a deactivated user.
type deactivationResource struct {
	UserId      string
	Deactivated *timestamp // when the user was changed last, null when that is not known
	receiptResource
	Links Links
}

// policyReceiptResource tells where the newest limits of API keys are in force.
type policyReceiptResource struct {
	Id      string
	Changed timestamp
	receiptResource
	Links Links
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
	user := models.UserID(key.UserID)
	return write(c, http.StatusOK, revocationResource{KeyId: key.ID, UserId: user, Revoked: timestamp(*key.RevokedAt), receiptResource: receiptOf(r),
		LastAccepted: timestampOf(r.LastUsedAt), LastAcceptedFrom: r.LastUsedIP, Links: h.links().self("/api/users/" + user + "/apikeys/" + key.ID + "/revocation")})
}

// Receipt tells which replicas refuse all keys of a revocation that is over.
func (h *AllKeys) Receipt(c echo.Context) error {
	id, ok := models.ParseRevocationID(c.Param("id"))
	if !ok {
		return models.Missing("revocation")
	}
	done, r, err := h.Store.RevocationReceipt(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, revocationOfManyResource{RevocationId: done.PublicID(), Reason: done.Reason, KeysChosen: done.Total, KeysRevoked: done.Revoked, KeysSkipped: done.Skipped,
		Revoked: timestamp(*done.FinishedAt), receiptResource: receiptOf(r), Links: h.links().self("/api/apikeys/revocations/" + done.PublicID() + "/receipt")})
}

// Deactivation tells which replicas refuse a deactivated user.
func (h *Users) Deactivation(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	_, r, err := h.Store.UserReceipt(c.Request().Context(), id)
	if err != nil {
		return err
	}
	resource := deactivationResource{UserId: models.UserID(id), receiptResource: receiptOf(r), Links: h.links().self("/api/users/" + models.UserID(id) + "/deactivation")}
	if !r.At.IsZero() {
		resource.Deactivated = timestampOf(&r.At)
	}
	return write(c, http.StatusOK, resource)
}

// Receipt tells at which replicas the limits that were saved last are in force.
func (h *Configuration) Receipt(c echo.Context) error {
	r, err := h.Store.PolicyReceipt(c.Request().Context())
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, policyReceiptResource{Id: models.AuthenticationSettingsID, Changed: timestamp(r.At), receiptResource: receiptOf(r),
		Links: h.links().self("/api/configuration/authentication/receipt")})
}

// self is the link of a resource to itself alone.
func (l linker) self(path string) Links { return Links{"Self": l.to(path)} }

func receiptOf(r models.ChangeReceipt) receiptResource {
	resource := receiptResource{Replicas: len(r.Answers), Refusing: r.Heard(), IsComplete: r.Complete(), IsWaiting: r.Waiting(), Answers: []replicaAnswer{}}
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
