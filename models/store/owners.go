package store

import (
	"context"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// owners remembers who owns keys: a company has a hundred times as many keys as
// owners, so a key that is seen for the first time has mostly one that is not.
// What is remembered counts as long as a key does in the cache, see cacheAges.
type owners struct {
	places [ownerPlaces]atomic.Pointer[owner]
}

// ownerPlaces bounds the owners that are remembered, a few megabytes. Of two that
// share a place, the last one has it.
const ownerPlaces = 1 << 14

// owner is an active user. It is never changed.
type owner struct {
	age       uint64 // when the look-up began
	id        int64
	username  string
	isService bool
}

func (o *owners) place(userID int64) *atomic.Pointer[owner] {
	return &o.places[uint64(userID)%ownerPlaces]
}

// ownerColumns are what is read of an owner.
const ownerColumns = "u.username, u.is_service, u.is_active"

// ownerOf returns the owner of a key that a look-up has found. Whether every
// change is heard of is asked again: the database may have been slow. As the
// look-up has the age of its own beginning, a change that comes in after this
// makes old whatever is made of it.
func (s *Store) ownerOf(ctx context.Context, userID int64) (models.User, error) {
	place := s.owners.place(userID)
	if s.changes.fresh() {
		if o := place.Load(); o != nil && o.id == userID && s.verified.ages.holds(o.age, userID) {
			return models.User{ID: userID, Username: o.username, IsService: o.isService, IsActive: true}, nil
		}
	}
	age, user := s.verified.ages.begin(), models.User{ID: userID}
	if err := s.find(ctx, &s.toKnowOwner, []any{userID}, []any{&user.Username, &user.IsService, &user.IsActive}); err != nil {
		return user, err
	}
	if user.IsActive {
		place.Store(&owner{age: age, id: userID, username: user.Username, isService: user.IsService})
	}
	return user, nil
}
