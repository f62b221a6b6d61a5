package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/inspect"
	"atoll/internal/status"
	"atoll/internal/terraform"
	"atoll/internal/ui"
)

// awsDomain ends the names of load balancers. On this machine they end otherwise: every resolver leads names under localhost here.
const awsDomain = ".amazonaws.com"

// localURL gives the address at which the local cloud answers for a load balancer's: edge is where it does, as host:port.
func localURL(address, edge string) string {
	u, err := url.Parse(address)
	_, port, splitErr := net.SplitHostPort(edge)
	if err != nil || splitErr != nil {
		return address
	}
	u.Host = net.JoinHostPort(strings.TrimSuffix(u.Hostname(), awsDomain)+".localhost", port)
	return u.String()
}

// reachable gives the URL at which an environment is reached from here; empty without one.
func (o *opened) reachable(outputs map[string]terraform.Output) string {
	address, _ := scalar(outputs["url"])
	if address == "" || o.target != deploy.Local {
		return address
	}
	return localURL(address, o.edge)
}

// urlOf gives the URL at which what stands of an environment is reached from here; empty without a load balancer that takes requests.
func (f *environment) urlOf(ctx context.Context, env Env, found *inspect.Environment, settings config.Environment) (string, error) {
	if found.LoadBalancer == nil {
		return "", nil
	}
	domain := ""
	if d, ok := settings.Setting("domain", "name"); ok && d.Value.Type() == cty.String && !d.Value.IsNull() {
		domain = d.Value.AsString()
	}
	address := status.URL(found.LoadBalancer, domain)
	if address == "" || f.target != string(deploy.Local) {
		return address, nil
	}
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return "", err
	}
	info, err := daemon.NewClient(dir).Info(ctx)
	if err != nil {
		return "", err
	}
	return localURL(address, info.Edge), nil
}

// answerTime bounds how long a fresh environment may take to answer.
const answerTime = time.Minute

// tryURL asks an environment for its first page until it answers with success, and words how that went.
func (f *up) tryURL(ctx context.Context, env Env, o *opened, address string) (status string, err error) {
	if address == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	client := edgeClient(o)
	if o.signs(address) {
		dir, err := cloudDir(env, f.cloudDir)
		if err != nil {
			return "", err
		}
		trusted, err := authority(ctx, dir)
		if err != nil {
			return "", err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(trusted))
		client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	status = "no answer"
	_ = deploy.Step(o.progress, "first answer", func() (string, error) { // a page that is not there is no failure of up
		for {
			began := time.Now()
			code, err := get(ctx, client, address)
			if err == nil && code < http.StatusInternalServerError {
				status = fmt.Sprintf("%d in %s", code, ui.Seconds(time.Since(began)))
				return status, nil
			}
			if err == nil {
				status = fmt.Sprintf("answers %d", code)
			}
			select {
			case <-ctx.Done():
				return status, nil
			case <-time.After(lookPause):
			}
		}
	})
	return status, nil
}

// signs says whether a URL's certificate is signed by the local cloud's own authority.
func (o *opened) signs(address string) bool {
	return o.target == deploy.Local && strings.HasPrefix(address, "https://")
}

// edgeClient reaches load balancers; on the local cloud it needs no names.
func edgeClient(o *opened) *http.Client {
	t := &http.Transport{DisableKeepAlives: true}
	if o.target == deploy.Local {
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, o.edge)
		}
	}
	return &http.Client{Transport: t, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func get(ctx context.Context, client *http.Client, address string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
