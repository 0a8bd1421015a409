package api

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/keyport/keyport/models"
)

// schemas describes Go types as JSON schemas. Answers are described exactly: all
// members are there, and no others. What is sent may hold further members, which
// are ignored, and lack any.
type schemas struct{ all object }

func (s *schemas) answered(v any) any { return s.of(reflect.TypeOf(v), false) }
func (s *schemas) sent(v any) any     { return s.of(reflect.TypeOf(v), true) }

func statusText(status int) string { return strconv.Itoa(status) }

// special are the types that write themselves in a way of their own.
var special = map[reflect.Type]object{
	reflect.TypeFor[timestamp]():       {"type": "string", "format": "date-time"},
	reflect.TypeFor[json.RawMessage](): {"type": []string{"string", "number", "boolean", "array", "object", "null"}, "items": object{}},
	reflect.TypeFor[Links]():           {"type": "object", "additionalProperties": object{"type": "string"}, "description": "Addresses by name; some are URI templates."},
	reflect.TypeFor[optionalTime]():    {"type": []string{"string", "null"}, "format": "date-time", "description": "A date and time with offset. Left out it is the default, and null is the maximum."},
	reflect.TypeFor[sentSecret]():      {"description": "A text, or an object with a NewValue. Absent, null and \"\" keep what is stored.", "oneOf": []any{object{"type": []string{"string", "null"}}, object{"type": "object"}}},
}

func (s *schemas) of(t reflect.Type, sent bool) any {
	if schema, ok := special[t]; ok {
		return schema
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.of(t.Elem(), sent))
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Slice:
		list := object{"type": "array", "items": s.of(t.Elem(), sent)}
		if sent {
			return nullable(list)
		}
		return list
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), sent)}
	case reflect.Struct:
		if t.Name() == "" {
			return s.describe(t, sent)
		}
		return s.reference(t, sent)
	}
	return object{}
}

// nullable allows null beside what a schema describes.
func nullable(schema any) any {
	o := schema.(object)
	if kind, ok := o["type"].(string); ok {
		copied := object{}
		for name, value := range o {
			copied[name] = value
		}
		copied["type"] = []string{kind, "null"}
		return copied
	}
	return object{"anyOf": []any{o, object{"type": "null"}}}
}

// reference describes a struct once, under its name.
func (s *schemas) reference(t reflect.Type, sent bool) any {
	name := schemaName(t)
	if sent {
		name = "Sent" + strings.TrimPrefix(name, "Sent")
	}
	if _, ok := s.all[name]; !ok {
		s.all[name] = object{} // so that a type that holds itself ends here
		s.all[name] = s.describe(t, sent)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// schemaName makes a name for people of the name of a type: userResource is
// User, and a page of them UserCollection.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if kind, item, ok := strings.Cut(name, "["); ok {
		item = strings.TrimSuffix(item[strings.LastIndex(item, ".")+1:], "]")
		name = item + "_" + kind
	}
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		part = strings.TrimSuffix(part, "Resource")
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func (s *schemas) describe(t reflect.Type, sent bool) object {
	members, required := object{}, []string{}
	s.members(t, sent, members, &required)
	schema := object{"type": "object", "properties": members}
	if !sent {
		schema["additionalProperties"] = false
		schema["required"] = required
	}
	return schema
}

// members adds what a struct holds, with what stands in it without a name.
func (s *schemas) members(t reflect.Type, sent bool, members object, required *[]string) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			s.members(field.Type, sent, members, required)
			continue
		case !field.IsExported(), name == "-":
			continue
		case name == "":
			name = field.Name
		}
		schema := s.of(field.Type, sent)
		if field.Tag.Get("api") == "null" {
			schema = nullable(schema)
		}
		members[name] = schema
		if !strings.Contains(options, "omitempty") {
			*required = append(*required, name)
		}
	}
}

// none is what a call answers that has nothing to say.
type none struct{}

// permissionDescriptions are described by name.
type permissionDescriptions map[models.Permission]permissionDescription
