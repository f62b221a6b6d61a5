package sigv4

import (
	"errors"
	"net/http"
)

// Error is why a request was refused. Codes are those of STS's query API; the wire layer translates them for other APIs.
type Error struct {
	Code, Message string
	Status        int
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrMissing means that a request has no signature at all.
var ErrMissing = errors.New("the request has no signature")

func refuse(code, message string) *Error {
	return &Error{Code: code, Message: message, Status: http.StatusForbidden}
}

func malformed(message string) *Error {
	return &Error{Code: "IncompleteSignature", Message: message, Status: http.StatusBadRequest}
}

func badRequest(code, message string) *Error {
	return &Error{Code: code, Message: message, Status: http.StatusBadRequest}
}
