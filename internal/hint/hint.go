// Package hint gives errors a line that tells the user what to do about them.
package hint

import (
	"errors"
	"fmt"
	"strings"
)

// Error is an error that its user can mend. Its text ends with a line "Try: …".
type Error struct {
	Err error  // what failed and why
	Try string // what to do, as an order: "install Go 1.26 from https://go.dev/dl/"
}

const separator = "\nTry: "

func (e *Error) Error() string { return e.Err.Error() + separator + e.Try }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error with a hint. The format takes %w as fmt.Errorf does.
func Errorf(try, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Try: try}
}

// Split parts the text of an error from its hint, whatever wraps the error. try is empty where there is none.
func Split(err error) (message, try string) {
	message = err.Error()
	if e, ok := errors.AsType[*Error](err); ok {
		return strings.TrimSuffix(message, separator+e.Try), e.Try
	}
	return message, ""
}
