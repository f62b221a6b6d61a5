package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// measured is what a load gave.
type measured struct {
	perSecond float64
	times     []time.Duration // sorted
}

func (m measured) print(call, others string) {
	at := func(p float64) time.Duration {
		return m.times[int(p*float64(len(m.times)-1))].Round(10 * time.Microsecond)
	}
	fmt.Printf("| %s | %s | %.0f | %s | %s |\n", call, others, m.perSecond, at(0.50), at(0.99))
}

// load sends what next gives over the connections until the time is up. next is called by each connection in turn, with its number.
func load(ctx context.Context, o options, next func(connection, i int) (*http.Request, error)) (measured, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: o.connections, DialContext: (&net.Dialer{}).DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	times := make([][]time.Duration, o.connections)
	failed := make([]error, o.connections)
	began := time.Now()
	var all sync.WaitGroup
	for c := range o.connections {
		all.Go(func() {
			for i := 0; time.Since(began) < o.time && ctx.Err() == nil; i++ {
				req, err := next(c, i)
				if err != nil {
					failed[c] = err
					return
				}
				sent := time.Now()
				if failed[c] = send(client, req.WithContext(ctx)); failed[c] != nil {
					return
				}
				times[c] = append(times[c], time.Since(sent))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	for _, err := range failed {
		if err != nil {
			return measured{}, err
		}
	}
	m := measured{times: slices.Concat(times...)}
	if len(m.times) == 0 {
		return m, fmt.Errorf("no answer: %w", ctx.Err())
	}
	slices.Sort(m.times)
	m.perSecond = float64(len(m.times)) / took.Seconds()
	return m, nil
}

func send(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return err
}

// measureFloor loads a bare handler in this process, which reads the body and answers as many bytes as DescribeVpcs does.
func (o options) measureFloor(ctx context.Context) error {
	body := strings.Repeat("x", 1300)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			_, _ = io.WriteString(w, body) // the client sees what is missing
		}
	}))
	defer server.Close()
	m, err := load(ctx, o, func(int, int) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("Action=DescribeVpcs&Version=2016-11-15"))
	})
	if err == nil {
		m.print("bare net/http handler", "")
	}
	return err
}
