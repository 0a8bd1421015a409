package web_test

import (
	"net/http"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func TestServicesByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := asAdmin(t, f, webtest.New(t, f.Store))
		made := client.JSON(http.MethodPost, "/api/services", `{"Name":"billing","RatePerMinute":60,"ReadOnly":[{"Methods":["get","HEAD"],"Path":"/reports/**"}]}`).Want(201)
		self := "/api/services/" + text(t, made, "Id")
		client.JSON(http.MethodPost, "/api/services", `{"Name":"archive"}`).Want(201)
		for path, want := range map[string]string{"Items.0.Name": "archive", "Items.1.Name": "billing", "Items.1.ReadOnly.0.Methods.0": "GET", "Items.1.ReadOnly.0.Path": "/reports/**"} {
			if got := text(t, client.Get("/api/services").Want(200), path); got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
		if got := text(t, client.Get("/api/services?partialName=BILL").Want(200), "Items.0.Name"); got != "billing" {
			t.Errorf("by part of the name: got %q", got)
		}
		client.JSON(http.MethodPut, self, `{"Name":"billing","Description":"Money","Version":1}`).Want(200)
		if got := text(t, client.Get(self).Want(200), "Description"); got != "Money" {
			t.Errorf("description: got %q", got)
		}
		client.JSON(http.MethodPut, self, `{"Description":"Late","Version":1}`).Want(409)
		for name, body := range map[string]string{
			"no name": `{}`, "taken": `{"Name":"billing"}`, "reserved": `{"Name":"keyport"}`, "capitals": `{"Name":"Billing"}`,
			"rate": `{"Name":"a","RatePerMinute":-1}`, "rule": `{"Name":"a","ReadOnly":[{"Methods":["GET"],"Path":"x"}]}`, "type": `{"Name":"a","ReadOnly":"GET /"}`,
		} {
			if a := client.JSON(http.MethodPost, "/api/services", body); a.Status != 400 {
				t.Errorf("%s: got %d %s, want 400", name, a.Status, a.Body)
			}
		}
		client.JSON(http.MethodPut, self, `{"Name":"invoices"}`).Want(400)
		client.Do(http.MethodDelete, self, "", nil).Want(200)
		client.Get(self).Want(404)
	})
}
