// Package golden holds the wire layer against the AWS SDK for Go: the requests and responses that its modules ship as recordings,
// and its own serialisers and deserialisers. It covers every operation of every service that the local cloud registers.
package golden

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire"
)

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// service is a registered service whose handlers were put aside: it notes what arrives and answers what it is told.
type service struct {
	api    *model.API
	ops    []wire.Operation
	got    any   // pointer to the input of the last call
	answer any   // pointer to the output of the next call; nil for an empty one
	err    error // of the next call
}

func (s *service) API() *model.API { return s.api }

func (s *service) Operations() []wire.Operation {
	list := make([]wire.Operation, len(s.ops))
	for i, op := range s.ops {
		list[i] = op.With(func(_ context.Context, in any) (any, error) {
			s.got = in
			if err := keepStream(in); err != nil {
				return nil, err
			}
			return s.answer, s.err
		})
	}
	return list
}

// keepStream reads an input's body while the call lasts, and puts what it read in its place.
func keepStream(in any) error {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		body, ok := v.Field(i).Interface().(io.ReadCloser)
		if !ok {
			continue
		}
		raw, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		v.Field(i).Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(raw))))
	}
	return nil
}

// module is the SDK's module for a service, by the rule of its names.
func (s *service) module() string {
	return "github.com/aws/aws-sdk-go-v2/service/" + strings.ToLower(strings.ReplaceAll(s.api.ID, " ", ""))
}

// moduleDir is where the module's files are; it skips the test where the module is not in the cache.
func (s *service) moduleDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", s.module()).CombinedOutput()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("%s is not in the module cache (go mod download %s fetches it): %v %s", s.module(), s.module(), err, out)
	}
	return dir
}

// services gives every service of the cloud.
func services(t *testing.T) []*service {
	t.Helper()
	var list []*service
	cloudtest.Start(t).Server().Inputs(func(api *model.API, op *wire.Operation) {
		if len(list) == 0 || list[len(list)-1].api.ID != api.ID {
			list = append(list, &service{api: api})
		}
		last := list[len(list)-1]
		last.ops = append(last.ops, *op)
	})
	if len(list) == 0 {
		t.Fatal("the cloud has no services")
	}
	return list
}

type identities struct{}

func (identities) Find(accessKeyID string) (auth.Key, bool) {
	k := auth.Key{ID: keyID, Secret: secret, Active: true, Principal: auth.Principal{Account: "111111111111"}}
	return k, accessKeyID == keyID
}

// server runs the services alone, at the machine's time.
func server(t *testing.T, list ...*service) *wire.Server {
	t.Helper()
	all := make([]wire.Service, len(list))
	for i, s := range list {
		all[i] = s
	}
	srv, err := wire.NewServer(wire.Config{
		Identities: identities{}, Now: time.Now, NewID: id.Source{}.UUID, Logger: slog.New(slog.NewTextHandler(testLog{t}, nil)),
	}, all)
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// operation finds the model's entry of an operation.
func (s *service) operation(name string) model.Operation {
	for _, op := range s.api.Operations {
		if op.Name == name {
			return op
		}
	}
	panic(fmt.Sprintf("%s has no %s", s.api.ID, name))
}

// host is where a client would send a service's calls.
const host = "golden.test"

func isREST(api *model.API) bool { return api.Speaks(model.RESTXML) || api.Speaks(model.RESTJSON) }

func outputOf(op wire.Operation) reflect.Type {
	_, out := op.Types()
	return out
}
