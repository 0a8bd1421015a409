package models

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"
	"unicode/utf8"
)

// SortOwner orders keys of all users by the user name of the owner.
const SortOwner KeySort = "owner"

// KeyOrder is how a list of all keys is ordered. The id comes last in each
// order, so that no two keys share a place.
type KeyOrder struct {
	By         KeySort
	Descending bool
}

// usualOrder shows what ends soonest first.
var usualOrder = KeyOrder{By: SortExpires}

// ParseKeyOrder reads the order from an address; what it does not know is the
// usual order.
func ParseKeyOrder(by, direction string) KeyOrder {
	o := KeyOrder{KeySort(by), direction == descending}
	switch o.By {
	case SortExpires, SortCreated, SortPurpose, SortLastUsed, SortOwner:
		return o
	}
	return KeyOrder{usualOrder.By, o.Descending}
}

// write puts what is not usual into an address.
func (o KeyOrder) write(v url.Values) {
	if o.By != usualOrder.By && o.By != "" {
		v.Set(ParamSort, string(o.By))
	}
	if o.Descending {
		v.Set(ParamDirection, descending)
	}
}

// ByText reports whether the order compares texts; the others compare times.
func (o KeyOrder) ByText() bool { return o.By == SortPurpose || o.By == SortOwner }

// KeyPlace is where a key stands in an order: in front of all keys with a
// greater place. Only one of Text and Micros means something.
type KeyPlace struct {
	Text   string
	Micros int64 // since 1970; 0 for a key that was never used
	ID     string
}

// Place returns where a key stands.
func (o KeyOrder) Place(k OwnedKey) KeyPlace {
	p := KeyPlace{ID: k.ID}
	switch o.By {
	case SortPurpose:
		p.Text = k.PurposeFold
	case SortOwner:
		p.Text = k.Owner.UsernameFold
	case SortCreated:
		p.Micros = k.CreatedAt.UnixMicro()
	case SortLastUsed:
		if k.LastUsedAt != nil {
			p.Micros = k.LastUsedAt.UnixMicro()
		}
	default:
		p.Micros = k.ExpiresAt.UnixMicro()
	}
	return p
}

// Compare tells which of two keys comes first in the list.
func (o KeyOrder) Compare(a, b OwnedKey) int {
	p, q := o.Place(a), o.Place(b)
	c := cmp.Or(cmp.Compare(p.Text, q.Text), cmp.Compare(p.Micros, q.Micros), cmp.Compare(p.ID, q.ID))
	if o.Descending {
		return -c
	}
	return c
}

// Time is the instant of a place in an order by time.
func (p KeyPlace) Time() time.Time { return time.UnixMicro(p.Micros).UTC() }

// KeyCursor is where a page of a list begins or ends: behind a key, and not
// behind so many keys, so that the last page costs as little as the first one.
type KeyCursor struct {
	Order  KeyOrder
	Place  KeyPlace
	Before bool // the page ends in front of the place, instead of beginning behind it
	Rows   int  // how many keys are in front of the page, or with Before in front of the place
}

// cursorForm is a cursor as an address holds it.
type cursorForm struct {
	By     KeySort `json:"o"`
	Down   bool    `json:"d,omitempty"`
	Text   string  `json:"t,omitempty"`
	Micros int64   `json:"m,omitempty"`
	ID     string  `json:"i"`
	Before bool    `json:"b,omitempty"`
	Rows   int     `json:"r,omitempty"`
}

// Limits of a cursor. A longer one is not ours.
const (
	maxCursor   = 4 * 1024
	maxCursorID = 64
)

// String writes the cursor for an address.
func (c KeyCursor) String() string {
	text, err := json.Marshal(cursorForm{c.Order.By, c.Order.Descending, c.Place.Text, c.Place.Micros, c.Place.ID, c.Before, c.Rows})
	if err != nil {
		return "" // a struct of texts and numbers always has a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseKeyCursor reads a cursor of an order. It says no to whatever String does
// not write, and to a cursor of another order. It needs no signature: a cursor
// says where to begin in a list that its bearer may read from the beginning.
func ParseKeyCursor(s string, order KeyOrder) (KeyCursor, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(s) > maxCursor {
		return KeyCursor{}, false
	}
	var f cursorForm
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&f) != nil {
		return KeyCursor{}, false
	}
	c := KeyCursor{KeyOrder{f.By, f.Down}, KeyPlace{f.Text, f.Micros, f.ID}, f.Before, f.Rows}
	return c, c.Order == order && c.plausible() && c.String() == s
}

// plausible refuses what no key's place can be, which a database might refuse
// less politely.
func (c KeyCursor) plausible() bool {
	p := c.Place
	const year = 366 * 24 * time.Hour / time.Microsecond
	switch {
	case p.ID == "" || len(p.ID) > maxCursorID || !plainText(p.ID) || !plainText(p.Text),
		c.Rows < 0 || c.Rows > 1<<40,
		c.Order.ByText() && p.Micros != 0, !c.Order.ByText() && p.Text != "",
		p.Micros < 0 || p.Micros > int64(9000*year):
		return false
	}
	return true
}

// plainText reports whether both databases can compare with a text.
func plainText(s string) bool { return utf8.ValidString(s) && !bytes.ContainsRune([]byte(s), 0) }
