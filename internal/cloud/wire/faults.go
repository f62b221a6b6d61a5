package wire

import (
	"errors"
	"net/http"
	"strings"
	"syscall"

	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire/sigv4"
)

// asError turns whatever stopped a call into the error that its API gives. Anything that is neither an API error nor a fault of
// the request is logged in full and shown as InternalFailure only.
func (s *Server) asError(r *routed, req *http.Request, err error, id string) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var sigErr *sigv4.Error
	if errors.As(err, &sigErr) {
		return signatureError(r, sigErr)
	}
	if errors.Is(err, sigv4.ErrMissing) {
		return signatureError(r, &sigv4.Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: http.StatusForbidden})
	}
	if full := diskFull(err); full != nil {
		return full
	}
	if req.Context().Err() != nil {
		return &Error{Code: "RequestCancelled", Message: "The caller closed the connection.", Status: 499}
	}
	name := ""
	if r.api != nil {
		name = r.api.SigningName + ":" + r.name
	}
	s.config.Logger.Error("call failed", "operation", name, "request", id, "err", err)
	return &Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The local cloud failed on this call. Its log has the cause under request " + id + "."}
}

// CodeDiskFull is the code of the error that a call gets which would have written to a full disk. It is none of AWS's, where that does not happen.
const CodeDiskFull = "LocalCloudDiskFull"

// diskFull words an error that comes of a full disk; nil if it is another one. Its status is one after which the SDKs do not try again.
func diskFull(err error) *Error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	return &Error{Code: CodeDiskFull, Status: http.StatusInsufficientStorage,
		Message: "The disk that atoll's local cloud lies on is full: the call has changed nothing. Free space on this machine, and call again; `atoll cloud status` shows the directory."}
}

// signatureError translates a verdict of the signature check into the code that the API's clients know.
func signatureError(r *routed, e *sigv4.Error) *Error {
	code, status := e.Code, e.Status
	switch {
	case r.api == nil:
	case r.api.SigningName == "s3":
		switch code {
		case "IncompleteSignature":
			code = "AuthorizationHeaderMalformed"
		case "MissingAuthenticationToken":
			code = "AccessDenied"
		case "InvalidClientTokenId":
			code = "InvalidAccessKeyId"
		}
	case r.protocol == model.EC2Query:
		switch code {
		case "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidToken":
			code, status = "AuthFailure", http.StatusUnauthorized
		case "ExpiredToken":
			code, status = "RequestExpired", http.StatusUnauthorized
		}
	case r.protocol != model.Query:
		switch code {
		case "InvalidClientTokenId", "InvalidToken":
			code = "UnrecognizedClientException"
		case "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired":
			code = "InvalidSignatureException"
		default:
			code += "Exception"
		}
		status = http.StatusBadRequest
	}
	return &Error{Code: code, Message: e.Message, Status: status}
}

// malformed says in the API's own code that a request cannot be read.
func malformed(r *routed, err error) error {
	var d *decodeError
	if !errors.As(err, &d) {
		return err
	}
	code := "SerializationException"
	switch r.protocol {
	case model.EC2Query:
		code = "InvalidParameterValue"
		if d.reason == "the parameter is not recognized" {
			code = "UnknownParameter"
		}
	case model.Query:
		code = "MalformedInput"
	case model.RESTXML:
		code = "MalformedXML"
		if d.path != "" && len(r.labels) > 0 {
			code = "InvalidArgument"
		}
	}
	return &Error{Code: code, Message: d.Error(), Status: http.StatusBadRequest}
}

// missingParameter says in the API's own words that a required member has no value.
func missingParameter(r *routed, path string) error {
	switch r.protocol {
	case model.EC2Query:
		return Errorf("MissingParameter", "The request must contain the parameter %s", path)
	case model.RESTXML:
		if r.isS3() {
			return Errorf("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema: %s is missing", path)
		}
		return Errorf("InvalidRequest", "%s is required", path)
	}
	code := "ValidationException"
	if r.protocol == model.Query {
		code = "ValidationError"
	}
	return Errorf(code, "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(path))
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}

// refusal names the operation that the call asked for and that the local cloud does not have.
func (s *Server) refusal(r *routed) error {
	if r.api.Knows(r.name) {
		return NotImplemented(r.api.SigningName + ":" + r.name)
	}
	switch r.protocol {
	case model.EC2Query, model.Query:
		if r.name == "" {
			return Errorf("MissingAction", "The request must contain the parameter Action.")
		}
		if r.protocol == model.EC2Query {
			return Errorf("InvalidAction", "The action %s is not valid for this web service.", r.name)
		}
		return Errorf("InvalidAction", "Could not find operation %s for version %s", r.name, r.api.Version)
	case model.RESTXML:
		return Errorf("MethodNotAllowed", "The specified method is not allowed against this resource.").WithStatus(http.StatusMethodNotAllowed)
	case model.CBOR, model.RESTJSON:
		return Errorf("UnknownOperationException", "%s has no operation %s.", r.api.ID, r.name).WithStatus(http.StatusNotFound)
	}
	return Errorf("UnknownOperationException", "%s has no operation %s.", r.api.ID, r.name)
}

// spoken tells the protocol of a request to a service that the local cloud lacks, so that the refusal can be read.
func spoken(req *http.Request) model.Protocol {
	switch {
	case req.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return model.CBOR
	case strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-amz-json-1.0"):
		return model.JSON10
	case req.Header.Get("X-Amz-Target") != "":
		return model.JSON11
	case strings.HasPrefix(req.Header.Get("Content-Type"), "application/json"):
		return model.RESTJSON
	}
	return model.Query
}

func errUnrouted(sig *sigv4.Signature) *Error {
	if sig == nil {
		return &Error{Code: "MissingAuthenticationToken", Status: http.StatusForbidden,
			Message: "This is atoll's local AWS cloud. It answers AWS calls signed with Signature Version 4; `atoll cloud env` prints the settings for AWS tools."}
	}
	return NotImplemented("the service \"" + sig.Scope.Service + "\"")
}
