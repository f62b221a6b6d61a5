package wire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/model"
)

// Finished is an answered call, for the audit record. It may be looked at later and elsewhere than the call was made: handlers leave
// inputs and outputs alone once they have returned.
type Finished struct {
	Call      *Call
	API       *model.API
	Operation *Operation
	Err       *Error // nil for a success

	in, out any // nil where the call did not get so far
}

// hidden stands for what must not be recorded.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secretMembers are hidden beside those that the models call sensitive and those whose names have "Password" in them.
var secretMembers = map[string]bool{
	"AuthToken": true, "ClientSecret": true, "Plaintext": true, "PrivateKey": true, "SAMLAssertion": true, "SecretAccessKey": true,
	"SecretBinary": true, "SecretString": true, "SessionToken": true, "WebIdentityToken": true,
}

// ErrorCode gives the code as CloudTrail records it: EC2's with who is to blame, others by their modelled name.
func (f *Finished) ErrorCode() string {
	if f.Err == nil {
		return ""
	}
	if f.API.Speaks(model.EC2Query) {
		if f.Err.Status >= http.StatusInternalServerError {
			return "Server." + f.Err.Code
		}
		return "Client." + f.Err.Code
	}
	name, _ := errorNames(f.API, f.Err.Code)
	return name
}

// Resources gives the ARNs that the call was about, none where they are not known.
func (f *Finished) Resources() []string {
	if f.in == nil || f.Operation.resources == nil {
		return nil
	}
	return f.Operation.resources(WithCall(context.Background(), f.Call), f.in)
}

// Output gives what the handler answered, nil if it failed.
func (f *Finished) Output() any { return f.out }

// Input gives what the handler was asked, nil if it could not be read.
func (f *Finished) Input() any { return f.in }

// AppendRequest writes the input as CloudTrail does: JSON with members that begin in lower case, and secrets hidden. It is "null"
// where there are none.
func (f *Finished) AppendRequest(b []byte) []byte {
	if f.in == nil {
		return append(b, "null"...)
	}
	shape, _ := f.Operation.shapes()
	r := recorder{s3: f.API.SigningName == "s3"}
	return r.members(b, shape, reflect.ValueOf(f.in), "")
}

// AppendResponse writes the output of a call that changed something. Others have "null", as on AWS.
func (f *Finished) AppendResponse(b []byte) []byte {
	if f.out == nil || !f.Operation.Mutating {
		return append(b, "null"...)
	}
	_, shape := f.Operation.shapes()
	r := recorder{ec2: f.API.Speaks(model.EC2Query)}
	if r.ec2 {
		return r.members(b, shape, reflect.ValueOf(f.out), `"requestId":"`+f.Call.RequestID+`"`)
	}
	return r.members(b, shape, reflect.ValueOf(f.out), "")
}

// recorder writes values in the form of audit records.
type recorder struct {
	ec2 bool // names members as EC2's XML does, and lists as {"items": […]}
	s3  bool // calls a bucket bucketName
}

// members writes a structure, "null" for one without members. first goes before all of them.
func (r recorder) members(b []byte, s *shape, v reflect.Value, first string) []byte {
	v = reflect.Indirect(v)
	start := len(b)
	b = append(append(b, '{'), first...)
	for i := range s.fields {
		f := &s.fields[i]
		fv := v.Field(f.index)
		if absent(fv) || f.shape.kind == kindStream {
			continue
		}
		if len(b) > start+1 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, r.name(f)), ':')
		if f.secret() {
			b = append(b, `"`+hidden+`"`...)
			continue
		}
		b = r.value(b, f.shape, fv)
	}
	if len(b) == start+1 {
		return append(b[:start], "null"...)
	}
	return append(b, '}')
}

func (f *field) secret() bool {
	if f.sensitive {
		return true
	}
	return (f.shape.kind == kindString || f.shape.kind == kindBlob) && (secretMembers[f.name] || strings.Contains(f.name, "Password"))
}

func (r recorder) name(f *field) string {
	switch {
	case r.ec2:
		return f.xml
	case r.s3 && f.name == "Bucket":
		return "bucketName"
	}
	first, n := utf8.DecodeRuneInString(f.name)
	if first < 'A' || first > 'Z' {
		return f.name
	}
	return string(first+'a'-'A') + f.name[n:]
}

func (r recorder) value(b []byte, s *shape, v reflect.Value) []byte {
	switch s.kind {
	case kindStruct:
		start := len(b)
		if b = r.members(b, s, v, ""); len(b)-start == len("null") && b[start] == 'n' {
			b = append(b[:start], "{}"...)
		}
		return b
	case kindList:
		if r.ec2 {
			b = append(b, `{"items":`...)
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = r.value(b, s.elem, v.Index(i))
		}
		b = append(b, ']')
		if r.ec2 {
			b = append(b, '}')
		}
		return b
	case kindMap:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, k.String()), ':')
			b = r.value(b, s.elem, v.MapIndex(k))
		}
		return append(b, '}')
	case kindTime:
		return appendJSONString(b, reflect.Indirect(v).Interface().(time.Time).UTC().Format("Jan 2, 2006, 3:04:05 PM"))
	case kindDocument:
		raw, err := json.Marshal(v.Interface())
		if err != nil {
			return append(b, "null"...)
		}
		return append(b, raw...)
	case kindBlob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	}
	return appendJSON(b, s, v)
}
