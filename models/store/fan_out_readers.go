package store

import (
	"slices"

	"github.com/keyport/keyport/models"
)

// readers are what is known of who gets mail while some events are looked at, so
// that each is asked for once: many keys that end have the same owner.
type readers struct {
	teams map[int64][]models.User // members, by subscription
	care  map[int64][]models.User // caretakers, by the owner of keys
	ended map[int64][]int64       // who wants no more mail, by subscription
}

func newReaders() *readers {
	return &readers{teams: map[int64][]models.User{}, care: map[int64][]models.User{}, ended: map[int64][]int64{}}
}

// once returns what was found before for a key, or finds it.
func once[V any](found map[int64]V, key int64, find func(int64) (V, error)) (V, error) {
	if v, known := found[key]; known {
		return v, nil
	}
	v, err := find(key)
	if err == nil {
		found[key] = v
	}
	return v, err
}

// recipients finds who gets mail of an event, by their ids.
func (t *tx) recipients(s models.Subscription, e models.Event, known *readers) (ids []int64, err error) {
	members, err := once(known.teams, s.ID, func(int64) ([]models.User, error) { return t.membersOf(s.EmailTeamIDs) })
	if err != nil {
		return nil, err
	}
	chosen := models.Recipients(members, false)
	if s.BuiltIn == models.OwnKeys && e.RelatedUserID != nil && e.DocumentType == models.DocumentAPIKeys {
		owners, err := once(known.care, *e.RelatedUserID, t.caretakers)
		if err != nil {
			return nil, err
		}
		chosen = models.Recipients(append(chosen, models.Recipients(owners, true)...), true)
	}
	ended, err := once(known.ended, s.ID, t.unsubscribed)
	for _, u := range chosen {
		if !slices.Contains(ended, u.ID) {
			ids = append(ids, u.ID)
		}
	}
	return ids, err
}

// unsubscribed lists who wants no more mail of a subscription.
func (t *tx) unsubscribed(id int64) (users []int64, err error) {
	err = t.db.Model(&unsubscription{}).Where("subscription_id = ?", id).Pluck("user_id", &users).Error
	return users, err
}

// caretakers are who looks after a user's keys: a person himself; for a service
// account the members of the team that owns it, else the administrators.
func (t *tx) caretakers(userID int64) ([]models.User, error) {
	owner, err := findUser(t.db, "users.id = ?", userID)
	switch {
	case models.KindOf(err) == models.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case !owner.IsService:
		return []models.User{owner}, nil
	}
	var team int64
	row := t.db.Raw("SELECT COALESCE((SELECT owner_team_id FROM users WHERE id = ?), (SELECT id FROM teams WHERE built_in = ?))", userID, models.Administrators)
	if err := row.Row().Scan(&team); err != nil {
		return nil, err
	}
	return t.membersOf([]int64{team})
}

// membersOf returns the members of teams; of everybody's team these are all
// users.
func (t *tx) membersOf(teamIDs []int64) ([]models.User, error) {
	var users []models.User
	if len(teamIDs) == 0 {
		return nil, nil
	}
	err := t.db.Select(userColumns).Where(`users.id IN (SELECT user_id FROM team_members WHERE team_id IN ?) OR EXISTS (SELECT 1 FROM teams WHERE id IN ? AND built_in = ?)`,
		teamIDs, teamIDs, models.Everyone).Where("is_active AND NOT is_service").Order("users.id").Find(&users).Error
	return users, err
}
