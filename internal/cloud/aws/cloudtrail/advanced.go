package cloudtrail

import (
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/trail"
)

const maxConditions = 500 // values in all advanced selectors of a trail

// Event categories of advanced selectors.
const (
	management = "Management"
	data       = "Data"
	network    = "NetworkActivity"
)

// fieldsOf are the fields that a selector of a category may test.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
var fieldsOf = map[string][]string{
	management: {"eventCategory", "eventSource", "eventName", "eventType", "readOnly", "sessionCredentialFromConsole", "userIdentity.arn"},
	data:       {"eventCategory", "eventSource", "eventName", "eventType", "readOnly", "resources.type", "resources.ARN", "sessionCredentialFromConsole", "userIdentity.arn"},
	network:    {"eventCategory", "eventSource", "eventName", "errorCode", "vpcEndpointId"},
}

func checkAdvanced(selectors []AdvancedEventSelector) error {
	conditions := 0
	for i := range selectors {
		s := &selectors[i]
		category := s.equals("eventCategory")
		fields, known := fieldsOf[category]
		switch {
		case len(text(s.Name)) > 1000:
			return badSelectors("The name of an advanced event selector must have at most 1000 characters.")
		case !known:
			return badSelectors("An advanced event selector must have the field eventCategory that equals one of Management, Data and NetworkActivity.")
		case category == data && s.equals("resources.type") == "":
			return badSelectors("An advanced event selector of data events must have the field resources.type that equals one type.")
		case category == network && s.equals("eventSource") == "":
			return badSelectors("An advanced event selector of network activity must have the field eventSource that equals one source.")
		}
		seen := map[string]bool{}
		for _, f := range s.FieldSelectors {
			name := *f.Field
			n := len(f.all())
			conditions += n
			equal := f.Equals != nil && n == len(f.Equals)
			switch {
			case !slices.Contains(fields, name):
				return badSelectors("The field %s is not supported by advanced event selectors of the category %s.", name, category)
			case seen[name]:
				return badSelectors("The field %s is given twice.", name)
			case n == 0:
				return badSelectors("The field %s must have at least one operator with a value.", name)
			case slices.Contains(f.all(), ""):
				return badSelectors("The field %s has an empty value.", name)
			case name == "readOnly" && (!equal || n != 1 || f.Equals[0] != "true" && f.Equals[0] != "false"):
				return badSelectors("The field readOnly must equal true or false.")
			case (name == "eventCategory" || name == "resources.type") && (!equal || n != 1):
				return badSelectors("The field %s takes the operator Equals with one value.", name)
			}
			seen[name] = true
		}
	}
	if conditions > maxConditions {
		return badSelectors("A trail can have at most %d values in its advanced event selectors.", maxConditions)
	}
	return nil
}

func (f *AdvancedFieldSelector) all() []string {
	return slices.Concat(f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith)
}

// equals gives the value of a field that must equal one.
func (s *AdvancedEventSelector) equals(field string) string {
	for _, f := range s.FieldSelectors {
		if *f.Field == field && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

// logs reports whether a trail's selectors let a management event through.
func (r *trailRecord) logs(e *trail.Event) bool {
	if len(r.Advanced) > 0 {
		return slices.ContainsFunc(r.Advanced, func(s AdvancedEventSelector) bool { return s.matches(e) })
	}
	selectors := r.Basic
	if len(selectors) == 0 {
		selectors = basic()
	}
	return slices.ContainsFunc(selectors, func(s EventSelector) bool {
		kind := *s.ReadWriteType
		return *s.IncludeManagementEvents && (kind == readWriteAll || (kind == readOnly) == e.ReadOnly) && !slices.Contains(s.ExcludeManagementEventSources, e.Source)
	})
}

func (s *AdvancedEventSelector) matches(e *trail.Event) bool {
	if s.equals("eventCategory") != management {
		return false
	}
	for _, f := range s.FieldSelectors {
		value := ""
		switch *f.Field {
		case "eventCategory":
			continue
		case "eventSource":
			value = e.Source
		case "eventName":
			value = e.Name
		case "eventType":
			value = "AwsApiCall"
		case "readOnly":
			value = strconv.FormatBool(e.ReadOnly)
		case "sessionCredentialFromConsole":
			value = "false"
		case "userIdentity.arn":
			value = e.UserARN
		}
		if !f.holds(value) {
			return false
		}
	}
	return true
}

// holds tests a value: it must pass one of the positive operators, if there are any, and none of the negative ones.
func (f *AdvancedFieldSelector) holds(value string) bool {
	begins := func(p string) bool { return strings.HasPrefix(value, p) }
	ends := func(p string) bool { return strings.HasSuffix(value, p) }
	if slices.Contains(f.NotEquals, value) || slices.ContainsFunc(f.NotStartsWith, begins) || slices.ContainsFunc(f.NotEndsWith, ends) {
		return false
	}
	if len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) == 0 {
		return true
	}
	return slices.Contains(f.Equals, value) || slices.ContainsFunc(f.StartsWith, begins) || slices.ContainsFunc(f.EndsWith, ends)
}
