// Package proxytest runs the recipes for proxies that the page of a service
// shows: the real nginx, Caddy, HAProxy and Apache, between a caller that writes
// its requests byte by byte and a service that records what reaches it, with a
// real Keyport to ask. It needs the programs, so it has a tag of its own:
//
//	node web/e2e/check.mjs --proxies
//
// That installs them on Debian first, as npm test does. No other test needs them.
// Traefik takes part where it is in the path; npm run test:traefik builds it and
// runs it alone.
package proxytest
