package views

// KeyPage is everything there is to know of one key.
type KeyPage struct {
	Shell   Shell
	Crumbs  []Crumb // that lead to the list, and the list
	Key     KeyRow
	Owner   string // "" when it is the reader
	Clients []KeyClient
	Zone    string
	History string // leads to what happened to the key, and with it; "" for those who may not read the trail

	Sentence string // what the key opens and until when
	Limits   []Pair // services and networks, where the key is limited to some
	Receipt  string // leads to which replicas refuse the key, "" for one that was not revoked

	Before, After *Relative  // the key in whose place this one came, and the one that took its place
	StillUsed     *OldKeyUse // of the one of the two that is going, while it works
	Going         bool       // this key is that one
}

// KeyClient is a place and a program from which a key was used lately.
type KeyClient struct {
	Address, Program string
	Last             Moment
	LastRelative     string
}
