package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/keyport/keyport/models"
)

// unlinkCommand reads the options of: keyport user unlink.
func unlinkCommand(args []string) (command, error) {
	var username string
	flags := flag.NewFlagSet("user unlink", flag.ContinueOnError)
	flags.StringVar(&username, "username", "", "")
	check := func() error {
		if strings.TrimSpace(username) == "" {
			return misuse("keyport user unlink needs --username NAME.")
		}
		return nil
	}
	return withFlags(flags, args, check, func(ctx context.Context, p *program) error {
		return unlink(byConsole(ctx), p, username)
	})
}

// unlink forgets who a user is at the provider. Without the way back by the
// e-mail address, somebody whose identity there was made anew would stay out.
func unlink(ctx context.Context, p *program, username string) error {
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	user, err := s.UserByName(ctx, username)
	if models.KindOf(err) == models.NotFound {
		return failed(nil, "There is no user %q.", username)
	}
	if err != nil {
		return err
	}
	forgotten, err := s.ForgetIdentities(ctx, user.ID)
	if err != nil {
		return spoken(err)
	}
	if forgotten == 0 {
		fmt.Fprintf(p.stdout, "%s was not linked.\n", user.Username)
		return nil
	}
	fmt.Fprintf(p.stdout, "Unlinked %s (%s).\n", user.Username, user.PublicID())
	return nil
}
