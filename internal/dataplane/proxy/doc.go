// Package proxy serves application load balancers: it takes connections at one local address (the edge) and from virtual networks, finds
// the load balancer by host name, matches rules, checks targets' health, and forwards. It follows
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/ and knows no service of the cloud: what it serves is a Config, what it
// needs are the interfaces in Options.
//
// At the edge, plaintext and TLS share one port; the first byte tells them apart. Plaintext goes to the load balancer's HTTP listener on port
// 80, or its only one; TLS to its HTTPS listener on 443, or its only one. A further label picks another listener:
// p8443.NAME-ID.REGION.elb.localhost. Redirects to a load balancer's own name are written with the edge's port, so that clients can follow them.
// Domains that lead to a load balancer, by DNS records or by its certificates, are found too, and with .localhost behind them, so that they need no
// resolver: shop.example.com.localhost. Conditions and redirects see names as AWS has them, targets as the client sent them.
//
// A load balancer may have a Guard (Protect), which judges each request before the listener's rules do. Requests that the proxy itself refuses,
// such as those with the method TRACE, do not come before it.
//
// What differs from AWS:
//   - Network and gateway load balancers, Lambda functions, authentication and JWT validation are not served: requests are answered with 501 and
//     a text that names what is missing. Listeners with mutual TLS end the handshake.
//   - Who is outside of the virtual network is let in or blocked once for each connection and listener, when its first request or its
//     handshake comes, since only these name the load balancer.
//   - The Host header reaches targets as the client sent it, with the edge's port if it has that, whether it is to be preserved or not.
//   - A load balancer has one node for each zone, all of them in this process. A client's connection is given to them in turn. Targets are
//     checked from each node; the first failure counts.
//   - A target that has never been healthy is checked each second, so that it need not wait for an interval; its failures count once an interval.
//   - Draining ends with the last request in flight, and so does the state draining. States and drains are lost with the process: a restart
//     finds all targets initial. Cookies of stickiness stay valid.
//   - A request whose connection a target refuses goes to another target, if there is one: nothing of it was sent. AWS answers 502. A request that
//     was sent is never sent again.
//   - A client that stalls within a request's header is cut off after a minute, without 408. One that stalls within its body is waited for, unless
//     a web ACL is to read the body (408 after the idle time-out).
//   - Desync mitigation is Go's: requests that are ambiguous are refused with 400 in each mode.
//   - Access logs: sizes count header lines and bodies, without frames of HTTP/2 and of chunks. Files of a process that is killed are lost.
//   - LCUs, failed TLS handshakes and rejected connections are not metered; there are no IPv6 metrics. Connection logs and health check
//     logs are not written.
package proxy
