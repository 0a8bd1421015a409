package api

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/keyport/keyport/models"
)

// maxDepth is how deep JSON may be nested.
const maxDepth = 32

// checkShape refuses JSON that two readers may understand differently: anything
// but one object, nesting beyond maxDepth, and objects in which a name occurs
// twice in whatever case, of which the decoder would quietly take the last.
func checkShape(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	open, err := decoder.Token()
	if err != nil || open != json.Delim('{') {
		return notJSON()
	}
	if err := checkObject(decoder, 1); err != nil {
		return err
	}
	if decoder.More() {
		return notJSON()
	}
	return nil
}

func checkObject(decoder *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return notJSON()
		}
		name = strings.ToLower(name)
		if seen[name] {
			return models.InvalidField("", "A member of the JSON object is given twice. Give each one once.")
		}
		seen[name] = true
		if err := checkValue(decoder, depth); err != nil {
			return err
		}
	}
	return closing(decoder)
}

func checkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return notJSON()
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth >= maxDepth {
		return models.InvalidField("", "The JSON is nested too deeply.")
	}
	if delim == '{' {
		return checkObject(decoder, depth+1)
	}
	for decoder.More() {
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	return closing(decoder)
}

func closing(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return notJSON()
	}
	return nil
}
