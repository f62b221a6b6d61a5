package golden

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"atoll/internal/cloud/model"
)

// message is a recorded request or response: a first line, headers, a body.
type message struct {
	first  string
	header http.Header
	body   string
}

func readMessage(t *testing.T, path string) message {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(strings.NewReader(string(raw)))
	m := message{header: http.Header{}}
	if m.first, err = r.ReadString('\n'); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	m.first = strings.TrimSpace(m.first)
	for started := false; ; started = true {
		line, err := r.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if line == "" && (started || err != nil || len(m.header) > 0) {
			break
		}
		if name, value, ok := strings.Cut(line, ": "); ok {
			m.header.Add(name, value)
		}
		if err != nil {
			break
		}
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	m.body = string(rest)
	return m
}

// TestRequests replays the SDK's recorded requests. Every value that one sends must arrive in the operation's input, under the
// member that the recording names it after, and nothing else may.
func TestRequests(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.api.ID, func(t *testing.T) {
			dir := filepath.Join(s.moduleDir(t), "request_snapshot")
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				t.Skipf("%s ships no recorded requests; TestSDK covers its operations", s.module())
			}
			srv := server(t, s)
			covered := 0
			var without []string
			for _, op := range s.ops {
				path := filepath.Join(dir, op.Name+".request.snap")
				if _, err := os.Stat(path); err != nil {
					without = append(without, op.Name)
					continue
				}
				covered++
				t.Run(op.Name, func(t *testing.T) {
					m := readMessage(t, path)
					in, _ := op.Types()
					_, hasBucket := in.FieldByName("Bucket")
					r := s.replay(t, m, hasBucket)
					w := httptest.NewRecorder()
					s.got, s.answer, s.err = nil, reflect.New(outputOf(op)).Interface(), nil
					srv.ServeHTTP(w, r)
					if s.got == nil || reflect.TypeOf(s.got).Elem() != in {
						t.Fatalf("not handled: %d %s", w.Code, w.Body)
					}
					var misplaced []string
					arrived := structLeaves(reflect.ValueOf(s.got).Elem(), "", &misplaced)
					arrived = without1(arrived, bucket)
					if i := slices.Index(arrived, digest(m.body)); i >= 0 && m.header.Get("Content-Md5") == recordedDigest {
						arrived[i] = recordedDigest
					}
					if diff := difference(s.sent(t, op.Name, m), arrived); len(diff) > 0 {
						t.Errorf("values differ:\n%s", strings.Join(diff, "\n"))
					}
					if len(misplaced) > 0 {
						t.Errorf("values stand in the wrong members:\n%s", strings.Join(misplaced, "\n"))
					}
				})
			}
			t.Logf("%s: %d of %d operations; no recording for %v", s.api.ID, covered, len(s.ops), without)
		})
	}
}

// bucket is put into the paths of S3's recordings, which leave it out.
const bucket = "recorded-bucket"

// replay makes a signed request of a recording.
func (s *service) replay(t *testing.T, m message, hasBucket bool) *http.Request {
	t.Helper()
	method, uri, _ := strings.Cut(m.first, " ")
	if s.api.ID == "S3" && hasBucket {
		uri = "/" + bucket + uri
	}
	r := httptest.NewRequest(method, "http://"+host+uri, strings.NewReader(m.body))
	r.Header = m.header.Clone()
	if r.Header.Get("Content-Md5") == recordedDigest {
		r.Header.Set("Content-Md5", digest(m.body))
	}
	payload := "UNSIGNED-PAYLOAD"
	if s.api.SigningName == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	} else {
		sum := sha256.Sum256([]byte(m.body))
		payload = hex.EncodeToString(sum[:])
	}
	creds := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	err := v4.NewSigner().SignHTTP(context.Background(), creds, r, payload, s.api.SigningName, "us-east-1", time.Now(), func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = s.api.SigningName == "s3"
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recordedDigest stands in the recordings for the digest of a body. The server verifies it, so that it is replayed as what it should be.
const recordedDigest = "__ContentMD5__"

func digest(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// sent collects the values that a recorded request carries, wherever its protocol puts them.
func (s *service) sent(t *testing.T, operation string, m message) []leaf {
	t.Helper()
	_, uri, _ := strings.Cut(m.first, " ")
	path, query, _ := strings.Cut(uri, "?")
	switch {
	case m.header.Get("Content-Type") == cborType:
		return cborLeaves(t, m.body)
	case s.api.Speaks(model.EC2Query), s.api.Speaks(model.Query):
		form, err := url.ParseQuery(m.body)
		if err != nil {
			t.Fatal(err)
		}
		var out []leaf
		for name, values := range form {
			if name != "Action" && name != "Version" && name != "DestinationRegion" { // the SDK adds the last for signed URLs
				out = append(out, textLeaf(values[0]))
			}
		}
		return out
	case !isREST(s.api):
		return s.bodyLeaves(t, m.body)
	}
	var out []leaf
	pattern, fixed, _ := strings.Cut(s.operation(operation).URI, "?")
	literal, err := url.ParseQuery(fixed)
	if err != nil {
		t.Fatal(err)
	}
	params, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range params {
		if !literal.Has(name) && name != "x-id" {
			for _, v := range values {
				out = append(out, textLeaf(v))
			}
		}
	}
	segments := strings.Split(pattern, "/")
	for i, part := range strings.Split(path, "/") {
		label := i < len(segments) && strings.HasPrefix(segments[i], "{") // of an enumeration: such values are recorded as they are
		if strings.HasPrefix(part, "__") || label && part != "" && s.api.ID != "S3" {
			out = append(out, part)
		}
	}
	for name, values := range m.header {
		switch {
		case name == "Content-Type" && !strings.HasPrefix(values[0], "__"):
		case name == "Content-Md5" && !strings.HasPrefix(values[0], "__"):
		case name == "X-Amz-Meta-Key0":
			out = append(out, "key0", values[0])
		default:
			for _, v := range values {
				out = append(out, textLeaf(v))
			}
		}
	}
	return append(out, s.bodyLeaves(t, m.body)...)
}

func (s *service) bodyLeaves(t *testing.T, body string) []leaf {
	t.Helper()
	switch {
	case body == "":
		return nil
	case strings.HasPrefix(body, "<"):
		return xmlLeaves(t, body)
	case strings.HasPrefix(body, "{"):
		d := json.NewDecoder(strings.NewReader(body))
		d.UseNumber()
		var tree any
		if err := d.Decode(&tree); err != nil {
			t.Fatalf("the recording is no JSON: %v", err)
		}
		return jsonLeaves(tree)
	}
	return []leaf{body}
}

// without1 takes one occurrence of a value out.
func without1(list []leaf, value leaf) []leaf {
	for i, v := range list {
		if v == value {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}
