package model

import "strings"

// Protocol is one of AWS's wire protocols.
type Protocol int

// The protocols, by AWS's names: awsQuery, ec2Query, restXml, restJson1, awsJson1_0, awsJson1_1, rpcv2Cbor.
const (
	Query Protocol = iota + 1
	EC2Query
	RESTXML
	RESTJSON
	JSON10
	JSON11
	CBOR
)

// API is the wire side of one AWS service.
type API struct {
	ID           string // service id, such as "CloudWatch Logs"
	SigningName  string // service in a SigV4 credential scope
	Version      string // such as "2016-11-15"
	Namespace    string // of XML answers
	TargetPrefix string // of X-Amz-Target, and the service name in RPC v2 paths
	Protocols    []Protocol
	Operations   []Operation
	Errors       []ErrorShape
	Others       string // names of the operations without shapes, space separated
}

// Operation is an operation's HTTP binding. Wanted says that its shapes were generated.
type Operation struct {
	Name, Method, URI string
	Status            int
	Wanted            bool
}

// ErrorShape is one modelled error: the shape's name, the code on the wire (they differ in query services), and its HTTP status.
type ErrorShape struct {
	Shape, Code string
	Status      int
}

// Speaks reports whether the API can be called over p.
func (a *API) Speaks(p Protocol) bool {
	for _, q := range a.Protocols {
		if q == p {
			return true
		}
	}
	return false
}

// Knows reports whether AWS has an operation of this name, wanted or not.
func (a *API) Knows(name string) bool {
	for _, op := range a.Operations {
		if op.Name == name {
			return true
		}
	}
	for other := range strings.SplitSeq(a.Others, " ") {
		if other == name && name != "" {
			return true
		}
	}
	return false
}
