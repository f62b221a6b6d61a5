package golden

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire"
)

// TestResponses builds the output that the SDK recorded as a response, and wants the server's bytes to mean the same.
func TestResponses(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.api.ID, func(t *testing.T) {
			dir := filepath.Join(s.moduleDir(t), "response_snapshot")
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				t.Skipf("%s ships no recorded responses; TestSDK covers its operations", s.module())
			}
			if !s.api.Speaks(model.JSON10) && !s.api.Speaks(model.JSON11) {
				t.Skipf("recorded responses of %s are read by no test", s.api.ID)
			}
			srv := server(t, s)
			covered := 0
			var without []string
			for _, op := range s.ops {
				path := filepath.Join(dir, op.Name+".response.snap")
				if _, err := os.Stat(path); err != nil {
					without = append(without, op.Name)
					continue
				}
				covered++
				t.Run(op.Name, func(t *testing.T) {
					m := readMessage(t, path)
					parse := parserOf(m)
					want := parse(t, m.body)
					out := reflect.New(outputOf(op))
					if want != nil {
						populate(t, out.Elem(), want, op.Name)
					}
					s.answer, s.err = out.Interface(), nil
					w := s.call(t, srv, op.Name)
					if kind := m.header.Get("Content-Type"); strconv.Itoa(w.Code) != m.first || kind != "" && w.Header().Get("Content-Type") != kind {
						t.Errorf("%d %v, recorded %s %v", w.Code, w.Header(), m.first, m.header)
					}
					got := parse(t, w.Body.String())
					if want == nil {
						want = map[string]any{} // an empty body and {} are the same to a client
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("got  %v\nwant %v", got, want)
					}
				})
			}
			t.Logf("%s: %d of %d operations; no recording for %v", s.api.ID, covered, len(s.ops), without)
		})
	}
}

// TestErrors answers with each error that the SDK recorded: status, type and message must be its.
func TestErrors(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.api.ID, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(s.moduleDir(t), "response_snapshot", "*.error.snap"))
			if err != nil || len(files) == 0 {
				t.Skipf("%s ships no recorded errors", s.module())
			}
			srv := server(t, s)
			for _, path := range files {
				name := strings.TrimSuffix(filepath.Base(path), ".error.snap")
				known := false
				for _, e := range s.api.Errors {
					known = known || e.Shape == name
				}
				if !known {
					t.Logf("%s is not in the model", name)
					continue
				}
				m := readMessage(t, path)
				parse := parserOf(m)
				want, _ := parse(t, m.body).(map[string]any)
				s.err = wire.Errorf(name, "__Message__")
				w := s.call(t, srv, s.ops[0].Name)
				got, _ := parse(t, w.Body.String()).(map[string]any)
				if got["__type"] != want["__type"] || want["message"] != nil && got["message"] != want["message"] || strconv.Itoa(w.Code) != m.first {
					t.Errorf("%s: got %d %v, recorded %s %v", name, w.Code, got, m.first, want)
				}
			}
			t.Logf("%s: %d errors", s.api.ID, len(files))
		})
	}
}

// parserOf gives the parser of a recording's body.
func parserOf(m message) func(t *testing.T, body string) any {
	if m.header.Get("Smithy-Protocol") != "" {
		return parseCBOR
	}
	return parseJSON
}

// call makes a JSON or CBOR call, as it is recorded, with an input that lacks nothing required.
func (s *service) call(t *testing.T, srv *wire.Server, operation string) *httptest.ResponseRecorder {
	t.Helper()
	version := "1.1"
	if s.api.Speaks(model.JSON10) {
		version = "1.0"
	}
	path := filepath.Join(s.moduleDir(t), "request_snapshot", operation+".request.snap")
	m := readMessage(t, path)
	if m.header.Get("Smithy-Protocol") == "" {
		m.header.Set("Content-Type", "application/x-amz-json-"+version)
	}
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, s.replay(t, m, false))
	return w
}

func parseJSON(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no JSON: %v in %s", err, text)
	}
	return v
}

// populate fills a generated structure from a document by its members' names alone. It shares nothing with the codec.
func populate(t *testing.T, v reflect.Value, tree any, path string) {
	t.Helper()
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(int64(tree.(float64)), 0).UTC()
		return
	case *[]byte:
		raw, err := base64.StdEncoding.DecodeString(tree.(string))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		*x = raw
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for name, item := range tree.(map[string]any) {
			found := false
			for i := range v.NumField() {
				if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("aws"), ","); tag == name && tag != "" {
					populate(t, v.Field(i), item, path+"."+name)
					found = true
				}
			}
			if !found {
				t.Errorf("%s has no member %s", path, name)
			}
		}
	case reflect.Slice:
		items := tree.([]any)
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			populate(t, v.Index(i), item, path)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for key, item := range tree.(map[string]any) {
			e := reflect.New(v.Type().Elem()).Elem()
			populate(t, e, item, path)
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	case reflect.String:
		v.SetString(tree.(string))
	case reflect.Bool:
		v.SetBool(tree.(bool))
	case reflect.Int64:
		v.SetInt(int64(tree.(float64)))
	case reflect.Float64:
		v.SetFloat(tree.(float64))
	case reflect.Interface: // a document
		v.Set(reflect.ValueOf(tree))
	default:
		t.Fatalf("%s: a %s", path, v.Type())
	}
}
