package api

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// sentUser is what clients send of a user. Everything else that they send along
// (Id, Links, Created, …) is ignored.
type sentUser struct {
	Username           *string
	DisplayName        *string
	EmailAddress       *string
	Password           *string
	IsActive           *bool
	IsService          *bool
	ServiceAccountType *string
	Identities         *[]identityResource
}

// The kind of service accounts that there is, by Octopus's name, and the kind
// that there is not.
const (
	standardAccount = "Standard"
	agentAccount    = "Agent"
)

// text returns what was sent, "" for nothing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// newUser reads the user to make.
func (s sentUser) newUser() (models.NewUserRecord, error) {
	wish := models.NewUserRecord{
		NewUser: models.NewUser{Username: text(s.Username), DisplayName: text(s.DisplayName), Email: text(s.EmailAddress),
			Password: text(s.Password), IsService: s.IsService != nil && *s.IsService},
		Inactive: s.IsActive != nil && !*s.IsActive,
	}
	if s.Identities != nil {
		wish.Identities = recorded(*s.Identities)
	}
	if kind := text(s.ServiceAccountType); wish.IsService && kind != "" && !strings.EqualFold(kind, standardAccount) {
		return wish, models.InvalidField("ServiceAccountType", "Keyport has one type of service account. Leave ServiceAccountType out, or send "+standardAccount+".")
	}
	return wish, nil
}

// put reads the change of a user. Octopus's clients send whole users and leave
// out members that are empty, so what a whole user lacks becomes empty. Scripts
// send the one member that they change; they name no Username, and then
// everything else stays as it is.
func (s sentUser) put() models.UserPut {
	put := models.UserPut{Username: s.Username, DisplayName: s.DisplayName, Email: s.EmailAddress, IsActive: s.IsActive, Password: text(s.Password)}
	if s.Identities != nil {
		list := recorded(*s.Identities)
		put.Identities = &list
	}
	if s.Username == nil {
		return put
	}
	if put.Email == nil {
		put.Email = new(string)
	}
	if put.Identities == nil {
		put.Identities = new([]models.RecordedIdentity)
	}
	return put
}

// readUserFilter reads which users to list, and the parameters that the pages
// of the list repeat.
func readUserFilter(c echo.Context) (models.DirectoryFilter, url.Values, error) {
	var f models.DirectoryFilter
	query, repeated := parameters(c), url.Values{}
	for _, name := range []string{"filter", "ids", "isActive", "isServiceAccount", "serviceAccountType"} {
		value := query.Get(strings.ToLower(name))
		if value == "" {
			continue
		}
		repeated.Set(name, value)
		if err := chooseUsers(&f, name, value); err != nil {
			return f, nil, err
		}
	}
	return f, repeated, nil
}

func chooseUsers(f *models.DirectoryFilter, name, value string) error {
	switch name {
	case "filter":
		clean, problem := models.CleanText(value, name, models.MaxEmail)
		if problem != "" {
			return models.InvalidField(name, problem)
		}
		f.Search = clean
	case "ids":
		f.ByID, f.IDs = true, idList(value, models.ParseUserID)
	case "serviceAccountType":
		if f.Kind = models.KindService; strings.EqualFold(value, agentAccount) {
			f.ByID, f.IDs = true, nil // nobody is one
		} else if !strings.EqualFold(value, standardAccount) {
			return models.InvalidField(name, "Give "+name+" as "+standardAccount+" or "+agentAccount+".")
		}
	default:
		return chooseByFlag(f, name, value)
	}
	return nil
}

func chooseByFlag(f *models.DirectoryFilter, name, value string) error {
	yes := strings.EqualFold(value, "true")
	switch {
	case !yes && !strings.EqualFold(value, "false"):
		return models.InvalidField(name, "Give "+name+" as true or false.")
	case name == "isActive" && yes:
		f.Status = models.UserActive
	case name == "isActive":
		f.Status = models.UserInactive
	case yes:
		f.Kind = models.KindService
	default:
		f.Kind = models.KindPerson
	}
	return nil
}

// idList reads ids with commas between them. What is no id is nobody's.
func idList(value string, parse func(string) (int64, bool)) []int64 {
	var ids []int64
	for one := range strings.SplitSeq(value, ",") {
		if id, ok := parse(strings.TrimSpace(one)); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
