// Command provider is an OpenID provider for browser tests: a real one, on a
// loopback port, that knows the people and clients which the test gives it.
//
//	provider '{"Clients": [{"ID": "keyport", …}], "People": [{"Username": "maya", …}]}'
//
// It prints its issuer, and ends with its standard input.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/keyport/keyport/web/oidctest"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("provider needs one argument: JSON with Clients and People")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(argument string) error {
	var known struct {
		Clients []oidctest.Client
		People  []oidctest.Person
	}
	if err := json.Unmarshal([]byte(argument), &known); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	provider, err := oidctest.New("http://" + l.Addr().String())
	if err != nil {
		return err
	}
	for _, c := range known.Clients {
		provider.SetClient(c)
	}
	for _, p := range known.People {
		provider.SetPerson(p)
	}
	server := &http.Server{Handler: provider, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		io.Copy(io.Discard, os.Stdin) // the test ends, or dies
		server.Close()
	}()
	fmt.Println(provider.Issuer)
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}
