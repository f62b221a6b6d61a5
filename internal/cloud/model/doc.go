// Package model has the types that describe an AWS API as the wire layer needs it: identity, protocols, operations, error codes.
//
// The data is generated: each service package has an api_gen.go with its API() and with lean Go structs for the shapes of the
// operations that are wanted. Everything the codec must know of a member stands in its struct tag, so there is one source only.
//
// # Tag grammar
//
// `aws:"Member,option,…"`; the first element is the member's name in the API. Options:
//
//	x=NAME      XML element name            q=NAME      name in EC2 query requests
//	flat        flattened list or map       li=NAME     XML name of a list's elements
//	mk=, mv=    XML names of a map's key and value
//	attr        XML attribute               ns=P|URI    XML namespace (prefix and URI, or URI); lns= of list elements
//	h=NAME      HTTP header                 hp=PREFIX   map of headers with this prefix
//	uq=NAME     URI query parameter         label       URI path label
//	payload     the HTTP body               status      HTTP status code
//	ts=iso|http|epoch  timestamp format     token       idempotency token
//	sensitive   never logged                req         required
//
// A blank first field carries the shape's own XML name and namespace. Scalars and structures are pointers, so that absent,
// empty and zero stay apart; a nil list or map is absent, an empty one is empty.
package model
