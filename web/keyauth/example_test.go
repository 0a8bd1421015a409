package keyauth_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/keyport/keyport/web/keyauth"
)

func Example() {
	keyport := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"results":[{"active":true,"scope":"read","username":"alice","sub":"Users-1","exp":%d}]}`, time.Now().Add(time.Hour).Unix())
	}))
	defer keyport.Close()

	guard, err := keyauth.New(keyauth.Options{
		Keyport:  keyport.URL, // such as https://keyport.example.com
		Key:      "API-THEKEYOFTHISAPPLICATION",
		Service:  "billing",
		Remember: time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	invoices := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := keyauth.From(r.Context())
		fmt.Fprintf(w, "Invoices for %s, read-only: %v", who.Username, who.ReadOnly)
	})
	application := httptest.NewServer(guard.Handler(invoices))
	defer application.Close()

	request, _ := http.NewRequest(http.MethodGet, application.URL, nil)
	request.Header.Set("X-Octopus-ApiKey", "API-THEKEYOFACALLER")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.Status, string(body))
	// Output: 200 OK Invoices for alice, read-only: true
}
