package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is what the command line asks for: a text to print, or work to do.
type command struct {
	text string
	run  func(ctx context.Context, p *program) error
}

// parseCommand reads the command line. Without a command, the portal is served.
func parseCommand(args []string) (command, error) {
	name := "serve"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	if (name == "user" || name == "apikey" || name == "audit") && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = name+" "+args[0], args[1:]
	}
	switch name {
	case "help", "-h", "-help", "--help":
		return command{text: help()}, nil
	case "version", "-version", "--version":
		return command{text: "keyport " + version + "\n"}, nil
	case "serve":
		return plain(name, args, serve)
	case "migrate":
		return plain(name, args, migrate)
	case "user create":
		return userCommand(args)
	case "user unlink":
		return unlinkCommand(args)
	case "audit verify":
		return auditCommand(args)
	case "backup":
		return backupCommand(args)
	case "restore":
		return restoreCommand(args)
	case "healthcheck":
		return healthcheckCommand(args)
	case "doctor":
		return doctorCommand(args)
	case "demo":
		return demoCommand(args)
	case "apikey create":
		return keyCommand(args)
	case "user", "apikey", "audit":
		if len(args) > 0 && isHelp(args[0]) {
			return command{text: help()}, nil
		}
		verb := map[string]string{"audit": "verify"}[name]
		if verb == "" {
			verb = "create"
		}
		return command{}, misuse("Say what to do: keyport %s %s. Run keyport --help to see how.", name, verb)
	}
	return command{}, misuse("There is no command %q. Run keyport --help to see all.", name)
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// plain is a command without options.
func plain(name string, args []string, run func(context.Context, *program) error) (command, error) {
	return withFlags(flag.NewFlagSet(name, flag.ContinueOnError), args, nil, run)
}

// withFlags reads the options of a command. Only options have values: a word
// that stands alone is more likely a mistake than something to pass over.
func withFlags(flags *flag.FlagSet, args []string, check func() error, run func(context.Context, *program) error) (command, error) {
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return command{text: help()}, nil
	case err != nil:
		return command{}, misuse("keyport %s: %v. Run keyport --help to see the options.", flags.Name(), err)
	case flags.NArg() > 0:
		return command{}, misuse("keyport %s doesn't know what to do with %q. Run keyport --help to see the options.", flags.Name(), flags.Arg(0))
	}
	if check != nil {
		if err := check(); err != nil {
			return command{}, err
		}
	}
	return command{run: run}, nil
}

// migrate brings the schema up to date and ends. It needs no master key, so
// that a pipeline may run it before the portal starts.
func migrate(ctx context.Context, p *program) error {
	masters := p.Masters
	if masters == nil {
		masters = [][]byte{newMasterKey()} // used for nothing, kept nowhere
	}
	s, err := p.openDatabase(ctx, masters)
	if err != nil {
		return err
	}
	defer s.Close()
	steps, err := s.Migrate(ctx)
	if err != nil {
		return err
	}
	if steps == 0 {
		fmt.Fprintln(p.stdout, "The database is up to date.")
	} else {
		fmt.Fprintf(p.stdout, "The database is up to date after %d steps.\n", steps)
	}
	return nil
}
