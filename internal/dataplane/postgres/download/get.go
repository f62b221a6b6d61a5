package download

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	dialTime   = 10 * time.Second // to connect
	answerTime = 30 * time.Second // to the first byte of an answer
	stallTime  = time.Minute      // without a further byte
)

// client gives up on a registry that does not answer.
func client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: dialTime}).DialContext
	t.ResponseHeaderTimeout = answerTime
	return &http.Client{Transport: t}
}

// ErrTampered means that the registry gave something else than what is expected.
var ErrTampered = errors.New("what the registry gave is not what atoll expects of it")

// get downloads and unpacks a package into a directory, and fails unless it is exactly what the table says.
func (s *Source) get(ctx context.Context, p Package, to string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	response, err := s.ask(ctx, http.MethodGet, p)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	stalled := time.AfterFunc(stallTime, func() { cancel(fmt.Errorf("the registry has sent nothing for %v", stallTime)) })
	defer stalled.Stop()
	sum := sha512.New()
	body := &reader{r: io.TeeReader(io.LimitReader(response.Body, p.Size+1), sum), each: func() { stalled.Reset(stallTime) }}
	unpackErr := unpack(body, to)
	if _, err := io.Copy(io.Discard, body); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("after %d of %d bytes: %w", body.n, p.Size, err)
	}
	switch got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); {
	case body.n < p.Size:
		return fmt.Errorf("the answer ended after %d of %d bytes: %w", body.n, p.Size, io.ErrUnexpectedEOF)
	case body.n > p.Size:
		return fmt.Errorf("%w: it is longer than %d bytes", ErrTampered, p.Size)
	case got != p.SHA512:
		return fmt.Errorf("%w: its SHA-512 is %s instead of %s", ErrTampered, got, p.SHA512)
	}
	return unpackErr // last: what is wrong with a tampered package is that
}

// ask sends a request for a package.
func (s *Source) ask(ctx context.Context, method string, p Package) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.address(p), nil)
	if err != nil {
		return nil, err
	}
	response, err := s.options.HTTP.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address, which may hold a password
		}
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("the registry answers %s to a request for %s/%s %s", response.Status, scope, p.Name, p.Version)
	}
	return response, nil
}

// Answers asks the registry for the newest of the packages, without downloading it, and says why it cannot be had.
func (s *Source) Answers(ctx context.Context) error {
	majors := s.Majors()
	if len(majors) == 0 {
		return s.refused
	}
	p, err := s.Offers(majors[len(majors)-1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	response, err := s.ask(ctx, http.MethodHead, p)
	if err != nil {
		return fmt.Errorf("asking %s for PostgreSQL: %w", s.Registry(), err)
	}
	return response.Body.Close()
}

// Listing gives what the registry says of a platform's packages, as JSON: for the table.
// https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
func (s *Source) Listing(ctx context.Context, platform string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.registry+"/"+url.PathEscape(scope+"/"+platform), nil)
	if err != nil {
		return nil, err
	}
	response, err := s.options.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the registry answers %s for %s/%s", response.Status, scope, platform)
	}
	return io.ReadAll(response.Body)
}

// reader counts what is read.
type reader struct {
	r    io.Reader
	n    int64
	each func()
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.each()
	return n, err
}
