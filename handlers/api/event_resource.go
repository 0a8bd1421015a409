package api

import (
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/keyport/keyport/models"
)

// eventResource is an event in Octopus's shape.
type eventResource struct {
	Id                      string
	RelatedDocumentIds      []string
	Category                models.Category
	UserId                  string
	Username                string
	IsService               bool
	IdentityEstablishedWith string
	UserAgent               string
	IpAddress               string
	ApiKeyId                *string // the key that it was done with, null without one
	ApiKeyHint              *string
	Occurred                timestamp
	Message                 string
	MessageHtml             string
	MessageReferences       []messageReference
	Comments                *string
	Details                 *string
	ChangeDetails           changeDetails
	SpaceId                 *string // null: what happens belongs to the whole server
	Links                   Links
}

type messageReference struct {
	ReferencedDocumentId string
	StartIndex           int
	Length               int
}

type changeDetails struct {
	DocumentContext *string
	Differences     []patchOperation `api:"null"` // null when nothing that was there before was changed
}

// patchOperation is a step of a JSON patch (RFC 6902): a test says what was
// there, and a replacement what came.
type patchOperation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// systemUser is who acts when nobody asked for it, Octopus's id.
const systemUser = "users-system"

func (l linker) event(e models.Event) eventResource {
	r := eventResource{
		Id: e.PublicID(), RelatedDocumentIds: e.Documents(), Category: e.Category, UserId: systemUser, Username: e.Username, IsService: e.IsService,
		IdentityEstablishedWith: e.IdentifiedBy, UserAgent: e.UserAgent, IpAddress: e.Address, Occurred: timestamp(e.OccurredAt),
		Message: e.Message, MessageHtml: messageHTML(e), MessageReferences: []messageReference{},
		ChangeDetails: changeDetails{Differences: patch(e.Differences)}, Links: Links{"Self": l.to("/api/events/" + e.PublicID())},
	}
	if e.UserID != nil {
		r.UserId = models.UserID(*e.UserID)
	}
	if e.APIKeyID != "" {
		hint := models.Hint(e.APIKeyPrefix)
		r.ApiKeyId, r.ApiKeyHint = &e.APIKeyID, &hint
	}
	for _, reference := range e.References {
		r.MessageReferences = append(r.MessageReferences, messageReference{reference.DocumentID, reference.Start, reference.Length})
	}
	return r
}

// patch writes differences as a JSON patch.
func patch(differences []models.Difference) []patchOperation {
	var operations []patchOperation
	for _, d := range differences {
		path := "/" + strings.ReplaceAll(strings.NewReplacer("~", "~0", "/", "~1").Replace(d.Path), ".", "/")
		for _, step := range []struct {
			op    string
			value any
		}{{"test", d.Before}, {"replace", d.After}} {
			value, err := json.Marshal(step.value)
			if err != nil {
				continue
			}
			operations = append(operations, patchOperation{step.op, path, value})
		}
	}
	return operations
}

// messageHTML writes the message with a link around each document that it names.
// Everything in it that people typed is escaped.
func messageHTML(e models.Event) string {
	text, at := utf16.Encode([]rune(e.Message)), 0
	part := func(from, to int) string { return html.EscapeString(string(utf16.Decode(text[from:to]))) }
	var b strings.Builder
	references := slices.Clone(e.References)
	slices.SortFunc(references, func(a, b models.Reference) int { return a.Start - b.Start })
	for _, r := range references {
		end := r.Start + r.Length
		if r.Start < at || r.Length <= 0 || end > len(text) {
			continue
		}
		b.WriteString(part(at, r.Start) + "<a href='#/" + documentPath(r.DocumentID) + "'>" + part(r.Start, end) + "</a>")
		at = end
	}
	return b.String() + part(at, len(text))
}

// documentPath is where Octopus's portal would show a document.
func documentPath(id string) string {
	collection, _, _ := strings.Cut(id, "-")
	return html.EscapeString(strings.ToLower(collection) + "/" + id)
}

func parseEventID(s string) (int64, bool) {
	id, ok := strings.CutPrefix(strings.ToLower(s), "events-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == id
}
