package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/keyport/keyport/models"
)

// userCommand reads the options of: keyport user create.
func userCommand(args []string) (command, error) {
	var wish models.NewUser
	var admin bool
	flags := flag.NewFlagSet("user create", flag.ContinueOnError)
	flags.StringVar(&wish.Username, "username", "", "")
	flags.StringVar(&wish.DisplayName, "display-name", "", "")
	flags.StringVar(&wish.Email, "email", "", "")
	flags.BoolVar(&admin, "admin", false, "")
	flags.BoolVar(&wish.IsService, "service-account", false, "")
	check := func() error {
		_, problems := wish.Check()
		if err := models.InvalidInput(problems); err != nil {
			return misuse("%s", sentences(err))
		}
		return nil
	}
	return withFlags(flags, args, check, func(ctx context.Context, p *program) error {
		return createUser(ctx, p, wish, admin)
	})
}

func createUser(ctx context.Context, p *program, wish models.NewUser, admin bool) error {
	if !wish.IsService {
		password, err := p.readPassword(ctx, wish.Username)
		if err != nil {
			return err
		}
		wish.Password = password
		if _, problems := wish.Check(); password == "" {
			return misuse("A person needs a password. Give it on standard input, or create a service account with --service-account.")
		} else if len(problems) > 0 {
			return misuse("%s", problems[0].Message)
		}
	}
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	user, err := s.CreateUser(byConsole(ctx), wish, admin)
	if err != nil {
		return spoken(err)
	}
	fmt.Fprintf(p.stdout, "Created %s (%s).\n", user.Username, user.PublicID())
	return nil
}

// maxPasswordLine bounds what is read of standard input: the longest password
// in the widest characters.
const maxPasswordLine = models.MaxPassword*4 + 2

// readPassword reads the first line of standard input. At a terminal it asks,
// twice, and shows nothing. There is no option for it: command lines are seen
// by all accounts of a machine and kept in histories.
func (p *program) readPassword(ctx context.Context, username string) (string, error) {
	if f, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askPassword(ctx, int(f.Fd()), username)
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, maxPasswordLine)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", failed(err, "The password can't be read from standard input.")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func askPassword(ctx context.Context, terminal int, username string) (string, error) {
	var typed [2]string
	for i, prompt := range []string{"Password for " + username + ": ", "The same again: "} {
		fmt.Fprint(os.Stderr, prompt)
		line, err := readHidden(ctx, terminal)
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", failed(err, "No password was read from the terminal. Nothing was created.")
		}
		typed[i] = line
	}
	if typed[0] != typed[1] {
		return "", misuse("The two passwords differ. Nothing was created; run the command again.")
	}
	return typed[0], nil
}

// readHidden reads a line that the terminal does not show. Whoever gives up
// with Ctrl+C gets a terminal back that shows again what is typed.
func readHidden(ctx context.Context, terminal int) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	typed, failed := make(chan string, 1), make(chan error, 1)
	go func() {
		line, err := term.ReadPassword(terminal)
		if err != nil {
			failed <- err
			return
		}
		typed <- string(line)
	}()
	select {
	case line := <-typed:
		return line, nil
	case err := <-failed:
		return "", err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(terminal, before))
	}
}

// keyCommand reads the options of: keyport apikey create.
func keyCommand(args []string) (command, error) {
	var owner, purpose, expires string
	flags := flag.NewFlagSet("apikey create", flag.ContinueOnError)
	flags.StringVar(&owner, "user", "", "")
	flags.StringVar(&purpose, "purpose", "", "")
	flags.StringVar(&expires, "expires", "", "")
	check := func() error {
		if strings.TrimSpace(owner) == "" || strings.TrimSpace(purpose) == "" {
			return misuse("keyport apikey create needs --user NAME and --purpose TEXT.")
		}
		_, err := readExpiry(expires, time.UTC)
		return err
	}
	return withFlags(flags, args, check, func(ctx context.Context, p *program) error {
		return createKey(ctx, p, owner, purpose, expires)
	})
}

// createKey makes a key and prints it, alone, so that a script can keep it.
func createKey(ctx context.Context, p *program, owner, purpose, expires string) error {
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx = byConsole(ctx)
	user, err := s.UserByName(ctx, owner)
	if models.KindOf(err) == models.NotFound {
		return failed(nil, "There is no user %q. Create it with keyport user create, or in the portal.", owner)
	}
	if err != nil {
		return err
	}
	wish := models.NewKey{Purpose: purpose}
	if wish.Expires, err = readExpiry(expires, models.ZoneOr(user.TimeZone)); err != nil {
		return err
	}
	_, secret, err := s.IssueAPIKey(ctx, user.ID, wish)
	if err != nil {
		return spoken(err)
	}
	_, err = fmt.Fprintln(p.stdout, secret.Reveal())
	return err
}

// readExpiry reads an instant, or a number of days after which the key ends
// with the day in its owner's zone. Nothing asks for the default.
func readExpiry(s string, zone *time.Location) (models.Wish, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return models.DefaultExpiry(), nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok && models.ParseDays(days) > 0 {
		return models.ExpiresInDays(models.ParseDays(days), zone), nil
	}
	at, err := models.ParseInstant(s)
	if err != nil {
		return models.Wish{}, misuse("--expires is %q. Use a date and time such as 2027-05-22T21:59:59Z, or a number of days such as 30d.", s)
	}
	return models.ExpiresAt(at), nil
}

// spoken turns a refusal into one that says all that is wrong.
func spoken(err error) error {
	if refusal := models.Refusal(err); refusal != nil && refusal.Kind == models.Invalid {
		return failed(refusal.Cause, "%s", sentences(refusal))
	}
	return err
}

func sentences(refusal *models.Error) string {
	var all []string
	for _, p := range refusal.Problems {
		all = append(all, p.Message)
	}
	return strings.Join(all, " ")
}
