package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"runtime/debug"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire/sigv4"
)

// maxBody bounds a body that is read whole: above the largest that AWS takes outside of S3's objects (DynamoDB, 16 MiB).
const maxBody = 20 << 20

// Service is one AWS API behind the server.
type Service interface {
	API() *model.API
	Operations() []Operation
}

// Documents is a service that also gives documents to anyone who asks, without a signature, such as the certificate behind the
// signatures of SNS's messages.
type Documents interface {
	Document(path string) (contentType string, body []byte, ok bool)
}

// Identities knows the access keys of the cloud's accounts.
type Identities interface {
	Find(accessKeyID string) (auth.Key, bool)
}

// Config is what a Server needs beside its services.
type Config struct {
	Identities Identities
	Used       func(accessKeyID string, use auth.Use) // told of each verified call; nil for none
	Now        func() time.Time                       // the cloud's clock
	NewID      func() string                          // request ids, in the form of a UUID
	Logger     *slog.Logger
	Record     func(*Finished) // given each call of a known caller, before its answer is sent; must not block long. nil for none
}

// Server is the HTTP handler of a local cloud: all services on one port.
type Server struct {
	config   Config
	verifier *sigv4.Verifier
	cbor     cborCodec
	router   *router
}

// NewServer makes a Server. It errs where a service's table and its model disagree.
func NewServer(config Config, services []Service) (*Server, error) {
	codec, err := newCBOR()
	if err != nil {
		return nil, fmt.Errorf("setting up CBOR: %w", err)
	}
	router, err := newRouter(services)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, cbor: codec, router: router}
	s.verifier = sigv4.New(s.credentials, config.Now)
	return s, nil
}

func (s *Server) credentials(accessKeyID string) (sigv4.Credentials, bool) {
	k, ok := s.config.Identities.Find(accessKeyID)
	if !ok || !k.Active {
		return sigv4.Credentials{}, false
	}
	return sigv4.Credentials{
		AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.SessionToken, Expires: k.Expires,
	}, true
}

// ServeHTTP answers one AWS call.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := s.config.NewID()
	h := w.Header()
	h["X-Amzn-Requestid"] = []string{id}
	if a, ok := s.router.document(req); ok {
		s.write(w, req, a)
		return
	}
	r := &routed{}
	a, err := s.serve(r, req, id, h)
	if r.api != nil && r.api.SigningName == "s3" {
		h["X-Amz-Request-Id"], h["X-Amz-Id-2"] = []string{id}, []string{id}
	}
	if r.protocol == model.CBOR {
		h["Smithy-Protocol"] = []string{"rpc-v2-cbor"}
	}
	var failed *Error
	if err != nil {
		failed = s.asError(r, req, err, id)
		a = s.renderError(r.api, r.protocol, failed, id, req.URL.Path, h)
	}
	if s.config.Record != nil && r.call != nil && r.op != nil {
		s.config.Record(&Finished{Call: r.call, API: r.api, Operation: r.op, Err: failed, in: r.in, out: r.out})
	}
	s.write(w, req, a)
}

// serve routes, verifies, decodes, handles and encodes. r is filled as far as it got, so that errors find their protocol.
func (s *Server) serve(r *routed, req *http.Request, id string, h http.Header) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	sig, sigErr := sigv4.Parse(req)
	s.router.service(r, req, sig)
	if r.api == nil {
		if sigErr != nil && !errors.Is(sigErr, sigv4.ErrMissing) {
			return a, sigErr
		}
		r.protocol = spoken(req)
		return a, errUnrouted(sig)
	}
	call := &Call{RequestID: id, Time: s.config.Now(), SourceIP: remoteIP(req), UserAgent: req.UserAgent(),
		Header: req.Header, Response: h, Region: "us-east-1", Endpoint: "http://" + req.Host}
	if req.TLS != nil {
		call.Endpoint = "https://" + req.Host
	}
	var raw []byte
	body := req.Body
	if r.isS3() {
		body, err = s.authenticateS3(req, sig, sigErr, call)
	} else {
		raw, err = s.authenticate(r, req, sig, sigErr, call)
	}
	if err != nil {
		return a, err
	}
	if r.op == nil {
		return a, s.refusal(r)
	}
	r.call = call
	if r.isREST() && raw == nil && !r.streams() {
		if raw, err = readAll(body); err != nil {
			return a, err
		}
	}
	inShape, _ := r.op.shapes()
	if signed, ok := body.(*signedBody); ok && !r.streams() {
		if err := checkDigest(inShape, req.Header, signed.Trailer(), raw); err != nil {
			return a, err
		}
	}
	in := reflect.New(r.op.in)
	if err := s.decode(r, req, in, body, raw); err != nil {
		return a, malformed(r, err)
	}
	if m := missing(inShape, in, ""); m != "" {
		return a, missingParameter(r, m)
	}
	r.in = in.Interface()
	out, err := r.op.handle(WithCall(req.Context(), call), r.in)
	if err != nil {
		return a, err
	}
	r.out = out
	if a, err = s.renderOutput(r, out, id, h); call.Status != 0 {
		a.status = call.Status
	}
	return a, err
}

