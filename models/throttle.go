package models

import (
	"net/netip"
	"strconv"
	"time"
)

// Throttle is how failed tries of one kind grow into a wait: so many are free,
// then each one costs a pause that doubles up to a limit.
type Throttle struct {
	Free    int           // tries without a wait
	Within  time.Duration // after which they are forgotten
	InARow  bool          // forgotten only when none was made for that long
	First   time.Duration // wait after the last free try
	Longest time.Duration // that the wait doubles to
}

// What tries to sign in are counted by. A browser that its owner has signed in
// with before has a counter of its own, and the others do not concern it: so
// whoever knows a name can slow strangers down, but not the owner.
var (
	ThrottlePair      = Throttle{Free: 5, Within: 5 * time.Minute, First: time.Second, Longest: 15 * time.Minute}                     // a user and a network
	ThrottleAddress   = Throttle{Free: 30, Within: 5 * time.Minute, First: 15 * time.Minute, Longest: 15 * time.Minute}               // a network, whatever the name
	ThrottleStrangers = Throttle{Free: 100, Within: 24 * time.Hour, InARow: true, First: 15 * time.Minute, Longest: 15 * time.Minute} // a user, wherever from
	ThrottleDevice    = Throttle{Free: 10, Within: 10 * time.Minute, First: time.Second, Longest: 15 * time.Minute}                   // a user and a browser that is known
)

// Wait returns the pause after so many tries.
func (t Throttle) Wait(tries int) time.Duration {
	if tries < t.Free {
		return 0
	}
	wait := t.First
	for range tries - t.Free {
		if wait *= 2; wait >= t.Longest {
			return t.Longest
		}
	}
	return min(wait, t.Longest)
}

// Slowed refuses a try that came too early. The words are the same whichever
// counter is at its limit, and whether or not the user exists.
func Slowed(wait time.Duration) *Error {
	return &Error{Kind: TooMany, RetryAfter: wait, Message: "There were too many attempts to sign in. Wait " + WaitWords(wait) + ", then try again."}
}

// WaitWords rounds a wait up to what people count in.
func WaitWords(d time.Duration) string {
	switch {
	case d <= time.Second:
		return "one second"
	case d <= time.Minute:
		return strconv.Itoa(int((d+time.Second-1)/time.Second)) + " seconds"
	}
	return strconv.Itoa(int((d+time.Minute-1)/time.Minute)) + " minutes"
}

// The networks that one person or one household usually has for itself: who
// owns an address owns its neighbours too, and must not have a counter for
// each.
const (
	prefixIPv4 = 24
	prefixIPv6 = 56
)

// AddressPrefix returns the network of a client's address: "192.0.2.0/24",
// "2001:db8::/56". What is not an address stands for itself.
func AddressPrefix(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	bits := prefixIPv6
	if a.Is4() {
		bits = prefixIPv4
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return address
	}
	return prefix.String()
}
