package views

// Unsubscribe is the page on which somebody ends a kind of mail.
type Unsubscribe struct {
	Name  string // of the subscription
	Token string
	Done  bool
	Own   bool // it is the mail about the reader's own keys, which he can bring back himself
}
