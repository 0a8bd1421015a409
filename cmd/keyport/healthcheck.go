package main

import (
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthcheckCommand reads the options of: keyport healthcheck.
func healthcheckCommand(args []string) (command, error) {
	flags := flag.NewFlagSet("healthcheck", flag.ContinueOnError)
	ready := flags.Bool("ready", false, "")
	return withFlags(flags, args, nil, func(ctx context.Context, p *program) error {
		path := "/healthz"
		if *ready {
			path = "/readyz"
		}
		return p.askHealth(ctx, path)
	})
}

// healthTime bounds the question.
const healthTime = 4 * time.Second

// askHealth asks the portal that listens where this environment says: an image
// that holds nothing else has no other program to ask with.
func (p *program) askHealth(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	host, port, _ := net.SplitHostPort(p.Listen)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // by number: an image without files knows no names
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil}}
	answer, err := client.Do(request)
	if err != nil {
		return failed(nil, "Nothing answers on %s. Look at the log of the portal.", p.Listen)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
	if answer.StatusCode != http.StatusOK {
		return failed(nil, "The portal answers %s by %d: %s", path, answer.StatusCode, said)
	}
	_, err = p.stdout.Write(said)
	return err
}
