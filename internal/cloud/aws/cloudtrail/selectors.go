package cloudtrail

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// Limits of event selectors: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
const (
	maxSelectors     = 5
	maxDataResources = 250 // of all selectors together
)

const (
	readWriteAll = "All"
	readOnly     = "ReadOnly"
	writeOnly    = "WriteOnly"
)

// dataPrefixes are the resource types of basic selectors, with how their values begin.
var dataPrefixes = map[string]string{"AWS::S3::Object": "arn:aws:s3", "AWS::Lambda::Function": "arn:aws:lambda", "AWS::DynamoDB::Table": "arn:aws:dynamodb"}

// excludable are the sources of management events that a selector may leave out.
var excludable = []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"}

func badSelectors(format string, args ...any) error {
	return wire.Errorf("InvalidEventSelectorsException", format, args...)
}

// basic is what a trail without selectors of its own has.
func basic() []EventSelector {
	return []EventSelector{{ReadWriteType: new(readWriteAll), IncludeManagementEvents: new(true), DataResources: []DataResource{}, ExcludeManagementEventSources: []string{}}}
}

// custom reports whether a trail has other selectors than the default one.
func (r *trailRecord) custom() bool {
	if len(r.Advanced) > 0 || len(r.Basic) > 1 {
		return true
	}
	if len(r.Basic) == 0 {
		return false
	}
	s := r.Basic[0]
	return *s.ReadWriteType != readWriteAll || !*s.IncludeManagementEvents || len(s.DataResources) > 0 || len(s.ExcludeManagementEventSources) > 0
}

// PutEventSelectors says which events a trail logs, by basic or by advanced selectors.
func (s *Service) PutEventSelectors(ctx context.Context, in *PutEventSelectorsInput) (*PutEventSelectorsOutput, error) {
	switch {
	case len(in.EventSelectors) > 0 && len(in.AdvancedEventSelectors) > 0:
		return nil, badSelectors("You can use either event selectors or advanced event selectors, but not both.")
	case len(in.EventSelectors) == 0 && len(in.AdvancedEventSelectors) == 0:
		return nil, badSelectors("You must specify at least one event selector or advanced event selector.")
	}
	if err := checkBasic(in.EventSelectors); err != nil {
		return nil, err
	}
	if err := checkAdvanced(in.AdvancedEventSelectors); err != nil {
		return nil, err
	}
	out := &PutEventSelectorsOutput{EventSelectors: in.EventSelectors, AdvancedEventSelectors: in.AdvancedEventSelectors}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.change(*in.TrailName, func(r *trailRecord) error {
			r.Basic, r.Advanced = in.EventSelectors, in.AdvancedEventSelectors
			return nil
		})
		if err == nil {
			out.TrailARN = new(trailARN(t.sc, r.Name))
		}
		return err
	})
}

// GetEventSelectors gives a trail's selectors.
func (s *Service) GetEventSelectors(ctx context.Context, in *GetEventSelectorsInput) (*GetEventSelectorsOutput, error) {
	out := &GetEventSelectorsOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, sc, err := t.find(*in.TrailName)
		if err != nil {
			return err
		}
		out.TrailARN, out.EventSelectors, out.AdvancedEventSelectors = new(trailARN(sc, r.Name)), r.Basic, r.Advanced
		if len(r.Basic) == 0 && len(r.Advanced) == 0 {
			out.EventSelectors = basic()
		}
		return nil
	})
}

// checkBasic checks basic selectors, and fills in their defaults.
func checkBasic(selectors []EventSelector) error {
	if len(selectors) > maxSelectors {
		return badSelectors("A trail can have at most %d event selectors.", maxSelectors)
	}
	resources := 0
	for i := range selectors {
		s := &selectors[i]
		if s.ReadWriteType == nil {
			s.ReadWriteType = new(readWriteAll)
		}
		if !slices.Contains([]string{readWriteAll, readOnly, writeOnly}, *s.ReadWriteType) {
			return badSelectors("Invalid ReadWriteType: %s", *s.ReadWriteType)
		}
		if s.IncludeManagementEvents == nil {
			s.IncludeManagementEvents = new(true)
		}
		if s.DataResources == nil {
			s.DataResources = []DataResource{}
		}
		if s.ExcludeManagementEventSources == nil {
			s.ExcludeManagementEventSources = []string{}
		}
		if !*s.IncludeManagementEvents && len(s.DataResources) == 0 {
			return badSelectors("The event selector must include management events or specify data resources.")
		}
		for _, source := range s.ExcludeManagementEventSources {
			if !slices.Contains(excludable, source) || !*s.IncludeManagementEvents {
				return badSelectors("The value %s of ExcludeManagementEventSources is not valid.", source)
			}
		}
		for _, d := range s.DataResources {
			prefix, known := dataPrefixes[text(d.Type)]
			if !known {
				return badSelectors("The data resource type %s is not supported by event selectors.", text(d.Type))
			}
			resources += len(d.Values)
			for _, v := range d.Values {
				if v != prefix && !strings.HasPrefix(v, prefix+":") {
					return badSelectors("Value %s for DataResources.Values is invalid for the type %s.", v, *d.Type)
				}
			}
		}
	}
	if resources > maxDataResources {
		return badSelectors("A trail can have at most %d data resources.", maxDataResources)
	}
	return nil
}
