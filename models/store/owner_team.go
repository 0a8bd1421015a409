package store

import (
	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// isCaretaker holds for an account a and a member m of the team that owns it.
const isCaretaker = "a.is_service AND m.team_id = a.owner_team_id"

// caretakes writes whether a user is a member of a team that owns any service
// account.
func caretakes(userID string) string {
	return "EXISTS (SELECT 1 FROM team_members m JOIN users a ON " + isCaretaker + " WHERE m.user_id = " + userID + ")"
}

// inOwnerTeam reports whether the actor is a member of the team that owns the
// account. The console is nobody's member.
func inOwnerTeam(db *gorm.DB, accountID int64, actor *models.Actor) (bool, error) {
	if actor == nil || actor.Via == models.ViaConsole {
		return false, nil
	}
	var n int64
	err := db.Table("users a").Joins("JOIN team_members m ON "+isCaretaker).
		Where("a.id = ? AND m.user_id = ?", accountID, actor.User.ID).Count(&n).Error
	return n > 0, err
}

// maySeeKeysOf asks the rule, and the database only about those whom nothing
// but the owner team would let in.
func maySeeKeysOf(db *gorm.DB, ownerID int64, actor *models.Actor) error {
	refusal := models.MaySeeKeysOf(ownerID, actor, false)
	if refusal == nil {
		return nil
	}
	member, err := inOwnerTeam(db, ownerID, actor)
	return orElse(err, models.MaySeeKeysOf(ownerID, actor, member))
}

// inOwnerTeam reports the same as the function, and keeps it so until the end of
// the transaction: whoever changes the members of a team has its row for
// himself.
func (t *tx) inOwnerTeam(account int64, actor *models.Actor) (bool, error) {
	if member, err := inOwnerTeam(t.db, account, actor); err != nil || !member {
		return false, err
	}
	var locked []int64
	err := t.db.Model(&models.Team{}).Clauses(forShare).
		Where("id = (SELECT owner_team_id FROM users WHERE id = ?)", account).Pluck("id", &locked).Error
	if err != nil {
		return false, err
	}
	return inOwnerTeam(t.db, account, actor)
}
