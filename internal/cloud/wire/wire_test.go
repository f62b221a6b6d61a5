package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/model"
)

// SampleInput has a member of every kind, in the tags' notation of generated shapes.
type SampleInput struct {
	Name   *string           `aws:"Name"`
	Count  *int64            `aws:"Count"`
	Ratio  *float64          `aws:"Ratio"`
	Flag   *bool             `aws:"Flag"`
	When   *time.Time        `aws:"When"`
	Iso    *time.Time        `aws:"Iso,ts=iso"`
	HTTP   *time.Time        `aws:"HTTP,ts=http"`
	Epoch  *time.Time        `aws:"Epoch,ts=epoch"`
	Data   []byte            `aws:"Data"`
	Names  []string          `aws:"Names"`
	Flat   []string          `aws:"Flat,flat"`
	Items  []SampleItem      `aws:"Items,li=item"`
	Lists  [][]string        `aws:"Lists"`
	Map    map[string]string `aws:"Map"`
	Counts map[string]int64  `aws:"Counts,flat,mk=K,mv=V"`
	Item   *SampleItem       `aws:"Item"`
	Any    any               `aws:"Any"`
	Alias  *string           `aws:"Alias,x=alias,q=OtherName,j=alias"`
	Blobs  [][]byte          `aws:"Blobs"`
	Extra  *string           `aws:"extra,x=extra"`
}

// SampleItem may hold itself.
type SampleItem struct {
	Key   *string      `aws:"Key,req"`
	Kind  *string      `aws:"Kind,attr,x=xsi:type"`
	Items []SampleItem `aws:"Items,li=item"`
	Item  *SampleItem  `aws:"Item"`
}

// SampleOutput is the same seen from the other side.
type SampleOutput SampleInput

// fake is a service of one operation that notes its input and gives what it is told.
type fake struct {
	api  *model.API
	ops  []Operation
	got  *SampleInput
	call *Call
	out  *SampleOutput
	err  error
	hook func()
}

func (f *fake) API() *model.API         { return f.api }
func (f *fake) Operations() []Operation { return f.ops }

func (f *fake) sample(ctx context.Context, in *SampleInput) (*SampleOutput, error) {
	f.got, f.call = in, CallFrom(ctx)
	if f.hook != nil {
		f.hook()
	}
	if f.out == nil {
		f.out = &SampleOutput{}
	}
	return f.out, f.err
}

// newFake makes a service that speaks one protocol.
func newFake(p model.Protocol) *fake {
	f := &fake{api: &model.API{
		ID: "Sample Service", SigningName: "sample", Version: "2026-01-01", Namespace: "https://sample.test/doc/", TargetPrefix: "Sample_20260101",
		Protocols:  []model.Protocol{p},
		Operations: []model.Operation{{Name: "Sample", Method: "POST", URI: "/", Status: 200, Wanted: true}, {Name: "Lacking", Method: "GET", URI: "/lacking", Status: 200}},
		Errors:     []model.ErrorShape{{Shape: "NoSuchThingException", Code: "NoSuchThing", Status: 404}, {Shape: "ThrottledException", Code: "ThrottledException", Status: 429}},
		Others:     "Rare Rarer",
	}}
	f.ops = []Operation{Read(f.sample)}
	return f
}

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var testTime = time.Date(2026, 3, 5, 12, 30, 0, 0, time.UTC)

type testIdentities struct{}

func (testIdentities) Find(id string) (auth.Key, bool) {
	k := auth.Key{ID: id, Secret: testSecret, Active: true, Principal: auth.Principal{Account: "111111111111", ARN: "arn:aws:iam::111111111111:root"}}
	switch id {
	case testKey:
	case "AKIAINACTIVE":
		k.Active = false
	case "ASIAENDED":
		k.SessionToken, k.Expires = "token", testTime.Add(-time.Second)
	default:
		return auth.Key{}, false
	}
	return k, true
}

// newServer runs services. Its log is what the returned builder holds.
func newServer(t testing.TB, services ...Service) (*Server, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	srv, err := NewServer(Config{
		Identities: testIdentities{}, Now: func() time.Time { return testTime }, NewID: func() string { return "11111111-2222-4333-8444-555555555555" },
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, services)
	if err != nil {
		t.Fatal(err)
	}
	return srv, &log
}

// request makes an unsigned request; headers are pairs.
func request(method, uri, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, uri, strings.NewReader(body))
	r.Host = "127.0.0.1:4566"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// signed signs a request as the SDKs do.
func signed(t testing.TB, r *http.Request, service, body string) *http.Request {
	return signedBy(t, r, service, body, testKey, testSecret)
}

func signedBy(t testing.TB, r *http.Request, service, body, key, secret string) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if service == "s3" {
		if r.Header.Get("X-Amz-Content-Sha256") == "" {
			r.Header.Set("X-Amz-Content-Sha256", hash)
		}
		hash = r.Header.Get("X-Amz-Content-Sha256")
	}
	creds := aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}
	err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hash, service, "eu-west-1", testTime, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// protocolHeaders are those by which a call of Sample is known.
func protocolHeaders(p model.Protocol) (path string, headers []string) {
	switch p {
	case model.JSON10:
		return "/", []string{"Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "Sample_20260101.Sample"}
	case model.JSON11:
		return "/", []string{"Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "Sample_20260101.Sample"}
	case model.CBOR:
		return "/service/Sample_20260101/operation/Sample", []string{"Content-Type", "application/cbor", "Smithy-Protocol", "rpc-v2-cbor"}
	case model.Query, model.EC2Query:
		return "/", []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}
	}
	return "/", nil
}

// post calls Sample with a body and gives the answer.
func (f *fake) post(t testing.TB, body string) *httptest.ResponseRecorder {
	t.Helper()
	srv, _ := newServer(t, f)
	path, headers := protocolHeaders(f.api.Protocols[0])
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, signed(t, request("POST", path, body, headers...), "sample", body))
	return w
}

// mustDecode calls Sample and wants its input read as want.
func mustDecode(t *testing.T, p model.Protocol, body string, want *SampleInput) {
	t.Helper()
	f := newFake(p)
	w := f.post(t, body)
	if f.got == nil {
		t.Fatalf("refused: %d %s", w.Code, w.Body)
	}
	if !reflect.DeepEqual(f.got, want) {
		t.Errorf("read as %s\nwant    %s", show(f.got), show(want))
	}
}

// mustRefuse calls Sample and wants the body refused with a code.
func mustRefuse(t *testing.T, p model.Protocol, body, code string) {
	t.Helper()
	f := newFake(p)
	w := f.post(t, body)
	if f.got != nil || w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), code) {
		t.Errorf("got %d %.300s (input %s), want %s", w.Code, w.Body, show(f.got), code)
	}
}

func show(v any) string {
	if reflect.ValueOf(v).IsNil() {
		return "none"
	}
	return string(appendJSON(nil, compile(reflect.TypeOf(v)), reflect.ValueOf(v)))
}
