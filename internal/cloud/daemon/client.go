package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// ErrNotRunning means that no cloud runs on the directory.
var ErrNotRunning = errors.New("no cloud is running on this directory")

// Client talks to the cloud that runs on a directory.
type Client struct {
	dir  Dir
	http *http.Client
}

// connectTime bounds how long the control socket may take to answer.
const connectTime = 5 * time.Second

// NewClient makes a client. It connects with each call.
func NewClient(dir Dir) *Client {
	dialer := &net.Dialer{Timeout: connectTime}
	return &Client{dir: dir, http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", dir.Socket())
		},
	}}}
}

// Info asks the cloud about itself.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var info Info
	return info, c.call(ctx, http.MethodGet, "/info", &info)
}

// Keys asks for the keys of an account's root user. The account, 12 digits, begins to be if it is new.
func (c *Client) Keys(ctx context.Context, account string) (Keys, error) {
	var keys Keys
	return keys, c.call(ctx, http.MethodGet, "/keys/"+url.PathEscape(account), &keys)
}

// Authority asks for the certificate by which the cloud's host names are known.
func (c *Client) Authority(ctx context.Context) (Authority, error) {
	var a Authority
	return a, c.call(ctx, http.MethodGet, "/authority", &a)
}

// Reset makes the cloud as new.
func (c *Client) Reset(ctx context.Context) error { return c.call(ctx, http.MethodPost, "/reset", nil) }

// Stop ends the cloud and waits until its process has let go of the directory.
func (c *Client) Stop(ctx context.Context) error {
	if err := c.call(ctx, http.MethodPost, "/stop", nil); err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		unlock, err := c.dir.Lock()
		if err == nil {
			return unlock()
		}
		if !errors.Is(err, ErrRunning) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the cloud to end: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Save writes the cloud's archive to w.
func (c *Client) Save(ctx context.Context, w io.Writer) error {
	resp, err := c.do(ctx, http.MethodGet, "/save")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("receiving the archive: %w", err)
	}
	return nil
}

func (c *Client) call(ctx context.Context, method, path string, answer any) error {
	resp, err := c.do(ctx, method, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading the cloud's answer: %w", err)
	}
	return nil
}

func (c *Client) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://cloud"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("asking the cloud: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, errors.Join(errors.New(strings.TrimSpace(string(body))), resp.Body.Close())
	}
	return resp, nil
}
