package models

// Permission is one right, by Octopus's name (octopus.com/docs/security/users-and-teams).
type Permission string

// The rights that mean something in Keyport.
const (
	UserView         Permission = "UserView"         // see other users and their keys
	UserEdit         Permission = "UserEdit"         // make and change users, revoke their keys
	TeamView         Permission = "TeamView"         // see teams
	TeamEdit         Permission = "TeamEdit"         // make and change teams
	EventView        Permission = "EventView"        // read the audit trail
	SubscriptionView Permission = "SubscriptionView" // see subscriptions
	SubscriptionEdit Permission = "SubscriptionEdit" // make and change subscriptions
	ConfigureServer  Permission = "ConfigureServer"  // change settings
	AdministerSystem Permission = "AdministerSystem" // everything, including who else may
)

// Permissions lists every right, in the order pages show them.
var Permissions = []Permission{
	UserView, UserEdit, TeamView, TeamEdit, EventView,
	SubscriptionView, SubscriptionEdit, ConfigureServer, AdministerSystem,
}

// PermissionSet is a set of rights, one bit for each place in [Permissions], so
// that "not more than the maker has" is one comparison. It is stored as the
// number; new rights are only ever added at the end.
type PermissionSet uint32

// AllPermissions holds every right.
const AllPermissions PermissionSet = 1<<9 - 1

// PermissionsOf builds a set; names it does not know are left out.
func PermissionsOf(names ...Permission) PermissionSet {
	var s PermissionSet
	for _, name := range names {
		s |= name.bit()
	}
	return s
}

func (p Permission) bit() PermissionSet {
	for i, known := range Permissions {
		if known == p {
			return 1 << i
		}
	}
	return 0
}

// Has reports whether p is in the set. AdministerSystem stands for all.
func (s PermissionSet) Has(p Permission) bool {
	return s&(p.bit()|AdministerSystem.bit()) != 0 && p.bit() != 0
}

// Covers reports whether a holder of s may do all that a holder of t may.
func (s PermissionSet) Covers(t PermissionSet) bool {
	return t&^s == 0 || s.Has(AdministerSystem)
}

// Views holds the rights to look and none to change: an auditor's.
const Views PermissionSet = 1<<0 | 1<<2 | 1<<4 | 1<<5

// withViews adds the right to see what the set may change: who can't open a page
// can't use the buttons on it.
func (s PermissionSet) withViews() PermissionSet {
	for edit, view := range map[Permission]Permission{UserEdit: UserView, TeamEdit: TeamView, SubscriptionEdit: SubscriptionView} {
		if s&edit.bit() != 0 {
			s |= view.bit()
		}
	}
	return s
}

// Names lists the set in the order of [Permissions].
func (s PermissionSet) Names() []Permission {
	var names []Permission
	for i, p := range Permissions {
		if s&(1<<i) != 0 {
			names = append(names, p)
		}
	}
	return names
}
