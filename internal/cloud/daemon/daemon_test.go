package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
)

// start runs a cloud in this process until the test ends, and gives what it says of itself.
func start(t *testing.T, dir daemon.Dir) daemon.Info {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan daemon.Info, 1), make(chan error, 1)
	config := daemon.Config{Dir: dir, Version: "test", Logger: slog.New(slog.DiscardHandler)}
	go func() { ended <- daemon.Run(ctx, config, func(i daemon.Info) { ready <- i }) }()
	select {
	case info := <-ready:
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the cloud ended with %v", err)
			}
		})
		return info
	case err := <-ended:
		cancel()
		t.Fatal(err)
		return daemon.Info{}
	}
}

// TestProxy sends S3 Control's calls as clients do whose HTTP_PROXY is the cloud: absolute-form, to the account's own host name.
func TestProxy(t *testing.T) {
	dir := daemon.Dir(t.TempDir())
	info := start(t, dir)
	keys, err := daemon.NewClient(dir).Keys(t.Context(), cloud.DefaultAccount)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := url.Parse(info.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxied := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(endpoint)}}
	config := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(info.Endpoint), HTTPClient: proxied,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")}
	if _, err := s3.NewFromConfig(config).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("things")}); err != nil {
		t.Fatal(err)
	}
	control := s3control.NewFromConfig(config)
	arn := aws.String("arn:aws:s3:::things")
	if _, err := control.TagResource(t.Context(), &s3control.TagResourceInput{AccountId: aws.String(info.Account), ResourceArn: arn,
		Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}); err != nil {
		t.Fatal(err)
	}
	out, err := control.ListTagsForResource(t.Context(), &s3control.ListTagsForResourceInput{AccountId: aws.String(info.Account), ResourceArn: arn})
	if err != nil || len(out.Tags) != 1 || *out.Tags[0].Value != "b" {
		t.Errorf("the tags are %v, %v", out, err)
	}

	resp, err := proxied.Get("http://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"http://web.us-east-1.elb.localhost" + info.Edge[strings.LastIndexByte(info.Edge, ':'):], "http://web.us-east-1.elb.amazonaws.com/"} {
		if resp, err := proxied.Get(url); err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("a load balancer that is not there, %s: %v, %v", url, resp, err)
		}
	}
	if resp.StatusCode != http.StatusBadGateway || !strings.Contains(string(body), "no proxy for example.com") {
		t.Errorf("a foreign host: %s %q", resp.Status, body)
	}
}

// TestUnsigned holds that the port gives nothing to callers who do not sign, whatever page or host name they come from.
func TestUnsigned(t *testing.T) {
	info := start(t, daemon.Dir(t.TempDir()))
	for _, path := range []string{"/", "/info", "/keys", "/stop", "/things/k"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			req, err := http.NewRequestWithContext(t.Context(), method, info.Endpoint+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "rebound.example"
			req.Header.Set("Origin", "http://rebound.example")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode < 400 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s answers %s, Access-Control-Allow-Origin %q", method, path, resp.Status, resp.Header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}

func TestOneProcessPerDirectory(t *testing.T) {
	dir := daemon.Dir(t.TempDir())
	start(t, dir)
	err := daemon.Run(t.Context(), daemon.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)}, func(daemon.Info) { t.Error("a second cloud started") })
	if !errors.Is(err, daemon.ErrRunning) {
		t.Errorf("the error is %v, want ErrRunning", err)
	}
}

func TestDirectoryIsClosedToOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	start(t, daemon.Dir(dir))
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has the mode %o, want 700", info.Mode().Perm())
	}
}

func TestClient(t *testing.T) {
	dir := daemon.Dir(t.TempDir())
	client := daemon.NewClient(dir)
	if _, err := client.Info(t.Context()); !errors.Is(err, daemon.ErrNotRunning) {
		t.Errorf("without a cloud the error is %v, want ErrNotRunning", err)
	}
	start(t, dir)
	var archive bytes.Buffer
	if err := client.Save(t.Context(), &archive); err != nil || archive.Len() == 0 {
		t.Errorf("saving %d bytes: %v", archive.Len(), err)
	}
	if err := client.Reset(t.Context()); err != nil {
		t.Error(err)
	}
	if err := client.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := client.Info(t.Context()); !errors.Is(err, daemon.ErrNotRunning) {
		t.Errorf("after a stop the error is %v, want ErrNotRunning", err)
	}
}

func TestDialDatabase(t *testing.T) {
	dir := daemon.Dir(t.TempDir())
	arn := "arn:aws:rds:us-east-1:" + cloud.DefaultAccount + ":db:none"
	if _, err := daemon.NewClient(dir).DialDatabase(t.Context(), arn); !errors.Is(err, daemon.ErrNotRunning) {
		t.Errorf("without a cloud: %v", err)
	}
	start(t, dir)
	if _, err := daemon.NewClient(dir).DialDatabase(t.Context(), arn); err == nil || err.Error() != arn+": there is no such DB instance" {
		t.Errorf("an instance that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := daemon.NewClient(dir).DialDatabase(ended, arn); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}
