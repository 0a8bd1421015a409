package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/delivery"
)

// lastFlush is the time for the last marks of use after the server has drained;
// draining and this end within ten seconds.
const lastFlush = 700 * time.Millisecond

// serve runs the portal until ctx is done. The port is taken first, so that a
// second start by mistake creates nothing.
func serve(ctx context.Context, p *program) error {
	l, err := listen(ctx, p.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	watched, err := p.listenMetrics(ctx)
	if err != nil {
		return err
	}
	defer watched.Close()
	s, err := p.openStore(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer s.Close()
	if p.Admin.Username != "" {
		if _, err := s.EnsureAdministrator(byConsole(ctx), p.Admin); err != nil {
			return unlessStopped(ctx, err)
		}
	}
	public := p.publicURL(l.Addr())
	post, err := p.openPost(s)
	if err != nil {
		return err
	}
	options := web.Options{Store: s, PublicURL: public, TrustedProxies: p.TrustedProxies, EgressAllow: p.EgressAllow, Log: p.log, Version: version,
		RefuseKeyInQuery: p.RefuseQueryKeys, SignOn: p.SignOn, DrainDelay: p.DrainDelay, Mail: post, NoPublicURL: p.PublicURL == nil}
	if p.Mail != nil {
		options.MailServer = describeMail(*p.Mail)
	}
	options.Metrics = p.metrics(s, post)
	if p.trace, err = p.openTraces(ctx); err != nil {
		return err
	}
	options.Trace = p.trace
	web.TuneCollector()
	server, err := web.New(options)
	if err != nil {
		return err
	}
	post.Servers.Guard = server.Egress()
	watched.serve(options.Metrics, server.Egress())
	senders := p.senders(s, server, post, public)
	if err := s.ScheduleExpiryTask(ctx); err != nil {
		return unlessStopped(ctx, err)
	}
	s.Join(hostName(), version)
	if err := p.announce(ctx, s, public, l.Addr()); err != nil {
		return unlessStopped(ctx, err)
	}
	return p.work(ctx, s, server, post, senders, l)
}

// work serves, keeps the timetable and sends letters until all have ended.
func (p *program) work(ctx context.Context, s *store.Store, server *web.Server, post *delivery.Post, senders []func(context.Context), l net.Listener) error {
	timetable, cancel := context.WithCancel(ctx)
	wait := start(timetable, p.log, jobs(s, p.log, p.trace))
	var letters sync.WaitGroup
	letters.Go(func() { post.Run(timetable) })
	for _, send := range senders {
		letters.Go(func() { send(timetable) })
	}
	err := server.Serve(ctx, l)
	cancel()
	wait()
	letters.Wait()
	last, done := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer done()
	var traces sync.WaitGroup
	traces.Go(func() { p.closeTraces(last) })
	defer traces.Wait()
	if flushed := s.FlushSeen(last); flushed != nil {
		p.log.Warn("the last marks of use were not kept", "cause", flushed)
	}
	if written := s.WriteLastCounts(last); written != nil {
		p.log.Warn("how often sign-ins failed lately was not written", "cause", written)
	}
	if noted := logHead(s, p.log)(last); noted != nil {
		p.log.Warn("the head of the audit trail was not noted", "cause", noted)
	}
	return err
}

// hostName is by which people know this replica.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "unknown host"
	}
	return name
}

// unlessStopped drops an error that only says that the program was told to end.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// byConsole marks what the owner of the machine does.
func byConsole(ctx context.Context) context.Context {
	return models.WithActor(ctx, &models.Actor{Via: models.ViaConsole})
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failed(nil, "Another program uses the address %s. Stop it, or choose another address with KEYPORT_LISTEN, such as %s.", address, neighbour(address))
	case errors.Is(err, syscall.EACCES):
		return nil, failed(nil, "This account may not listen on %s. Choose a port above 1023 with KEYPORT_LISTEN.", address)
	}
	return nil, failed(err, "Keyport can't listen on %s. Choose an address of this machine with KEYPORT_LISTEN.", address)
}

// neighbour returns the address with the next port.
func neighbour(address string) string {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	if n++; n > 65535 {
		n = 8080
	}
	return net.JoinHostPort(host, strconv.Itoa(n))
}

// publicURL is where people reach the portal: as configured, else the address
// that the server listens on.
func (p *program) publicURL(bound net.Addr) *url.URL {
	if p.PublicURL != nil {
		return p.PublicURL
	}
	host, _, _ := net.SplitHostPort(p.Listen)
	_, port, _ := net.SplitHostPort(bound.String())
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
}

// announce prints where the portal is and, as long as nobody has set it up, the
// link with which its owner does.
func (p *program) announce(ctx context.Context, s *store.Store, public *url.URL, bound net.Addr) error {
	fmt.Fprintf(p.stdout, "Keyport %s\n  Portal    %s\n  Database  %s, %s\n", version, public, s.Engine(), p.Place())
	if tcp, ok := bound.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && public.Scheme == "http" {
		p.log.Warn("The portal answers other machines without encryption, so passwords and keys can be read on the way. Put it behind HTTPS and say so with KEYPORT_PUBLIC_URL=https://…", "listen", bound.String())
	}
	unclaimed, err := s.NeedsSetup(ctx)
	if err != nil || !unclaimed {
		return err
	}
	token, err := s.NewSetupLink(ctx)
	if err != nil {
		return err
	}
	link := public.JoinPath("setup")
	link.RawQuery = url.Values{"token": {token}}.Encode()
	fmt.Fprintf(p.stdout, "  Set up    %s\n            (for the first administrator; works once, within 24 hours)\n", link)
	return nil
}
