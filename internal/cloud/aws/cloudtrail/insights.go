package cloudtrail

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

var insightTypes = []string{"ApiCallRateInsight", "ApiErrorRateInsight"}

// PutInsightSelectors says which insights a trail is to find; none ends them.
func (s *Service) PutInsightSelectors(ctx context.Context, in *PutInsightSelectorsInput) (*PutInsightSelectorsOutput, error) {
	if in.EventDataStore != nil || in.InsightsDestination != nil {
		return nil, wire.NotImplemented("cloudtrail:PutInsightSelectors with EventDataStore")
	}
	if in.TrailName == nil {
		return nil, wire.Errorf("InvalidParameterCombinationException", "You must specify either a trail name or an event data store.")
	}
	seen := map[string]bool{}
	for _, i := range in.InsightSelectors {
		kind := text(i.InsightType)
		if !slices.Contains(insightTypes, kind) || seen[kind] {
			return nil, wire.Errorf("InvalidInsightSelectorsException", "The insight type %s is not valid.", kind)
		}
		if slices.ContainsFunc(i.EventCategories, func(c string) bool { return c != management }) {
			return nil, wire.NotImplemented("cloudtrail:PutInsightSelectors with other EventCategories than Management")
		}
		seen[kind] = true
	}
	out := &PutInsightSelectorsOutput{InsightSelectors: in.InsightSelectors}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.change(*in.TrailName, func(r *trailRecord) error {
			r.Insights = in.InsightSelectors
			return nil
		})
		if err == nil {
			out.TrailARN = new(trailARN(t.sc, r.Name))
		}
		return err
	})
}

// GetInsightSelectors gives a trail's insight selectors.
func (s *Service) GetInsightSelectors(ctx context.Context, in *GetInsightSelectorsInput) (*GetInsightSelectorsOutput, error) {
	if in.EventDataStore != nil {
		return nil, wire.NotImplemented("cloudtrail:GetInsightSelectors with EventDataStore")
	}
	if in.TrailName == nil {
		return nil, wire.Errorf("InvalidParameterCombinationException", "You must specify either a trail name or an event data store.")
	}
	out := &GetInsightSelectorsOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, sc, err := t.find(*in.TrailName)
		if err != nil {
			return err
		}
		if len(r.Insights) == 0 {
			return wire.Errorf("InsightNotEnabledException", "Trail %s does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.", trailARN(sc, r.Name))
		}
		out.TrailARN, out.InsightSelectors = new(trailARN(sc, r.Name)), r.Insights
		return nil
	})
}
