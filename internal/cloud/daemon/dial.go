package daemon

import (
	"bufio"
	"context"
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

	"atoll/internal/dataplane/fabric"
)

// dial connects the caller with the database server of the RDS instance whose ARN is given: the connection goes on as one to the server.
func (d *daemon) dial(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), dialTime)
	defer cancel()
	far, err := d.cloud.DialDatabase(ctx, r.URL.Query().Get("database"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, errors.Join(err, far.Close()).Error(), http.StatusInternalServerError)
		return
	}
	_, err = near.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"))
	if err != nil || buffered.Reader.Buffered() > 0 { // nobody speaks before the answer
		_ = errors.Join(near.Close(), far.Close())
		return
	}
	fabric.Splice(near, far)
}

// DialDatabase opens a connection to the database server of an RDS instance by its ARN.
func (c *Client) DialDatabase(ctx context.Context, arn string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "unix", c.dir.Socket())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("asking the cloud: %w", err)
	}
	ended := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	out, err := upgrade(conn, "/dial?database="+url.QueryEscape(arn))
	if !ended() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return out, nil
}

// upgrade sends a request after which the connection belongs to who sent it.
func upgrade(conn net.Conn, path string) (net.Conn, error) {
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: cloud\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n", path); err != nil {
		return nil, fmt.Errorf("asking the cloud: %w", err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the cloud's answer: %w", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, errors.Join(errors.New(strings.TrimSpace(string(body))), resp.Body.Close())
	}
	return &upgraded{Conn: conn, r: r}, nil
}

// upgraded is a connection of which the beginning may have been read.
type upgraded struct {
	net.Conn
	r *bufio.Reader
}

func (u *upgraded) Read(p []byte) (int, error) { return u.r.Read(p) }

// CloseWrite ends one direction.
func (u *upgraded) CloseWrite() error {
	half, ok := u.Conn.(interface{ CloseWrite() error })
	if !ok {
		return u.Close()
	}
	return half.CloseWrite()
}
