package models

import (
	"database/sql/driver"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// AccessLevel says whether a key may change anything.
type AccessLevel string

// The levels, by Octopus's names. Whatever is not FullAccess only reads.
const (
	FullAccess AccessLevel = "FullAccess"
	ReadOnly   AccessLevel = "ReadOnly"
)

// OwnService is the service name that stands for Keyport's own REST API.
const OwnService = "keyport"

// Limits on what a key's access may list.
const (
	MaxKeyServices = 50
	MaxKeyNetworks = 50 // allowed and denied ones together
	MaxServiceName = 63
)

// Access is what a key may be used for, besides what its owner may do. The zero
// value opens as little as there is: it only reads.
type Access struct {
	Level    AccessLevel `gorm:"column:access_level"`
	Services Names       `gorm:"column:services"`         // sorted; none for every service and Keyport itself
	Allowed  Networks    `gorm:"column:allowed_networks"` // none for every network
	Denied   Networks    `gorm:"column:denied_networks"`  // these outweigh the allowed ones
}

// Names is a list of service names. In the database it is one text.
type Names []string

// Value writes the list for the database.
func (n Names) Value() (driver.Value, error) { return strings.Join(n, " "), nil }

// Scan reads the list from the database.
func (n *Names) Scan(from any) error {
	text, err := stored(from)
	*n = nil
	if text != "" {
		*n = strings.Fields(text)
	}
	return err
}

// stored is a column's text, as one driver or another hands it over.
func stored(from any) (string, error) {
	switch text := from.(type) {
	case string:
		return text, nil
	case []byte:
		return string(text), nil
	}
	return "", fmt.Errorf("read access of a key: a text was expected, not a %T", from)
}

// WholeAccess is the access of whoever is limited by nothing but rights.
func WholeAccess() Access { return Access{Level: FullAccess} }

// Whole reports that the access limits nothing.
func (a Access) Whole() bool {
	return a.Level == FullAccess && len(a.Services) == 0 && len(a.Allowed) == 0 && len(a.Denied) == 0
}

// Reads reports that the access is for reading only.
func (a Access) Reads() bool { return a.Level != FullAccess }

// AllowsService reports whether the key may be used on a service.
func (a Access) AllowsService(name string) bool {
	return len(a.Services) == 0 || slices.Contains(a.Services, name)
}

// AllowsAddress reports whether the key may be used from an address. Where the
// address is not known, a key that is limited to networks opens nothing.
func (a Access) AllowsAddress(from netip.Addr) bool {
	if len(a.Allowed) == 0 && len(a.Denied) == 0 {
		return true
	}
	from = from.Unmap().WithZone("")
	return from.IsValid() && (len(a.Allowed) == 0 || a.Allowed.contains(from)) && !a.Denied.contains(from)
}

// Within reports that the access opens nothing that b does not open.
func (a Access) Within(b Access) bool {
	return (a.Reads() || !b.Reads()) && a.servicesWithin(b) && a.networksWithin(b)
}

func (a Access) servicesWithin(b Access) bool {
	if len(a.Services) == 0 {
		return len(b.Services) == 0
	}
	return !slices.ContainsFunc(a.Services, func(name string) bool { return !b.AllowsService(name) })
}

// AccessWish is what somebody asks for. What is left out, a "" or nil, is what
// the maker has.
type AccessWish struct {
	Level           string
	Services        []string
	Allowed, Denied []string
}

// WishFor asks for exactly this access.
func WishFor(a Access) AccessWish {
	return AccessWish{Level: string(a.Level), Services: append([]string{}, a.Services...), Allowed: a.Allowed.Texts(), Denied: a.Denied.Texts()}
}

// Resolve decides what access a key gets from whoever has that of maker: never
// more, in any dimension.
func (w AccessWish) Resolve(maker Access) (Access, []Problem) {
	a, problems := w.read(maker)
	if len(problems) > 0 {
		return a, problems
	}
	if !a.Reads() && maker.Reads() {
		problems = append(problems, Problem{"AccessLevel", "The key that you are using only reads, so a key made with it can't change anything. Choose read-only."})
	}
	if !a.servicesWithin(maker) {
		problems = append(problems, Problem{"Services", "The key that you are using is limited to " + strings.Join(maker.Services, ", ") + ", and so is every key made with it. Choose among these services."})
	}
	if !a.networksWithin(maker) {
		field := "AllowedNetworks"
		if w.Allowed == nil && w.Denied != nil {
			field = "DeniedNetworks"
		}
		problems = append(problems, Problem{field, "The key that you are using does not work from all of these networks, so a key made with it can't either. Choose networks inside of its own."})
	}
	return a, problems
}

// read puts what was asked for into its one form.
func (w AccessWish) read(maker Access) (a Access, problems []Problem) {
	a = maker
	note := func(field, problem string) {
		if problem != "" {
			problems = append(problems, Problem{field, problem})
		}
	}
	if w.Level != "" {
		a.Level = AccessLevel(w.Level)
	}
	if a.Level != FullAccess && a.Level != ReadOnly {
		note("AccessLevel", "The access level is FullAccess or ReadOnly. Choose one of the two.")
	}
	var problem string
	if w.Services != nil {
		a.Services, problem = readServices(w.Services)
		note("Services", problem)
	}
	if w.Allowed != nil {
		a.Allowed, problem = ReadNetworks(w.Allowed)
		note("AllowedNetworks", problem)
	}
	if w.Denied != nil {
		a.Denied, problem = ReadNetworks(w.Denied)
		note("DeniedNetworks", problem)
	}
	if len(problems) == 0 && len(a.Allowed)+len(a.Denied) > MaxKeyNetworks {
		note("AllowedNetworks", fmt.Sprintf("A key may list up to %d networks, allowed and denied together. Give fewer, or larger ones.", MaxKeyNetworks))
	}
	return a, problems
}

func readServices(given []string) (names Names, problem string) {
	for _, name := range given {
		if !ValidServiceName(name) {
			return nil, "Services are named by small letters, digits and single hyphens, like billing or stock-eu. Choose services by their names."
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > MaxKeyServices {
		return nil, fmt.Sprintf("A key may list up to %d services. Choose fewer, or none for all of them.", MaxKeyServices)
	}
	return names, ""
}

// ValidServiceName reports whether a text can be the name of a service: it is
// part of addresses, headers and the configuration of proxies.
func ValidServiceName(name string) bool {
	strange := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	return name != "" && len(name) <= MaxServiceName && !strings.ContainsFunc(name, strange) &&
		name[0] != '-' && name[len(name)-1] != '-' && !strings.Contains(name, "--")
}
