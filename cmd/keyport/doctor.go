package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// verdict is how bad a finding is.
type verdict string

const (
	isWell verdict = "ok"
	warn   verdict = "warn"
	bad    verdict = "bad"
)

// finding is one line of what the doctor found, with what to do.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Message string  `json:"message"`
}

// doctor looks at an installation and mends nothing.
type doctor struct {
	p        *program
	findings []finding
}

// doctorCommand reads the options of: keyport doctor.
func doctorCommand(args []string) (command, error) {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	return withFlags(flags, args, nil, func(ctx context.Context, p *program) error { return examine(ctx, p, *asJSON) })
}

// examine prints all findings, and fails when one of them is bad.
func examine(ctx context.Context, p *program, asJSON bool) error {
	d := &doctor{p: p}
	d.add("configuration", isWell, "The environment can be used.")
	d.address()
	d.files()
	d.database(ctx)
	if err := d.print(asJSON); err != nil {
		return err
	}
	if n := d.count(bad); n > 0 {
		return failed(nil, "Findings that keep Keyport from working: %d. Do what the lines marked bad say.", n)
	}
	return nil
}

func (d *doctor) add(check string, v verdict, format string, args ...any) {
	d.findings = append(d.findings, finding{check, v, fmt.Sprintf(format, args...)})
}

func (d *doctor) count(v verdict) (n int) {
	for _, f := range d.findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

func (d *doctor) print(asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(d.p.stdout)
		e.SetIndent("", "  ")
		return e.Encode(d.findings)
	}
	for _, f := range d.findings {
		if _, err := fmt.Fprintf(d.p.stdout, "%-5s %-14s %s\n", f.Verdict, f.Check, f.Message); err != nil {
			return err
		}
	}
	return nil
}

func (d *doctor) address() {
	switch u := d.p.PublicURL; {
	case u == nil:
		d.add("public URL", warn, "Links lead to the address that Keyport listens on. Set KEYPORT_PUBLIC_URL to the https address by which people reach it.")
	case u.Scheme != "https":
		d.add("public URL", warn, "%s is not encrypted, so passwords and keys can be read on the way. Put Keyport behind HTTPS.", u)
	default:
		d.add("public URL", isWell, "People reach the portal at %s.", u)
	}
}

// files checks that other accounts of the machine stay out.
func (d *doctor) files() {
	places := []string{d.p.DataDir}
	if path := d.p.SQLitePath(); path != "" && filepath.Dir(path) != filepath.Clean(d.p.DataDir) {
		places = append(places, filepath.Dir(path))
	}
	for _, place := range places {
		info, err := os.Stat(place)
		switch {
		case errors.Is(err, os.ErrNotExist) && d.p.SQLitePath() == "":
		case errors.Is(err, os.ErrNotExist):
			d.add("folder", warn, "%s does not exist yet. The first start makes it.", place)
		case err != nil:
			d.add("folder", bad, "%s can't be looked at. Give this account the right to read it.", place)
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
			d.add("folder", warn, "Other accounts may enter %s. Run: chmod 700 %s", place, place)
		default:
			d.add("folder", isWell, "Only its owner may enter %s.", place)
		}
	}
}

// sentence is what a person may read of an error; the log has its cause.
func (d *doctor) sentence(err error) string {
	sentence, _, cause := explain(err)
	if cause != nil {
		d.p.log.Error("keyport doctor", "cause", cause)
	}
	return sentence
}
