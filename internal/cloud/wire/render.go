package wire

import (
	"io"
	"net/http"
	"reflect"
	"strconv"

	"atoll/internal/cloud/model"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// answer is a rendered response.
type answer struct {
	status      int
	contentType string
	body        []byte
	stream      io.ReadCloser
}

// renderOutput encodes an operation's output by the protocol of the call.
func (s *Server) renderOutput(r *routed, out any, requestID string, h http.Header) (answer, error) {
	_, shape := r.op.shapes()
	v := reflect.ValueOf(out).Elem()
	switch r.protocol {
	case model.Query, model.EC2Query:
		return answer{status: http.StatusOK, contentType: "text/xml;charset=UTF-8", body: renderQuery(r, shape, v, requestID)}, nil
	case model.JSON10:
		return answer{status: http.StatusOK, contentType: "application/x-amz-json-1.0", body: appendJSON(nil, shape, v)}, nil
	case model.JSON11:
		return answer{status: http.StatusOK, contentType: "application/x-amz-json-1.1", body: appendJSON(nil, shape, v)}, nil
	case model.CBOR:
		b, err := s.cbor.encode(shape, v)
		return answer{status: http.StatusOK, contentType: "application/cbor", body: b}, err
	}
	return renderREST(r, shape, v, h), nil
}

func renderQuery(r *routed, shape *shape, v reflect.Value, requestID string) []byte {
	e := &xmlEncoder{b: make([]byte, 0, 1024), millis: r.protocol == model.EC2Query}
	e.raw(xmlHead)
	root := r.op.Name + "Response"
	e.open(root, r.api.Namespace)
	e.raw(">")
	if r.protocol == model.EC2Query {
		e.raw("<requestId>" + requestID + "</requestId>")
		e.members(shape, v)
	} else {
		result := r.op.Name + "Result"
		e.raw("<" + result + ">") // also where it is empty: clients of operations such as UpdateRole want it
		e.members(shape, v)
		e.close(result)
		e.raw("<ResponseMetadata><RequestId>" + requestID + "</RequestId></ResponseMetadata>")
	}
	e.close(root)
	return e.b
}

func renderREST(r *routed, shape *shape, v reflect.Value, h http.Header) answer {
	a := answer{status: r.status}
	if status := encodeRESTHead(shape, v, h); status != 0 {
		a.status = status
	}
	xml := r.protocol == model.RESTXML
	if p := shape.payloadField(); p != nil {
		fv := v.Field(p.index)
		if absent(fv) {
			return a
		}
		switch p.shape.kind {
		case kindStream:
			a.stream = fv.Interface().(io.ReadCloser)
		case kindString:
			a.body = []byte(reflect.Indirect(fv).String())
		case kindBlob:
			a.body = fv.Bytes()
		default:
			if xml {
				name := p.xml
				if name == p.name && p.shape.xmlName != "" {
					name = p.shape.xmlName
				}
				a.body, a.contentType = renderDocument(name, r.api.Namespace, p.shape, fv), "application/xml"
			} else {
				a.body, a.contentType = appendJSON(nil, p.shape, fv), "application/json"
			}
		}
		return a
	}
	if !hasBody(shape) {
		return a
	}
	if xml {
		a.body, a.contentType = renderDocument(shape.xmlName, r.api.Namespace, shape, v), "application/xml"
	} else {
		a.body, a.contentType = appendJSON(nil, shape, v), "application/json"
	}
	return a
}

func hasBody(s *shape) bool {
	for i := range s.fields {
		if f := &s.fields[i]; !f.bound() && !f.payload {
			return true
		}
	}
	return false
}

func renderDocument(name, ns string, s *shape, v reflect.Value) []byte {
	e := &xmlEncoder{b: make([]byte, 0, 512), millis: true}
	e.raw(xmlHead)
	if s.xmlNS != "" {
		ns = s.xmlNS
	}
	e.open(name, ns)
	e.attributes(s, v)
	e.raw(">")
	if f := unwrapped(s); f != nil {
		if fv := v.Field(f.index); !absent(fv) {
			e.b = appendEscaped(e.b, reflect.Indirect(fv).String())
		}
	} else {
		e.members(s, v)
	}
	e.close(name)
	return e.b
}

// unwrapped gives the member that is a document's whole text: that of GetBucketLocation, whose root has its only member's name.
func unwrapped(s *shape) *field {
	if len(s.fields) == 1 && s.fields[0].xml == s.xmlName && s.fields[0].shape.kind == kindString {
		return &s.fields[0]
	}
	return nil
}

// renderError encodes an error by the protocol of the call, as AWS gives it.
func (s *Server) renderError(api *model.API, p model.Protocol, err *Error, requestID, resource string, h http.Header) answer {
	status := err.Status
	if status == 0 {
		status = http.StatusBadRequest
		if api != nil {
			for _, known := range api.Errors {
				if known.Code == err.Code || known.Shape == err.Code {
					status = known.Status
					break
				}
			}
		}
	}
	switch p {
	case model.JSON10, model.JSON11, model.RESTJSON:
		return renderJSONError(api, p, err, status, h)
	case model.CBOR:
		return s.renderCBORError(api, err, status, h)
	}
	e := &xmlEncoder{b: make([]byte, 0, 512)}
	e.raw(xmlHead)
	text := func(name, value string) {
		e.raw("<" + name + ">")
		e.b = appendEscaped(e.b, value)
		e.close(name)
	}
	s3 := api != nil && api.ID == "S3"
	switch {
	case p == model.EC2Query:
		e.raw("<Response><Errors><Error>")
	case s3:
		e.raw("<Error>")
	default:
		root := "ErrorResponse"
		ns := ""
		if api != nil {
			ns = api.Namespace
		}
		e.open(root, ns)
		e.raw("><Error>")
		text("Type", errorType(status))
	}
	text("Code", err.Code)
	text("Message", err.Message)
	if err.Detail != nil {
		v := reflect.ValueOf(err.Detail)
		e.members(compile(v.Type()), v)
	}
	switch {
	case p == model.EC2Query:
		e.raw("</Error></Errors>")
		text("RequestID", requestID)
		e.raw("</Response>")
	case s3:
		text("Resource", resource)
		text("RequestId", requestID)
		text("HostId", requestID)
		e.raw("</Error>")
	default:
		e.raw("</Error>")
		text("RequestId", requestID)
		e.raw("</ErrorResponse>")
	}
	contentType := "text/xml;charset=UTF-8"
	if s3 {
		contentType = "application/xml"
	}
	return answer{status: status, contentType: contentType, body: e.b}
}

func (s *Server) renderCBORError(api *model.API, err *Error, status int, h http.Header) answer {
	shapeName, code := errorNames(api, err.Code)
	h.Set("X-Amzn-Query-Error", code+";"+errorType(status))
	members := map[string]any{}
	if err.Detail != nil {
		v := reflect.ValueOf(err.Detail)
		if more, ok := plain(compile(v.Type()), v).(map[string]any); ok {
			members = more
		}
	}
	members["__type"], members["message"] = shapeName, err.Message
	b, encErr := s.cbor.enc.Marshal(members)
	if encErr != nil {
		b = nil
	}
	return answer{status: status, contentType: "application/cbor", body: b}
}

// errorNames gives the name of an error's shape, which the JSON protocols and CBOR send, and its code, which the query protocols
// send. An error that the model does not have is called the same in all.
func errorNames(api *model.API, name string) (shapeName, code string) {
	if api == nil {
		return name, name
	}
	for _, known := range api.Errors {
		if known.Shape == name {
			return known.Shape, known.Code
		}
	}
	for _, known := range api.Errors {
		if known.Code == name {
			return known.Shape, known.Code
		}
	}
	return name, name
}

func renderJSONError(api *model.API, p model.Protocol, err *Error, status int, h http.Header) answer {
	shapeName, _ := errorNames(api, err.Code)
	b := append([]byte(nil), `{"__type":`...)
	b = appendJSONString(b, shapeName)
	b = append(b, `,"message":`...)
	b = appendJSONString(b, err.Message)
	if err.Detail != nil {
		v := reflect.ValueOf(err.Detail)
		if more := appendJSON(nil, compile(v.Type()), v); len(more) > 2 {
			b = append(append(b, ','), more[1:len(more)-1]...)
		}
	}
	b = append(b, '}')
	h.Set("X-Amzn-Errortype", shapeName)
	contentType := "application/json"
	switch p {
	case model.JSON10:
		contentType = "application/x-amz-json-1.0"
	case model.JSON11:
		contentType = "application/x-amz-json-1.1"
	}
	return answer{status: status, contentType: contentType, body: b}
}

func errorType(status int) string {
	if status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

func contentLength(a answer) string { return strconv.Itoa(len(a.body)) }
