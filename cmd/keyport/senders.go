package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/delivery"
)

// senders are what brings events to their receivers: each works until its
// context is done. Without a mail server, mail waits in the database.
func (p *program) senders(s *store.Store, server *web.Server, post *delivery.Post, public *url.URL) []func(context.Context) {
	said := ""
	if p.PublicURL != nil {
		said = strings.TrimRight(public.String(), "/")
	}
	webhooks := delivery.NewWebhook(server.Egress(), s.Now, said, strings.TrimRight(public.Path, "/"))
	runner := delivery.NewRunner(delivery.RunnerOptions{Store: s, Webhooks: webhooks, Log: p.log, Trace: p.trace})
	notices := &delivery.Notices{Store: s, PublicURL: public, Log: p.log, Trace: p.trace, Mailer: post.Mailer}
	return []func(context.Context){runner.Run, notices.Run}
}
