package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// auditCommand reads the options of: keyport audit verify.
func auditCommand(args []string) (command, error) {
	var heads []models.AuditHead
	flags := flag.NewFlagSet("audit verify", flag.ContinueOnError)
	flags.Func("head", "", func(s string) error {
		head, ok := parseHead(s)
		if !ok {
			return fmt.Errorf("%q is not a head: copy it from the log, like 4711:9f86d0…", s)
		}
		heads = append(heads, head)
		return nil
	})
	return withFlags(flags, args, nil, func(ctx context.Context, p *program) error { return verifyAudit(ctx, p, heads) })
}

// formatHead writes a link of the chain as it stands in the log.
func formatHead(h models.AuditHead) string {
	return strconv.FormatInt(h.EventID, 10) + ":" + hex.EncodeToString(h.MAC)
}

func parseHead(s string) (h models.AuditHead, ok bool) {
	id, sum, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(id, 10, 64)
	mac, bad := hex.DecodeString(sum)
	return models.AuditHead{EventID: n, MAC: mac}, err == nil && bad == nil && n >= 0 && len(mac) == len(models.ChainStart)
}

// verifyAudit walks the trail and says what it found.
func verifyAudit(ctx context.Context, p *program, heads []models.AuditHead) error {
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	report, err := s.VerifyAudit(ctx, heads)
	if err != nil {
		return err
	}
	if report.Uncovered > 0 {
		fmt.Fprintf(p.stdout, "%d events are older than the chain and were not checked.\n", report.Uncovered)
	}
	if report.Finding != nil {
		return failed(nil, "The audit trail was changed outside of Keyport. %s %d events before it are as they were written.", report.Finding, report.Checked)
	}
	fmt.Fprintf(p.stdout, "The audit trail is whole: %d events from event %d on, head %s.\n", report.Checked, report.From, formatHead(report.Head))
	return nil
}

// logHead puts the newest link of the chain into the log, from where the end of
// the trail can't be removed by somebody who can write to the database.
func logHead(s *store.Store, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		head, err := s.AuditHead(ctx)
		if err == nil {
			log.Info("head of the audit trail", "head", formatHead(head))
		}
		return err
	}
}
