package handlers

import (
	"strings"

	"github.com/keyport/keyport/views"
)

// Recipes for proxies, in which SERVICE and KEYPORT stand for the name of the
// service and for where Keyport is reached. Each takes away what the client sent
// under our names, asks, copies who called from the answer, and keeps the
// credential from the service.
const (
	nginxRecipe = `server {
  listen 443 ssl;
  server_name SERVICE.example.com;
  # Leave underscores_in_headers off, as it is by default.

  location / {
    auth_request /_keyport;
    auth_request_set $keyport_user_id $upstream_http_x_keyport_user_id;
    auth_request_set $keyport_user $upstream_http_x_keyport_user;
    auth_request_set $keyport_key_id $upstream_http_x_keyport_key_id;
    auth_request_set $keyport_is_service $upstream_http_x_keyport_is_service;
    auth_request_set $keyport_access $upstream_http_x_keyport_access;
    auth_request_set $keyport_expires $upstream_http_x_keyport_expires;
    auth_request_set $keyport_service $upstream_http_x_keyport_service;
    proxy_set_header X-Keyport-User-Id $keyport_user_id;
    proxy_set_header X-Keyport-User $keyport_user;
    proxy_set_header X-Keyport-Key-Id $keyport_key_id;
    proxy_set_header X-Keyport-Is-Service $keyport_is_service;
    proxy_set_header X-Keyport-Access $keyport_access;
    proxy_set_header X-Keyport-Expires $keyport_expires;
    proxy_set_header X-Keyport-Service $keyport_service;
    proxy_set_header X-Octopus-ApiKey "";
    proxy_set_header X-Api-Key "";
    proxy_set_header Authorization "";
    proxy_pass http://127.0.0.1:8081;
  }

  # nginx passes 401 and 403 on, and turns 400, 429 and 503 into 500.
  location = /_keyport {
    internal;
    proxy_pass KEYPORT/verify/SERVICE;
    proxy_ssl_server_name on;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URI $request_uri;
    proxy_set_header X-Forwarded-Method "";
    proxy_set_header X-Forwarded-Uri "";
    proxy_set_header X-Forwarded-For $remote_addr;
  }
}`
	caddyRecipe = `SERVICE.example.com {
	route {
		request_header -X-Keyport-*
		request_header -X_Keyport_*
		request_header -X-Original-*
		forward_auth KEYPORT {
			uri /verify/SERVICE
			header_up Host {upstream_hostport}
			copy_headers X-Keyport-User-Id X-Keyport-User X-Keyport-Key-Id X-Keyport-Is-Service X-Keyport-Access X-Keyport-Expires X-Keyport-Service
		}
		request_header -X-Octopus-ApiKey
		request_header -X-Api-Key
		request_header -Authorization
		reverse_proxy 127.0.0.1:8081
	}
}`
	traefikRecipe = `http:
  middlewares:
    keyport-clean:
      headers:
        customRequestHeaders:
          X-Keyport-User-Id: ""
          X-Keyport-User: ""
          X-Keyport-Key-Id: ""
          X-Keyport-Is-Service: ""
          X-Keyport-Access: ""
          X-Keyport-Expires: ""
          X-Keyport-Service: ""
          X-Original-Method: ""
          X-Original-URI: ""
    keyport-SERVICE:
      forwardAuth:
        address: KEYPORT/verify/SERVICE
        trustForwardHeader: false
        authResponseHeaders: [X-Keyport-User-Id, X-Keyport-User, X-Keyport-Key-Id, X-Keyport-Is-Service, X-Keyport-Access, X-Keyport-Expires, X-Keyport-Service]
    keyport-forget:
      headers:
        customRequestHeaders:
          X-Octopus-ApiKey: ""
          X-Api-Key: ""
          Authorization: ""
  routers:
    SERVICE:
      rule: Host(` + "`SERVICE.example.com`" + `)
      middlewares: [keyport-clean, keyport-SERVICE, keyport-forget]
      service: SERVICE
  services:
    SERVICE:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:8081`
)

// proxyRecipes are the configurations for a service. Caddy wants an address
// without a path, and the path with the question.
func proxyRecipes(service, serverURL string) []views.ProxyRecipe {
	caddyURL, caddyPath := serverURL, ""
	if scheme, rest, ok := strings.Cut(serverURL, "://"); ok {
		host, path, below := strings.Cut(rest, "/")
		caddyURL = scheme + "://" + host
		if below {
			caddyPath = "/" + path
		}
	}
	fill := strings.NewReplacer("SERVICE", service, "KEYPORT", serverURL)
	caddy := strings.NewReplacer("uri /verify/", "uri "+caddyPath+"/verify/", "SERVICE", service, "KEYPORT", caddyURL)
	return []views.ProxyRecipe{
		{ID: "nginx", Title: "nginx", Text: fill.Replace(nginxRecipe)},
		{ID: "caddy", Title: "Caddy", Text: caddy.Replace(caddyRecipe)},
		{ID: "traefik", Title: "Traefik", Text: fill.Replace(traefikRecipe)},
	}
}
