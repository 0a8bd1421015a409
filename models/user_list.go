package models

// UserKind tells persons and service accounts apart in a filter.
type UserKind string

// The kinds.
const (
	KindPerson  UserKind = "person"
	KindService UserKind = "service"
)

// UserStatus tells whether a user may come in.
type UserStatus string

// The statuses.
const (
	UserActive   UserStatus = "active"
	UserInactive UserStatus = "inactive"
)

// UserSort is a column by which a list of users is ordered.
type UserSort string

// The columns.
const (
	SortName UserSort = "name"
	SortSeen UserSort = "seen"
)

// UserFilter chooses and orders users.
type UserFilter struct {
	Search     string     // part of the user name, the display name or the e-mail address
	Kind       UserKind   // "" for both
	Status     UserStatus // "" for both
	Sort       UserSort   // "" for SortName
	Descending bool
	Page       Page
}

// UserSummary is a user with what administrators ask of one first.
type UserSummary struct {
	User
	LiveKeys    int  // keys that neither expired nor were revoked
	HasPassword bool // whether the user can sign in with one
}

// UserList is one page of users and how many there are in all.
type UserList struct {
	Users  []UserSummary
	Total  int // users that match the filter
	Counts UserCounts
}

// UserCounts are the numbers of all users by kind and status.
type UserCounts map[UserKind]map[UserStatus]int

// Of returns the number of users of a kind and status; "" stands for any.
func (c UserCounts) Of(kind UserKind, status UserStatus) int {
	n := 0
	for k, byStatus := range c {
		for s, count := range byStatus {
			if (kind == "" || kind == k) && (status == "" || status == s) {
				n += count
			}
		}
	}
	return n
}
