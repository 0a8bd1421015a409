package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const feedColumns = "id, user_id, team_id, digest, created_at"

// MyCalendars returns the calendars that the actor may have: the own one, and
// one for each team of the actor that owns service accounts, by name.
func (s *Store) MyCalendars(ctx context.Context) ([]models.MyCalendar, error) {
	actor, db := models.ActorFrom(ctx), s.read.WithContext(ctx)
	if actor == nil {
		return nil, models.Unauthorized()
	}
	list := []models.MyCalendar{{Owner: models.CalendarOwner{UserID: actor.User.ID}}}
	var teams []models.Team
	err := caringTeams(db, actor.User.ID).Select("id, name, name_fold").Order("name_fold, id").Find(&teams).Error
	if err != nil {
		return nil, s.failure("my calendars", err)
	}
	for _, t := range teams {
		list = append(list, models.MyCalendar{Owner: models.CalendarOwner{TeamID: t.ID}, Team: t.Name})
	}
	for i := range list {
		if list[i].Feed, err = feedOf(db, list[i].Owner); err != nil {
			return nil, s.failure("my calendars", err)
		}
	}
	return list, nil
}

// MayHaveCalendarOf reports whether the actor may have the calendar of a team.
func (s *Store) MayHaveCalendarOf(ctx context.Context, teamID int64) (bool, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil {
		return false, models.Unauthorized()
	}
	var n int64
	err := caringTeams(s.read.WithContext(ctx), actor.User.ID).Where("id = ?", teamID).Count(&n).Error
	return n > 0, s.failure("calendar of a team", err)
}

// caringTeams are the teams of a user that own service accounts.
func caringTeams(db *gorm.DB, userID int64) *gorm.DB {
	return db.Model(&models.Team{}).Where("EXISTS (SELECT 1 FROM team_members m JOIN users a ON "+isCaretaker+" WHERE m.team_id = teams.id AND m.user_id = ?)", userID)
}

// feedOf returns the feed of a calendar, nil when it has none.
func feedOf(db *gorm.DB, owner models.CalendarOwner) (*models.CalendarFeed, error) {
	var feeds []models.CalendarFeed
	db = db.Select(feedColumns)
	if owner.TeamID != 0 {
		db = db.Where("team_id = ?", owner.TeamID)
	} else {
		db = db.Where("user_id = ?", owner.UserID)
	}
	if err := db.Limit(1).Find(&feeds).Error; err != nil || len(feeds) == 0 {
		return nil, err
	}
	return &feeds[0], nil
}

