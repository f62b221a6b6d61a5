package wafv2

import (
	"fmt"

	"atoll/internal/cloud/wire"
)

// parameterFault has the further members of WAFInvalidParameterException.
type parameterFault struct {
	Field     *string `aws:"Field"`
	Parameter *string `aws:"Parameter"`
	Reason    *string `aws:"Reason"`
}

// invalid says what is wrong with a parameter; field is one of AWS's ParameterExceptionField.
func invalid(field, parameter, format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	e := wire.Errorf("WAFInvalidParameterException", "Error reason: %s, field: %s, parameter: %s", reason, field, parameter)
	e.Detail = &parameterFault{Field: &field, Parameter: &parameter, Reason: &reason}
	return e
}

func nonexistent() error {
	return wire.Errorf("WAFNonexistentItemException", "AWS WAF couldn’t perform the operation because your resource doesn’t exist.")
}

func inUse() error {
	return wire.Errorf("WAFAssociatedItemException", "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s associated with another resource.")
}

func duplicate() error {
	return wire.Errorf("WAFDuplicateItemException", "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one.")
}

func limitExceeded() error {
	return wire.Errorf("WAFLimitsExceededException", "AWS WAF couldn’t perform the operation because you exceeded your resource limit.")
}

// oneValue is AWS's answer where exactly one of several members must be given.
func oneValue(field, parameter string) error {
	return invalid(field, parameter, "You have used none or multiple values for a field that requires exactly one value.")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