// authenticate reads the body, verifies the signature over it, and finds the operation of the query protocols.
func (s *Server) authenticate(r *routed, req *http.Request, sig *sigv4.Signature, sigErr error, call *Call) ([]byte, error) {
	raw, err := readAll(req.Body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	if raw, err = decompress(req, raw); err != nil {
		return nil, malformed(r, err)
	}
	if err := r.resolve(req.URL.RawQuery, raw); err != nil {
		return nil, malformed(r, err)
	}
	if r.op != nil && r.op.Unsigned && errors.Is(sigErr, sigv4.ErrMissing) {
		call.Principal = auth.Anonymous()
		return raw, nil
	}
	if sigErr != nil {
		return nil, sigErr
	}
	if sig.Scope.Service != r.api.SigningName {
		return nil, &sigv4.Error{Code: "SignatureDoesNotMatch", Message: "Credential should be scoped to correct service: '" + r.api.SigningName + "'.", Status: http.StatusForbidden}
	}
	if _, err := s.verifier.Verify(req, sig, hex.EncodeToString(sum[:])); err != nil {
		return nil, err
	}
	return raw, s.identify(call, sig)
}

// authenticateS3 verifies the signature on the header alone and gives the decoded body, whose hash is checked as it is read.
func (s *Server) authenticateS3(req *http.Request, sig *sigv4.Signature, sigErr error, call *Call) (io.ReadCloser, error) {
	if sigErr != nil {
		return nil, sigErr
	}
	creds, err := s.verifier.Verify(req, sig, "")
	if err != nil {
		return nil, err
	}
	if err := s.identify(call, sig); err != nil {
		return nil, err
	}
	body, err := s.verifier.Body(req, sig, creds)
	if err != nil {
		return nil, err
	}
	return &signedBody{Body: body, close: req.Body.Close}, nil
}

// signedBody is an S3 request's payload. Its trailer is there once it was read to its end.
type signedBody struct {
	*sigv4.Body
	close func() error
}

func (b *signedBody) Close() error { return b.close() }

func (s *Server) identify(call *Call, sig *sigv4.Signature) error {
	k, ok := s.config.Identities.Find(sig.Scope.AccessKeyID)
	if !ok {
		return &sigv4.Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: http.StatusForbidden}
	}
	call.Principal, call.Region = k.Principal, sig.Scope.Region
	call.AccessKeyID, call.SessionStart = k.ID, k.Created
	if s.config.Used != nil {
		s.config.Used(k.ID, auth.Use{At: call.Time, Service: sig.Scope.Service, Region: sig.Scope.Region})
	}
	return nil
}

func (s *Server) decode(r *routed, req *http.Request, in reflect.Value, body io.ReadCloser, raw []byte) error {
	shape, _ := r.op.shapes()
	switch r.protocol {
	case model.Query:
		return queryDecoder{}.structure(shape, in, r.params, "")
	case model.EC2Query:
		return queryDecoder{ec2: true}.structure(shape, in, r.params, "")
	case model.JSON10, model.JSON11:
		return decodeJSON(shape, in, raw)
	case model.CBOR:
		return s.cbor.decode(shape, in, raw)
	}
	return decodeREST(shape, in, r.labels, r.query, req.Header, body, raw, r.protocol == model.RESTJSON)
}

func (s *Server) write(w http.ResponseWriter, req *http.Request, a answer) {
	h := w.Header()
	if a.stream != nil {
		defer a.stream.Close()
	}
	if a.status == http.StatusNotModified || a.status == http.StatusNoContent || a.status < 200 {
		delete(h, "Content-Length")
		w.WriteHeader(a.status)
		return
	}
	if a.contentType != "" && h["Content-Type"] == nil {
		h["Content-Type"] = []string{a.contentType}
	}
	if a.stream == nil {
		if len(a.body) > 0 || h["Content-Length"] == nil { // a HEAD's answer tells the length of a body that it does not have
			h["Content-Length"] = []string{contentLength(a)}
		}
		w.WriteHeader(a.status)
		if req.Method != http.MethodHead {
			if _, err := w.Write(a.body); err != nil {
				s.config.Logger.Debug("writing an answer", "err", err)
			}
		}
		return
	}
	w.WriteHeader(a.status)
	if req.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, a.stream); err != nil {
		// The status is sent: all that is left is to break the connection, so that the client sees a body cut short.
		s.config.Logger.Debug("sending a body", "err", err)
		panic(http.ErrAbortHandler)
	}
}

func readAll(body io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		var sigErr *sigv4.Error
		if errors.As(err, &sigErr) {
			return nil, err
		}
		return nil, &Error{Code: "IncompleteBody", Message: "The request's body ended before it was complete.", Status: http.StatusBadRequest}
	}
	if len(raw) > maxBody {
		return nil, &Error{Code: "RequestEntityTooLarge", Message: fmt.Sprintf("The request's body is larger than %d bytes.", maxBody), Status: http.StatusRequestEntityTooLarge}
	}
	return raw, nil
}

// decompress undoes the compression that SDKs apply to large bodies, such as those of PutMetricData.
// https://smithy.io/2.0/spec/behavior-traits.html#requestcompression-trait
func decompress(req *http.Request, raw []byte) ([]byte, error) {
	if req.Header.Get("Content-Encoding") != "gzip" {
		return raw, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fault("", "the body is not in gzip's format")
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil || len(plain) > maxBody {
		return nil, fault("", "the body is not in gzip's format, or longer than %d bytes without it", maxBody)
	}
	return plain, nil
}

// remoteIP gives the caller's address without port and zone, in the form in which IAM compares it.
func remoteIP(req *http.Request) string {
	if addr, err := netip.ParseAddrPort(req.RemoteAddr); err == nil {
		return addr.Addr().Unmap().WithZone("").String()
	}
	return ""
}

// Inputs is for tools that walk all operations: it calls f with each service's API and operation table.
func (s *Server) Inputs(f func(api *model.API, op *Operation)) {
	for _, svc := range s.router.services {
		for _, name := range svc.names {
			f(svc.api, svc.ops[name])
		}
	}
}