// MakeCalendarFeed gives a calendar a new address and returns its token, which
// is known only to the caller from then on; an address that it had is over. seen
// is the feed that the actor knows of, 0 for none: when there is another one
// meanwhile, nothing changes, so that a form that is sent twice does not end the
// address it has just made.
func (s *Store) MakeCalendarFeed(ctx context.Context, owner models.CalendarOwner, seen int64) (string, error) {
	token := models.NewToken()
	err := s.changeCalendar(ctx, "make calendar feed", owner, seen, func(t *tx, _ *models.CalendarFeed) (string, error) {
		feed := models.CalendarFeed{Digest: s.keyring.FeedDigest(token), CreatedAt: t.now}
		if owner.TeamID != 0 {
			feed.TeamID = &owner.TeamID
		} else {
			feed.UserID = &owner.UserID
		}
		return " has a new calendar address", t.db.Create(&feed).Error
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// EndCalendarFeed ends the address of a calendar. One that has none stays so.
func (s *Store) EndCalendarFeed(ctx context.Context, owner models.CalendarOwner, seen int64) error {
	return s.changeCalendar(ctx, "end calendar feed", owner, seen, func(_ *tx, before *models.CalendarFeed) (string, error) {
		if before == nil {
			return "", nil
		}
		return " has no calendar address any more", nil
	})
}

// changeCalendar removes the feed that the actor knows of, lets change do the
// rest, which is told what was there, and records what it says.
func (s *Store) changeCalendar(ctx context.Context, what string, owner models.CalendarOwner, seen int64, change func(*tx, *models.CalendarFeed) (string, error)) error {
	return s.inTx(ctx, what, func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		e, words, err := t.calendarToChange(actor, owner)
		if err != nil {
			return err
		}
		feed, err := feedOf(t.db, owner)
		if err != nil {
			return err
		}
		if feed != nil && feed.ID != seen {
			return models.Conflicted("The address of this calendar was changed meanwhile. Look at the page again before you change it.")
		}
		if feed != nil {
			if err := t.db.Where("id = ?", feed.ID).Delete(&models.CalendarFeed{}).Error; err != nil {
				return err
			}
		}
		did, err := change(t, feed)
		if err != nil || did == "" {
			return err
		}
		return t.record(actor, e, words.text(did))
	})
}

// calendarToChange locks the owner of a calendar that the actor may have, and
// begins the event. A team of others is not there.
func (t *tx) calendarToChange(actor *models.Actor, owner models.CalendarOwner) (models.Event, *message, error) {
	e := models.Event{Category: models.Modified}
	if owner.TeamID == 0 {
		if !actor.Is(owner.UserID) {
			return e, nil, models.Missing("calendar")
		}
		user, err := t.lockUser(owner.UserID)
		e.DocumentType, e.DocumentID, e.RelatedUserID = models.DocumentUsers, user.PublicID(), &owner.UserID
		return e, said("").user(user), err
	}
	var teams []models.Team
	err := caringTeams(t.db, actor.User.ID).Clauses(forUpdate).Select("id, name").Where("id = ?", owner.TeamID).Find(&teams).Error
	if err == nil && len(teams) == 0 {
		err = models.Missing("calendar")
	}
	if err != nil {
		return e, nil, err
	}
	e.DocumentType, e.DocumentID = models.DocumentTeams, teams[0].PublicID()
	return e, said("Team ").document(teams[0].Name, teams[0].PublicID()), nil
}

// Calendar returns what the feed of a token shows. Whatever is wrong, such as a
// person who is deactivated, there is no such calendar.
func (s *Store) Calendar(ctx context.Context, token string) (models.Calendar, error) {
	db := s.read.WithContext(ctx)
	var feed models.CalendarFeed
	err := db.Select(feedColumns).Where("digest IN ?", s.keyring.FeedDigests(token)).Take(&feed).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Calendar{}, models.Missing("calendar")
	}
	if err != nil {
		return models.Calendar{}, s.failure("calendar", err)
	}
	c, err := s.calendar(db, feed)
	return c, s.failure("calendar", err)
}

func (s *Store) calendar(db *gorm.DB, feed models.CalendarFeed) (c models.Calendar, err error) {
	if feed.TeamID != nil {
		team, err := findTeam(db, *feed.TeamID)
		if err != nil {
			return c, err
		}
		c.Name, c.Team = team.Name, team.Name
		c.Ends, err = s.keyEnds(db, "u.is_service AND u.owner_team_id = ?", team.ID)
		return c, err
	}
	user, err := findUser(db, "users.id = ?", *feed.UserID)
	if err == nil && !user.IsActive {
		err = models.Missing("calendar")
	}
	if err != nil {
		return c, err
	}
	c.Name = user.Name()
	c.Ends, err = s.keyEnds(db, "u.id = ?", user.ID)
	return c, err
}

// keyEnds returns the next ends of keys that work.
func (s *Store) keyEnds(db *gorm.DB, whose string, id int64) ([]models.KeyEnd, error) {
	var rows []struct {
		models.APIKey
		Username, DisplayName string
	}
	err := db.Table("api_keys k").Joins("JOIN users u ON u.id = k.user_id").
		Select("k.id, k.user_id, k.purpose, k.prefix, k.created_at, k.expires_at, u.username, u.display_name").
		Where(whose, id).Where("u.is_active AND k.revoked_at IS NULL AND k.expires_at > ?", s.Now()).
		Order("k.expires_at, k.id").Limit(models.MaxCalendarEnds).Scan(&rows).Error
	ends := make([]models.KeyEnd, len(rows))
	for i, r := range rows {
		ends[i] = models.KeyEnd{Key: r.APIKey, Owner: models.User{ID: r.UserID, Username: r.Username, DisplayName: r.DisplayName}}
	}
	if err != nil {
		return nil, err
	}
	return ends, countReplaced(db, ends)
}

// countReplaced fills in which keys have taken the place of those that end: from
// the keys themselves, which stay when they are revoked. So programs that read a
// calendar again never see less than before.
func countReplaced(db *gorm.DB, ends []models.KeyEnd) error {
	byID := make(map[string]*models.KeyEnd, len(ends))
	ids := make([]string, len(ends))
	for i := range ends {
		ids[i], byID[ends[i].Key.ID] = ends[i].Key.ID, &ends[i]
	}
	var next []models.APIKey
	err := db.Select("predecessor_id, created_at").Where("predecessor_id <> '' AND predecessor_id IN ?", ids).Find(&next).Error
	for _, key := range next {
		end := byID[key.PredecessorID]
		end.Replaced++
		if key.CreatedAt.After(end.ReplacedAt) {
			end.ReplacedAt = key.CreatedAt
		}
	}
	return err
}
