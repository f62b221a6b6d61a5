package registry

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Config is what the registries need.
type Config struct {
	ECR    *ecr.Service
	Invoke func(ctx context.Context, call *wire.Call, signingName, operation string, in any) (any, error) // runs an operation of the cloud
	Now    func() time.Time
	NewID  func() string // request ids, in the form of a UUID
	Logger *slog.Logger
}

// Handler serves all accounts' and regions' registries.
type Handler struct{ config Config }

// New makes the Handler.
func New(config Config) *Handler { return &Handler{config} }

var hosts = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z]{2}(?:-[a-z]+)+-[0-9])\.(?:amazonaws\.com|localhost)$`)

// Scope gives the account and region of a registry's host, which may have a port.
func Scope(host string) (state.Scope, bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	m := hosts.FindStringSubmatch(strings.ToLower(host))
	if m == nil {
		return state.Scope{}, false
	}
	return state.Scope{Account: m[1], Region: m[2]}, true
}

// Owns reports whether a request is for a registry, or for a layer's download URL.
func (h *Handler) Owns(r *http.Request) bool {
	_, ok := Scope(r.Host)
	return ok || strings.HasPrefix(r.URL.Path, ecr.DownloadPath)
}

// request is a request on its way through the handler.
type request struct {
	*Handler
	http  *http.Request
	w     http.ResponseWriter
	ctx   context.Context // carries the call
	call  *wire.Call
	scope state.Scope
	repo  string
}

// ServeHTTP answers a request that the handler owns.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := h.config.NewID()
	w.Header()["X-Amzn-Requestid"] = []string{id}
	if strings.HasPrefix(r.URL.Path, ecr.DownloadPath) {
		h.download(w, r)
		return
	}
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	scope, _ := Scope(r.Host)
	q := &request{Handler: h, http: r, w: w, scope: scope}
	err := q.authenticate(id)
	if err == nil {
		err = q.route()
	}
	if err != nil {
		q.fail(err)
	}
}

// authenticate finds out who holds the token that the request shows.
func (q *request) authenticate(id string) error {
	_, password, ok := q.http.BasicAuth()
	if !ok {
		q.challenge()
		return &fault{http.StatusUnauthorized, "UNAUTHORIZED", "Not Authorized"}
	}
	who, err := q.config.ECR.Holder(password)
	switch {
	case errors.Is(err, ecr.ErrTokenExpired):
		return &fault{http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again."}
	case err != nil:
		q.challenge()
		return &fault{http.StatusUnauthorized, "UNAUTHORIZED", "Not Authorized: the password is not one of GetAuthorizationToken"}
	case who.Account != q.scope.Account:
		return &fault{http.StatusForbidden, "DENIED", "User: " + who.ARN + " is not authorized: atoll's local cloud keeps registries to their own accounts."}
	}
	q.call = q.newCall(who, id)
	q.ctx = wire.WithCall(q.http.Context(), q.call)
	return nil
}

func (q *request) challenge() {
	q.w.Header().Set("Www-Authenticate", `Basic realm="https://`+q.http.Host+`/",service="ecr.amazonaws.com"`)
}

func (q *request) newCall(who auth.Principal, id string) *wire.Call {
	call := &wire.Call{Principal: who, Region: q.scope.Region, RequestID: id, Time: q.config.Now(), UserAgent: q.http.UserAgent(),
		Endpoint: "http://" + q.http.Host, Header: q.http.Header, Response: q.w.Header()}
	if q.http.TLS != nil {
		call.Endpoint = "https://" + q.http.Host
	}
	if addr, err := netip.ParseAddrPort(q.http.RemoteAddr); err == nil {
		call.SourceIP = addr.Addr().Unmap().WithZone("").String()
	}
	return call
}

// invoke runs one of ECR's operations for the request's caller.
func invoke[O, I any](q *request, operation string, in *I) (*O, error) {
	out, err := q.config.Invoke(q.http.Context(), q.call, "ecr", operation, in)
	if err != nil {
		return nil, err
	}
	return out.(*O), nil
}

// route finds the endpoint of a path. Repositories' names have slashes: the last words decide.
func (q *request) route() error {
	path, ok := strings.CutPrefix(q.http.URL.Path, "/v2")
	switch {
	case !ok || path != "" && path[0] != '/':
		return &fault{http.StatusNotFound, "NAME_UNKNOWN", "the registry's API begins with /v2/"}
	case path == "" || path == "/":
		return q.allow(map[string]func() error{http.MethodGet: q.hello})
	case path == "/_catalog":
		return q.allow(map[string]func() error{http.MethodGet: q.catalog})
	}
	path = path[1:]
	if repo, ok := strings.CutSuffix(path, "/tags/list"); ok {
		q.repo = repo
		return q.allow(map[string]func() error{http.MethodGet: q.tags})
	}
	if at := strings.LastIndex(path, "/blobs/uploads/"); at >= 0 {
		q.repo = path[:at]
		return q.uploads(path[at+len("/blobs/uploads/"):])
	}
	if repo, ok := strings.CutSuffix(path, "/blobs/uploads"); ok {
		q.repo = repo
		return q.uploads("")
	}
	at := strings.LastIndex(path, "/")
	rest, reference := path[:max(at, 0)], path[at+1:]
	for words, endpoint := range map[string]func(string) error{"/manifests": q.manifests, "/blobs": q.blobs, "/referrers": q.referrers} {
		if repo, ok := strings.CutSuffix(rest, words); ok {
			q.repo = repo
			return endpoint(reference)
		}
	}
	return &fault{http.StatusNotFound, "NAME_UNKNOWN", "the registry has no " + q.http.URL.Path}
}

// allow runs the function for the request's method; HEAD is answered as GET is.
func (q *request) allow(methods map[string]func() error) error {
	do := methods[q.http.Method]
	if do == nil && q.http.Method == http.MethodHead {
		do = methods[http.MethodGet]
	}
	if do == nil {
		return &fault{http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported."}
	}
	return do()
}

func (q *request) hello() error { return q.json(http.StatusOK, "application/json", struct{}{}) }
