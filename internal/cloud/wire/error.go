package wire

import (
	"fmt"
	"net/http"
)

// CodeNotImplemented is the error code of an operation, or of a setting, that the local cloud lacks. It is none of AWS's, so
// that no client takes the refusal for an answer.
const CodeNotImplemented = "NotImplementedByLocalCloud"

// Error is an error of an AWS API, rendered by the protocol that the call came over.
type Error struct {
	Code    string // as on the wire, such as "InvalidVpcID.NotFound"
	Message string
	Status  int // HTTP status; 0 takes the modelled one of the code, else 400
	Detail  any // a pointer to a struct with further members of the error, tagged as generated shapes are; nil for none
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with the status that the API's model gives its code, 400 if it has none.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithStatus gives a copy of the error with another HTTP status.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// NotImplemented refuses something that AWS has and the local cloud lacks. what names it, such as "ec2:RunInstances".
func NotImplemented(what string) *Error {
	return &Error{
		Code:    CodeNotImplemented,
		Message: "atoll's local cloud does not implement " + what + ". See docs/coverage.md for what it has.",
		Status:  http.StatusNotImplemented,
	}
}
