package store

import (
	"encoding/binary"
	"encoding/hex"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// rights are what users and keys may do at a moment, by ids and fingerprints:
// whatever a backup gives beyond them was taken away since.
type rights struct {
	teams    map[int64]models.PermissionSet
	members  map[teamMember]bool
	accounts map[int64]account
	services map[int64]serviceRule
	channels map[int64]string // of subscriptions: where events go, by a fingerprint

	userKeys    bool // people may make keys
	maximumDays int64
	mailVersion int64
}

// account is what comes with a user: the team that looks after a service account,
// 0 for none, and the mailbox by which a person can get a link to sign in.
type account struct {
	ownerTeam int64
	mailbox   string // a fingerprint
}

// serviceRule is what a service lets keys do: how often, and what counts as
// reading.
type serviceRule struct {
	perMinute int64
	readOnly  string
}

func noRights() *rights {
	return &rights{teams: map[int64]models.PermissionSet{}, members: map[teamMember]bool{}, accounts: map[int64]account{},
		services: map[int64]serviceRule{}, channels: map[int64]string{}}
}

// rights reads what everybody may do now. Fingerprints are made by a generation
// of the master key.
func (s *Store) rights(db *gorm.DB, keyID int64) (*rights, error) {
	r := noRights()
	for _, read := range []func(db *gorm.DB, s *Store, keyID int64) error{r.readTeams, r.readAccounts, r.readServices, r.readChannels, r.readSettings} {
		if err := read(db, s, keyID); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *rights) readTeams(db *gorm.DB, _ *Store, _ int64) error {
	var teams []models.Team
	if err := db.Select("id, permissions").Find(&teams).Error; err != nil {
		return err
	}
	for _, t := range teams {
		r.teams[t.ID] = t.Permissions
	}
	var members []teamMember
	err := db.Find(&members).Error
	for _, m := range members {
		r.members[m] = true
	}
	return err
}

func (r *rights) readAccounts(db *gorm.DB, s *Store, keyID int64) error {
	var users []models.User
	err := db.Model(&models.User{}).Select("id, email, owner_team_id").Find(&users).Error
	for _, u := range users {
		a := account{mailbox: s.mailboxPrint(keyID, u.ID, u.Email)}
		if u.OwnerTeamID != nil {
			a.ownerTeam = *u.OwnerTeamID
		}
		r.accounts[u.ID] = a
	}
	return err
}

func (r *rights) readServices(db *gorm.DB, _ *Store, _ int64) error {
	rows, err := db.Raw("SELECT id, rate_per_minute, read_only FROM services").Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var rule serviceRule
		if err := rows.Scan(&id, &rule.perMinute, &rule.readOnly); err != nil {
			return err
		}
		r.services[id] = rule
	}
	return rows.Err()
}

// readChannels reads the subscriptions that send anything.
func (r *rights) readChannels(db *gorm.DB, s *Store, keyID int64) error {
	var list []models.Subscription
	err := db.Select("id, version, secret_box").Where("NOT is_disabled").Find(&list).Error
	for _, one := range list {
		r.channels[one.ID] = s.channelPrint(keyID, one.ID, one.Version, one.SecretBox)
	}
	return err
}

func (r *rights) readSettings(db *gorm.DB, _ *Store, _ int64) error {
	if err := db.Raw("SELECT user_api_keys, api_key_maximum_days FROM auth_settings").Row().Scan(&r.userKeys, &r.maximumDays); err != nil {
		return err
	}
	return db.Raw("SELECT version FROM mail_settings").Row().Scan(&r.mailVersion)
}

// mailboxPrint changes when a user gets another e-mail address.
func (s *Store) mailboxPrint(keyID, user int64, email string) string {
	return s.print(keyID, "mailbox", user, []byte(email))
}

// channelPrint changes when a subscription does, or the secret that it signs
// with: that one may have come to be known. The box alone is another one after
// each change of the master key.
func (s *Store) channelPrint(keyID, id, version int64, box []byte) string {
	if secret, err := s.keyring.Open(box, models.RowPlace("subscriptions", "secret_box", id)); err == nil {
		box = secret
	}
	return s.print(keyID, "channel", id, append(binary.BigEndian.AppendUint64(nil, uint64(version)), box...))
}

// print tells nothing without the master key, and of two rows nothing in common.
func (s *Store) print(keyID int64, use string, row int64, text []byte) string {
	h := s.keyring.BackupMAC(keyID, "fingerprint "+use)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(row)))
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil))
}

// narrow leaves what holds by both. Where they differ in what can't be cut, there
// is none of it. Fingerprints can be compared when one key has made both.
func (r *rights) narrow(by *rights, comparable bool) {
	for id, p := range r.teams {
		r.teams[id] = p & by.teams[id]
	}
	for m := range r.members {
		if !by.members[m] {
			delete(r.members, m)
		}
	}
	for id, a := range r.accounts {
		other, there := by.accounts[id]
		if there && other.ownerTeam != a.ownerTeam {
			a.ownerTeam = 0
		}
		if there && comparable && other.mailbox != a.mailbox {
			a.mailbox = ""
		}
		r.accounts[id] = a
	}
	for id, rule := range r.services {
		if by.services[id] != rule {
			delete(r.services, id)
		}
	}
	for id, print := range r.channels {
		if other, there := by.channels[id]; !there || comparable && other != print {
			delete(r.channels, id)
		}
	}
	r.userKeys, r.maximumDays = r.userKeys && by.userKeys, min(r.maximumDays, by.maximumDays)
	if by.mailVersion != r.mailVersion {
		r.mailVersion = 0
	}
}
