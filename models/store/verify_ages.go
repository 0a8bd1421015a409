package store

import (
	"sync"
	"sync/atomic"
)

// cacheAges tell until when what was found counts. Each change has a number,
// which only grows. What was found counts as long as its look-up began after the
// last change of its user, or of a user who shares a place with this one.
type cacheAges struct {
	now     atomic.Uint64
	all     atomic.Uint64             // the last change that was about everybody
	users   [userPlaces]atomic.Uint64 // the last change of the users of a place
	writing sync.Mutex
}

// userPlaces is how many places users share; the triggers on PostgreSQL count
// the same. They are so many that a change makes few others look again, and so
// few that a change of all users can be told in one transaction.
const userPlaces = 4096

// userPlace is the place of a user.
func userPlace(userID int64) int { return int(uint64(userID) % userPlaces) }

// begin returns the age of a look-up that begins now.
func (a *cacheAges) begin() uint64 { return a.now.Load() }

// holds reports whether what was found of a user's key by a look-up of an age
// still counts.
func (a *cacheAges) holds(age uint64, userID int64) bool {
	return age >= a.all.Load() && age >= a.users[userPlace(userID)].Load()
}

// forgetAll makes old whatever was found.
func (a *cacheAges) forgetAll() { a.forget(&a.all) }

// forgetPlace makes old what was found of the users of a place.
func (a *cacheAges) forgetPlace(place int) { a.forget(&a.users[place]) }

// forget holds the lock so that of two changes of one place the later one stays.
// A look-up that begins in between has the new age, and finds what is new: the
// change is in the database before anybody tells of it.
func (a *cacheAges) forget(last *atomic.Uint64) {
	a.writing.Lock()
	defer a.writing.Unlock()
	last.Store(a.now.Add(1))
}
