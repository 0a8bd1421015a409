package models_test

import (
	"net/netip"
	"testing"

	"github.com/keyport/keyport/models"
)

func askerOf(services ...string) *models.Actor {
	return &models.Actor{Via: models.ViaKey, User: models.User{ID: 5, IsService: true}, Key: &models.ActorKey{Access: models.Access{Level: models.ReadOnly, Services: services}}}
}

func TestMayIntrospect(t *testing.T) {
	person := askerOf()
	person.User.IsService = false
	session := askerOf()
	session.Via = models.ViaSession
	keyless := askerOf()
	keyless.Key = nil
	for name, tt := range map[string]struct {
		actor *models.Actor
		want  models.Kind
	}{"nobody": {nil, models.Unauthenticated}, "a person's key": {person, models.Forbidden}, "a session": {session, models.Unauthenticated}, "no key": {keyless, models.Unauthenticated}} {
		if err := models.MayIntrospect(tt.actor); err == nil || models.KindOf(err) != tt.want {
			t.Errorf("%s: got %v, want kind %d", name, err, tt.want)
		}
	}
	if err := models.MayIntrospect(askerOf()); err != nil {
		t.Errorf("a service account: got %v", err)
	}
}

func TestIntrospectedService(t *testing.T) {
	tests := []struct {
		name  string
		own   []string
		named string
		want  string
		kind  models.Kind // when want is "-"
	}{
		{"its only one", []string{"billing"}, "", "billing", 0},
		{"its only one, named", []string{"billing"}, "billing", "billing", 0},
		{"another one", []string{"billing"}, "stock", "-", models.Forbidden},
		{"one of several", []string{"billing", "stock"}, "stock", "stock", 0},
		{"several, none named", []string{"billing", "stock"}, "", "-", models.Invalid},
		{"unlimited", nil, "stock", "stock", 0},
		{"unlimited, none named", nil, "", "", 0},
		{"no name", nil, "No Name", "-", models.Invalid},
	}
	for _, tt := range tests {
		got, err := models.IntrospectedService(askerOf(tt.own...), tt.named)
		if tt.want == "-" && (err == nil || models.KindOf(err) != tt.kind) || tt.want != "-" && (err != nil || got != tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestServiceDenies(t *testing.T) {
	office := models.Networks{netip.MustParsePrefix("192.0.2.0/24")}
	inside, outside := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7")
	billing, whole := models.Service{Name: "billing", ReadOnly: models.ParseReadRules("GET /**\nPOST /search")}, models.WholeAccess()
	reads, only := models.Access{Level: models.ReadOnly}, models.Access{Level: models.FullAccess, Services: models.Names{"billing"}}
	near := models.Access{Level: models.FullAccess, Allowed: office}
	tests := []struct {
		name    string
		service models.Service
		access  models.Access
		call    models.ServiceCall
		want    models.Denial
	}{
		{"whole", billing, whole, models.ServiceCall{Method: "DELETE", Path: "/x"}, ""},
		{"whole, nothing known", models.Service{}, whole, models.ServiceCall{}, ""},
		{"reads", billing, reads, models.ServiceCall{Method: "GET", Path: "/x"}, ""},
		{"reads by a rule", billing, reads, models.ServiceCall{Method: "POST", Path: "/search"}, ""},
		{"writes", billing, reads, models.ServiceCall{Method: "POST", Path: "/x"}, models.DeniedReadOnly},
		{"path unknown", billing, reads, models.ServiceCall{Method: "GET"}, models.DeniedReadOnly},
		{"reads where no service is known", models.Service{}, reads, models.ServiceCall{Method: "GET"}, ""},
		{"writes where no service is known", models.Service{}, reads, models.ServiceCall{Method: "PUT"}, models.DeniedReadOnly},
		{"its service", billing, only, models.ServiceCall{}, ""},
		{"another service", models.Service{Name: "stock"}, only, models.ServiceCall{}, models.DeniedService},
		{"a service that does not say which", models.Service{}, only, models.ServiceCall{}, models.DeniedService},
		{"inside", billing, near, models.ServiceCall{From: inside}, ""},
		{"outside", billing, near, models.ServiceCall{From: outside}, models.DeniedNetwork},
		{"address unknown", billing, near, models.ServiceCall{}, models.DeniedNetwork},
		{"denied network", billing, models.Access{Level: models.FullAccess, Denied: office}, models.ServiceCall{From: inside}, models.DeniedNetwork},
	}
	for _, tt := range tests {
		if got := tt.service.Denies(tt.access, tt.call); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
