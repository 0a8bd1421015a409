package web_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// A key with every limit, made on the page with and without htmx, is told as
// one sentence wherever it is shown.
func TestAccessOnThePages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		register(t, f, models.NewService{Name: "billing"})
		register(t, f, models.NewService{Name: "stock"})
		alice := browserOf(f, site, f.Alice)
		page := alice.Get("/account/apikeys/new").Want(200)
		if _, open := page.Find("details.expander").Attr("open"); open || page.Find("details input[type=checkbox][name=services]:not([checked])").Length() != 3 || page.Find("details input[name=access_level]").Length() != 2 {
			t.Errorf("the limits are %s", page.Find("details").Text())
		}
		form := newKeyForm(alice)
		form["services"] = []string{"billing", "stock"}
		for name, value := range map[string]string{"access_level": "ReadOnly", "allowed": "10.0.0.0/8\r\n2001:db8::7", "denied": "10.9.0.0/16"} {
			form.Set(name, value)
		}
		const words = "Read-only on billing and stock from 2 networks, except from 1 network"
		if reveal := alice.Form("/account/apikeys", form).Want(200); !strings.Contains(reveal.Body, words+", ends ") {
			t.Error("the reveal does not say what the key opens")
		}
		list := alice.Get("/account/apikeys").Want(200)
		if got := list.Find("tbody tr .cell-main").Text(); !strings.Contains(got, words) {
			t.Errorf("the list says %q", got)
		}
		href, _ := list.Find("tbody .title a").Attr("href")
		page = alice.Get(href).Want(200)
		for _, want := range []string{words + ", ends ", "billing, stock", "10.0.0.0/8, 2001:db8::7/128", "10.9.0.0/16"} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("the key's page lacks %q", want)
			}
		}
		admin := browserOf(f, site, f.Admin)
		if !strings.Contains(admin.Get("/configuration/apikeys").Want(200).Body, words) {
			t.Error("the list of all keys does not say what the key opens")
		}
		if export := admin.Get("/configuration/apikeys/export").Want(200).Body; !strings.Contains(export, `"ReadOnly","billing stock","10.0.0.0/8 2001:db8::7/128","10.9.0.0/16"`) {
			t.Errorf("the export lacks the access: %s", export)
		}
	})
}

// Without any service there is only Keyport's own REST API to choose.
func TestNoServiceToChoose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		page := browserOf(f, webtest.New(t, f.Store), f.Alice).Get("/account/apikeys/new").Want(200)
		if page.Find("input[name=services]").Length() != 1 || !strings.Contains(page.Find("#services").Text(), "No other service is registered yet.") {
			t.Errorf("the form says %s", page.Find("#services").Text())
		}
	})
}

// What can't be read is refused beside its field, as it was typed, and the
// limits are unfolded.
func TestAccessRefusedOnThePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		alice := browserOf(f, webtest.New(t, f.Store), f.Alice)
		for id, values := range map[string][2]string{"allowed": {"allowed", "10.1.2.3/8"}, "denied": {"denied", "<b>"}, "services": {"services", "a_b"}, "access-level": {"access_level", "Root"}} {
			form := newKeyForm(alice)
			form.Set(values[0], values[1])
			for name, answer := range map[string]webtest.Answer{"plain": alice.Form("/account/apikeys", form), "htmx": alice.HTMX("POST", "/account/apikeys", form)} {
				answer.Want(422)
				if answer.Find("#"+id+"-error").Length() != 1 {
					t.Errorf("%s, %s: no message beside the field", id, name)
				}
				if _, open := answer.Find("details.expander").Attr("open"); !open {
					t.Errorf("%s, %s: the limits are folded away", id, name)
				}
				if id == "services" && answer.Find("input[name=services][value=a_b][checked]").Length() != 1 {
					t.Errorf("%s: the service that was sent is lost", name)
				}
				if id == "allowed" && answer.Find("#allowed").Text() != "10.1.2.3/8" {
					t.Errorf("%s: what was typed is lost", name)
				}
			}
		}
		if list, err := f.Store.APIKeysOf(f.As(f.Alice), f.Alice.ID, models.KeyFilter{}); err != nil || list.Total != 0 {
			t.Errorf("%d keys were made, %v", list.Total, err)
		}
	})
}
