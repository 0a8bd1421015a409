package models

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// DocumentServices is the document type of services in events.
const DocumentServices = "Services"

// Limits of a service.
const (
	MaxServices           = 500
	MaxServiceDescription = 200
	MaxRatePerMinute      = 1_000_000
	MaxReadRules          = 50
)

// Service is an API that accepts Keyport's keys. Its name never changes: keys
// and the configurations of proxies name it.
type Service struct {
	ID            int64 `gorm:"primaryKey"`
	Name          string
	Description   string
	RatePerMinute int64      // calls with one key, 0 for no limit
	ReadOnly      []ReadRule `gorm:"serializer:json"` // which calls only read, see Reads
	CreatedAt     time.Time
	Version       int64 // grows with each change
}

// NewService is the wish for a service.
type NewService struct {
	Name, Description string
	RatePerMinute     int64
	ReadOnly          []ReadRule
}

// ServiceChange is the wish to change a service, whose name stays. Version is
// the one that the actor has seen, 0 for whichever there is.
type ServiceChange struct {
	NewService
	Version int64
}

const serviceIDPrefix = DocumentServices + "-"

// PublicID returns the id as the REST API writes it: "Services-3".
func (s Service) PublicID() string { return serviceIDPrefix + strconv.FormatInt(s.ID, 10) }

// ParseServiceID reads "Services-3" without regard to case. Each service has
// one id.
func ParseServiceID(s string) (id int64, ok bool) {
	if len(s) <= len(serviceIDPrefix) || !strings.EqualFold(s[:len(serviceIDPrefix)], serviceIDPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(serviceIDPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(Service{ID: id}.PublicID()) == len(s)
}

// Check cleans the wish and returns all that is wrong with it.
func (n NewService) Check() (NewService, []Problem) {
	var problems []Problem
	add := func(field, message string) {
		if message != "" {
			problems = append(problems, Problem{field, message})
		}
	}
	n.Name = strings.TrimSpace(n.Name)
	add("Name", serviceNameProblem(n.Name))
	var message string
	n.Description, message = CleanText(n.Description, "The description", MaxServiceDescription)
	add("Description", message)
	if n.RatePerMinute < 0 || n.RatePerMinute > MaxRatePerMinute {
		add("RatePerMinute", "Enter how many calls one key may make in a minute, up to 1,000,000, or 0 for no limit.")
	}
	n.ReadOnly, message = checkReadRules(n.ReadOnly)
	add("ReadOnly", message)
	return n, problems
}

func serviceNameProblem(name string) string {
	switch {
	case name == "":
		return "Enter a name for the service, such as billing."
	case !ValidServiceName(name):
		return "The name has up to 63 small letters and digits, with single hyphens between them, such as billing-eu."
	case name == OwnService:
		return "The name keyport stands for Keyport's own REST API. Choose a different one."
	}
	return ""
}

// MakeService is the rule by which services are made.
func MakeService(wish NewService, actor *Actor) (Service, error) {
	if err := MayConfigureServices(actor); err != nil {
		return Service{}, err
	}
	wish, problems := wish.Check()
	if err := InvalidInput(problems); err != nil {
		return Service{}, err
	}
	return Service{Name: wish.Name, Description: wish.Description, RatePerMinute: wish.RatePerMinute, ReadOnly: wish.ReadOnly, Version: 1}, nil
}

// ChangeService is the rule by which a service becomes what is wished.
func ChangeService(s Service, wish ServiceChange, actor *Actor) (Service, error) {
	if err := MayConfigureServices(actor); err != nil {
		return s, err
	}
	if wish.Version != 0 && wish.Version != s.Version {
		return s, Conflicted("Somebody else saved this service after you opened it. Nothing was changed. Look at the current values and save again.")
	}
	if wish.Name != "" && wish.Name != s.Name {
		return s, InvalidField("Name", "A service keeps its name, because keys and configurations name it. Register another service instead.")
	}
	wish.Name = s.Name
	clean, problems := wish.Check()
	if err := InvalidInput(problems); err != nil {
		return s, err
	}
	s.Description, s.RatePerMinute, s.ReadOnly = clean.Description, clean.RatePerMinute, clean.ReadOnly
	s.Version++
	return s, nil
}

// MayConfigureServices decides who may see the settings of services and change
// them. Their names alone are no secret from those who sign in.
func MayConfigureServices(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(ConfigureServer):
		return Denied("You can't see or change services. Ask an administrator for the right to configure the server.")
	}
	return nil
}

// Differences lists what changed between two states of a service.
func (s Service) Differences(after Service) []Difference {
	var changes []Difference
	if s.Description != after.Description {
		changes = append(changes, Difference{Path: "Description", Before: s.Description, After: after.Description})
	}
	if s.RatePerMinute != after.RatePerMinute {
		changes = append(changes, Difference{Path: "RatePerMinute", Before: s.RatePerMinute, After: after.RatePerMinute})
	}
	if before, now := ReadRuleLines(s.ReadOnly), ReadRuleLines(after.ReadOnly); !slices.Equal(before, now) {
		changes = append(changes, Difference{Path: "ReadOnly", Before: before, After: now})
	}
	return changes
}
