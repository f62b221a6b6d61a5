package wire

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire/sigv4"
)

// routed is what is known of a call's destination, filled step by step.
type routed struct {
	svc      *service
	api      *model.API
	protocol model.Protocol
	name     string     // of the operation, as asked
	op       *Operation // nil if we lack it
	status   int        // of a REST answer
	params   *node      // of the query protocols
	query    url.Values // of the REST protocols
	labels   map[string]string

	call    *Call // once the caller is known
	in, out any   // of the handler, as far as it got
}

func (r *routed) isREST() bool { return r.protocol == model.RESTXML || r.protocol == model.RESTJSON }

// isS3 reports whether the call follows S3's rules of signing: S3 itself and S3 Control.
func (r *routed) isS3() bool { return r.api.SigningName == "s3" }

// streams reports whether the handler takes the body as a stream.
func (r *routed) streams() bool {
	in, _ := r.op.shapes()
	p := in.payloadField()
	return p != nil && p.shape.kind == kindStream
}

// service is a registered service with its routing data.
type service struct {
	api       *model.API
	ops       map[string]*Operation
	names     []string // in the order of the table
	templates []*template
}

type router struct {
	services []*service
	bySign   map[string][]*service
	byTarget map[string]*service
	unsigned map[string]*service // of the query protocol, by the operation's name
	docs     []Documents
}

func newRouter(list []Service) (*router, error) {
	r := &router{bySign: map[string][]*service{}, byTarget: map[string]*service{}, unsigned: map[string]*service{}}
	for _, s := range list {
		svc, err := newService(s)
		if err != nil {
			return nil, err
		}
		r.services = append(r.services, svc)
		r.bySign[svc.api.SigningName] = append(r.bySign[svc.api.SigningName], svc)
		r.byTarget[svc.api.TargetPrefix] = svc
		for name, op := range svc.ops {
			if op.Unsigned && svc.api.Speaks(model.Query) {
				r.unsigned[name] = svc
			}
		}
		if d, ok := s.(Documents); ok {
			r.docs = append(r.docs, d)
		}
	}
	return r, nil
}

func newService(s Service) (*service, error) {
	api := s.API()
	svc := &service{api: api, ops: map[string]*Operation{}}
	for _, op := range s.Operations() {
		if svc.ops[op.Name] != nil {
			return nil, fmt.Errorf("%s: the operation %s is in the table twice", api.ID, op.Name)
		}
		if op.Action == "" {
			op.Action = api.SigningName + ":" + op.Name
		}
		svc.ops[op.Name] = &op
		svc.names = append(svc.names, op.Name)
	}
	wanted := 0
	for _, m := range api.Operations {
		op := svc.ops[m.Name]
		if m.Wanted {
			wanted++
			if op == nil {
				return nil, fmt.Errorf("%s: the operation %s has shapes and no handler", api.ID, m.Name)
			}
		} else if op != nil {
			return nil, fmt.Errorf("%s: the operation %s has a handler and is not in tools/apigen/services.json", api.ID, m.Name)
		}
		if !api.Speaks(model.RESTXML) && !api.Speaks(model.RESTJSON) {
			continue
		}
		t := newTemplate(m.Name, m.Method, m.URI, m.Status)
		t.op = op
		if op != nil {
			in, _ := op.shapes()
			for i := range in.fields {
				if f := &in.fields[i]; f.required && (f.uriQuery != "" || f.header != "" && !f.label) {
					t.needs = append(t.needs, f)
				}
			}
		}
		svc.templates = append(svc.templates, t)
	}
	if wanted != len(svc.ops) {
		return nil, fmt.Errorf("%s: the table has %d operations, the model %d", api.ID, len(svc.ops), wanted)
	}
	return svc, nil
}

// document gives what a service has for anyone at a path.
func (r *router) document(req *http.Request) (answer, bool) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || req.Header.Get("Authorization") != "" || req.URL.RawQuery != "" {
		return answer{}, false
	}
	for _, d := range r.docs {
		if contentType, body, ok := d.Document(req.URL.Path); ok {
			return answer{status: http.StatusOK, contentType: contentType, body: body}, true
		}
	}
	return answer{}, false
}

