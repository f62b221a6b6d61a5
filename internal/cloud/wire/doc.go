// Package wire speaks AWS's protocols, both ways: EC2 query, AWS query, JSON 1.0 and 1.1, REST-JSON, REST-XML with S3's
// specifics, and RPC v2 CBOR. It is the only code that sees an http.Request (S3's object bodies are the one exception: their
// handlers get the decoded stream), and the only code that renders an error.
//
// A service gives a list of Operations, typed in and out; a Server routes each request to one of them on derived data alone:
// the credential scope of its signature, the X-Amz-Target header, the Action parameter, or method, path and query. SigV4 is
// verified for every call, with no bypass. What a service lacks is refused with the code NotImplementedByLocalCloud, HTTP 501,
// naming the operation: no SDK retries it, and no tool takes it for a feature that is switched off.
package wire
