package models

import "net/netip"

// MayIntrospect decides who may ask what a key is worth. Only services do, each
// by the key of its own service account: in anybody else's hands the answer
// would be a way to try keys out.
func MayIntrospect(actor *Actor) error {
	switch {
	case actor == nil || actor.Via != ViaKey || actor.Key == nil:
		return Unauthorized()
	case !actor.User.IsService:
		return Denied("Only service accounts may ask about keys. Make a service account for the service, and use a key of it.")
	}
	return nil
}

// IntrospectedService returns the service for which an actor asks: the one that
// is named, or the only one that its own key is for. A key for some services
// answers for those alone, so that one service learns nothing of the keys of
// another. "" is a service that does not say which one it is.
func IntrospectedService(actor *Actor, named string) (string, error) {
	own := actor.Access().Services
	switch {
	case named == "" && len(own) == 1:
		return own[0], nil
	case named == "" && len(own) > 1:
		return "", InvalidField("service", "The key that you ask with is for several services. Send as service the name of the one that was called.")
	case named != "" && !ValidServiceName(named):
		return "", InvalidField("service", "Send as service the name of a service, such as billing.")
	case named != "" && !actor.Access().AllowsService(named):
		return "", Denied("The key that you ask with is not for the service " + named + ", so it can't ask for it either.")
	}
	return named, nil
}

// ServiceCall is what a service knows of a call that somebody makes.
type ServiceCall struct {
	Method, Path string     // "" when not known
	From         netip.Addr // invalid when not known
}

// Denial says why a key that is usable may not make a call. It is "" for a call
// that may be made.
type Denial string

// The denials.
const (
	DeniedNetwork  Denial = "network"
	DeniedService  Denial = "service"
	DeniedReadOnly Denial = "read-only"
)

// Denies judges a call of a service with a key of this access. What is not known
// of a call counts against the key: an address where it is limited to networks,
// the service where it is limited to some, the method where it only reads. Only
// a service that knows nothing of methods at all, and sends none, has to look at
// the scope itself.
func (s Service) Denies(a Access, call ServiceCall) Denial {
	switch {
	case !a.AllowsAddress(call.From):
		return DeniedNetwork
	case s.Name == "" && len(a.Services) > 0, s.Name != "" && !a.AllowsService(s.Name):
		return DeniedService
	case a.Reads() && call.Method != "" && !s.Reads(call.Method, call.Path):
		return DeniedReadOnly
	}
	return ""
}
