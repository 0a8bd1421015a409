package views

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// sentence writes words one after the other. A template puts a blank between
// its parts, which would tear a name from the comma behind it.
func sentence(list []Words) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, words := range list {
			text := templ.EscapeString(words.Text)
			if words.Strong {
				text = "<b><bdi>" + text + "</bdi></b>"
			}
			b.WriteString(text)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