// service finds the API that a request is for, and for all protocols but the query ones its operation too.
func (r *router) service(d *routed, req *http.Request, sig *sigv4.Signature) {
	path := req.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/service/"); ok && req.Header.Get("Smithy-Protocol") != "" {
		target, op, _ := strings.Cut(rest, "/operation/")
		if svc := r.byTarget[target]; svc != nil && svc.api.Speaks(model.CBOR) {
			d.set(svc, model.CBOR, op)
			return
		}
	}
	if header := req.Header.Get("X-Amz-Target"); header != "" {
		target, op, _ := strings.Cut(header, ".")
		if svc := r.byTarget[target]; svc != nil {
			p := model.JSON11
			if svc.api.Speaks(model.JSON10) {
				p = model.JSON10
			}
			if svc.api.Speaks(p) {
				d.set(svc, p, op)
				return
			}
		}
	}
	var candidates []*service
	switch {
	case sig != nil:
		candidates = r.bySign[sig.Scope.Service]
	case path == "/" && (req.URL.Query().Has("Action") ||
		req.Method == http.MethodPost && strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded")):
		candidates = r.bySign["sts"] // the only API whose SDKs call operations unsigned; of others there are links
		if svc := r.unsigned[req.URL.Query().Get("Action")]; svc != nil {
			candidates = []*service{svc}
		}
	case path != "/":
		candidates = r.bySign["s3"]
	}
	for _, svc := range candidates {
		api := svc.api
		switch {
		case api.Speaks(model.EC2Query):
			d.set(svc, model.EC2Query, "")
		case api.Speaks(model.Query):
			d.set(svc, model.Query, "")
		case api.ID == "S3 Control":
			if !isS3Control(req) {
				continue
			}
			d.setREST(svc, model.RESTXML, req, path, nil)
		case api.ID == "S3":
			if isS3Control(req) {
				continue
			}
			bucket, rest := bucketOf(req)
			labels := map[string]string{}
			if bucket != "" {
				labels["Bucket"] = bucket
			}
			d.setREST(svc, model.RESTXML, req, rest, labels)
		case api.Speaks(model.RESTXML):
			d.setREST(svc, model.RESTXML, req, path, nil)
		case api.Speaks(model.RESTJSON):
			d.setREST(svc, model.RESTJSON, req, path, nil)
		default: // a JSON API, called without a target
			d.set(svc, api.Protocols[0], "")
		}
		return
	}
}

func (d *routed) set(svc *service, p model.Protocol, name string) {
	d.svc, d.api, d.protocol, d.name = svc, svc.api, p, name
	d.op = svc.ops[name]
}

func (d *routed) setREST(svc *service, p model.Protocol, req *http.Request, path string, labels map[string]string) {
	d.svc, d.api, d.protocol = svc, svc.api, p
	d.query = req.URL.Query()
	templates := svc.templates
	if labels != nil && labels["Bucket"] == "" {
		templates = withoutBucket(templates)
	} else if labels != nil {
		templates = withBucket(templates)
	}
	t, got := route(templates, req.Method, path, d.query, req.Header)
	if t == nil {
		d.name = req.Method + " " + path
		return
	}
	for k, v := range labels {
		got[k] = v
	}
	d.name, d.op, d.status, d.labels = t.name, t.op, t.status, got
}

// withBucket and withoutBucket part S3's operations on a bucket or object from those on the service.
func withBucket(list []*template) []*template    { return filterBucket(list, true) }
func withoutBucket(list []*template) []*template { return filterBucket(list, false) }

func filterBucket(list []*template, want bool) []*template {
	out := make([]*template, 0, len(list))
	for _, t := range list {
		service := t.name == "ListBuckets" || t.name == "ListDirectoryBuckets" || t.name == "WriteGetObjectResponse"
		if service != want {
			out = append(out, t)
		}
	}
	return out
}

// resolve finds the operation of a query call from its parameters; the others' is known already.
// They stand in the body, or in the URL, as those of a presigned call do.
func (d *routed) resolve(query string, raw []byte) error {
	if d.protocol != model.Query && d.protocol != model.EC2Query {
		return nil
	}
	form := string(raw)
	if query != "" {
		form = query + "&" + form
	}
	params, err := parseQuery(form)
	if err != nil {
		return err
	}
	d.params, d.name = params, params.text("Action")
	d.op = d.svc.ops[d.name]
	return nil
}

// isS3Control reports whether a call with S3's signing name is one of S3 Control's: its paths have a version in front, and each
// call names the account, in a header or in the host.
func isS3Control(req *http.Request) bool {
	if !strings.HasPrefix(req.URL.Path, "/v20180820/") {
		return false
	}
	first, _, _ := strings.Cut(req.Host, ".")
	return req.Header.Get("X-Amz-Account-Id") != "" || len(first) == 12 && strings.Trim(first, "0123456789") == ""
}

// bucketOf gives the bucket that an S3 request addresses, from its host or its path, and the escaped rest of the path.
func bucketOf(req *http.Request) (bucket, rest string) {
	path := req.URL.EscapedPath()
	if b := hostBucket(req.Host); b != "" {
		return b, path
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	name, err := url.PathUnescape(first)
	if err != nil {
		return first, "/" + rest
	}
	return name, "/" + rest
}

// hostBucket gives the bucket in a virtual-hosted request's host, "" for path style.
func hostBucket(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	if net.ParseIP(host) != nil || host == "localhost" {
		return ""
	}
	for _, base := range []string{".localhost", ".127.0.0.1"} {
		if label, ok := strings.CutSuffix(host, base); ok {
			if label == "s3" || strings.HasPrefix(label, "s3.") && !strings.Contains(label[3:], ".") {
				return ""
			}
			if i := strings.LastIndex(label, ".s3"); i > 0 && (i+3 == len(label) || label[i+3] == '.') {
				return label[:i]
			}
			return label
		}
	}
	if label, ok := strings.CutSuffix(host, ".amazonaws.com"); ok {
		if i := strings.LastIndex(label, ".s3"); i > 0 {
			return label[:i]
		}
	}
	return ""
}
