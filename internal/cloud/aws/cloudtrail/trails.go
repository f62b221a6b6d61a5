package cloudtrail

import (
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
)

// maxTrails is the number of trails that a region shows, shadows included.
const maxTrails = 5

// trailRecord stands under its name in its home region.
type trailRecord struct {
	Name, Bucket, Prefix string
	Topic                string // ARN
	Global, MultiRegion  bool
	Validation           bool
	Group, Role, Key     string // ARNs; the group's ends with ":*"
	Basic                []EventSelector
	Advanced             []AdvancedEventSelector
	Insights             []InsightSelector

	Logging          bool
	Started, Stopped time.Time
	Spans            []span
	Status           deliveryStatus
	Digests          map[string]*digestState `json:",omitempty"` // by region
	DigestFrom       time.Time               // where the next digest begins; zero without validation
}

// span is what a trail has yet to deliver: the events from a position up to another one, or on and on.
type span struct {
	From trail.Position
	To   *trail.Position
}

// CreateTrail makes a trail, which does not log yet.
func (s *Service) CreateTrail(ctx context.Context, in *CreateTrailInput) (*CreateTrailOutput, error) {
	if err := checkName(*in.Name); err != nil {
		return nil, err
	}
	r := &trailRecord{Name: *in.Name, Global: true}
	settings := &UpdateTrailInput{S3BucketName: in.S3BucketName, S3KeyPrefix: in.S3KeyPrefix, SnsTopicName: in.SnsTopicName, IncludeGlobalServiceEvents: in.IncludeGlobalServiceEvents,
		IsMultiRegionTrail: in.IsMultiRegionTrail, EnableLogFileValidation: in.EnableLogFileValidation, CloudWatchLogsLogGroupArn: in.CloudWatchLogsLogGroupArn,
		CloudWatchLogsRoleArn: in.CloudWatchLogsRoleArn, KmsKeyId: in.KmsKeyId, IsOrganizationTrail: in.IsOrganizationTrail, RecursiveLogging: in.RecursiveLogging}
	key, err := s.keyOf(ctx, settings)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.TagsList, false); err != nil {
		return nil, err
	}
	out := &CreateTrailOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.trails.Get(t.tx, t.sc, r.Name); exists {
			return wire.Errorf("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", r.Name, t.sc.Account)
		}
		if n := len(t.visible()); n >= maxTrails {
			return wire.Errorf("MaximumNumberOfTrailsExceededException", "User: %s already has %d trails in %s.", t.sc.Account, n, t.sc.Region)
		}
		if err := t.apply(r, settings, key); err != nil {
			return err
		}
		t.trails.Put(t.tx, t.sc, r.Name, r)
		v := render(r, t.sc)
		*out = CreateTrailOutput{Name: v.Name, S3BucketName: v.S3BucketName, S3KeyPrefix: v.S3KeyPrefix, SnsTopicName: v.SnsTopicName, SnsTopicARN: v.SnsTopicARN,
			IncludeGlobalServiceEvents: v.IncludeGlobalServiceEvents, IsMultiRegionTrail: v.IsMultiRegionTrail, TrailARN: v.TrailARN, LogFileValidationEnabled: v.LogFileValidationEnabled,
			CloudWatchLogsLogGroupArn: v.CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn: v.CloudWatchLogsRoleArn, KmsKeyId: v.KmsKeyId, IsOrganizationTrail: v.IsOrganizationTrail}
		return t.tag(*v.TrailARN, in.TagsList)
	})
}

// UpdateTrail changes a trail's settings; those that are left out stay, and empty ones go.
func (s *Service) UpdateTrail(ctx context.Context, in *UpdateTrailInput) (*UpdateTrailOutput, error) {
	key, err := s.keyOf(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &UpdateTrailOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.change(*in.Name, func(r *trailRecord) error { return t.apply(r, in, key) })
		if err != nil {
			return err
		}
		v := render(r, t.sc)
		*out = UpdateTrailOutput{Name: v.Name, S3BucketName: v.S3BucketName, S3KeyPrefix: v.S3KeyPrefix, SnsTopicName: v.SnsTopicName, SnsTopicARN: v.SnsTopicARN,
			IncludeGlobalServiceEvents: v.IncludeGlobalServiceEvents, IsMultiRegionTrail: v.IsMultiRegionTrail, TrailARN: v.TrailARN, LogFileValidationEnabled: v.LogFileValidationEnabled,
			CloudWatchLogsLogGroupArn: v.CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn: v.CloudWatchLogsRoleArn, KmsKeyId: v.KmsKeyId, IsOrganizationTrail: v.IsOrganizationTrail}
		return nil
	})
}

// DeleteTrail deletes a trail. What it has delivered stays.
func (s *Service) DeleteTrail(ctx context.Context, in *DeleteTrailInput) (*DeleteTrailOutput, error) {
	return &DeleteTrailOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.change(*in.Name, func(*trailRecord) error { return nil })
		if err == nil {
			t.trails.Delete(t.tx, t.sc, r.Name)
		}
		return err
	})
}

// visible gives the scopes and trails that the caller's region shows: its own, and the multi-region ones of others.
func (t *txn) visible() []placed {
	var out []placed
	for sc, r := range t.trails.AllScopes(t.tx) {
		if sc.Account == t.sc.Account && (sc.Region == t.sc.Region || r.MultiRegion) {
			out = append(out, placed{sc, r})
		}
	}
	return out
}

type placed struct {
	sc state.Scope
	r  *trailRecord
}

// DescribeTrails gives the settings of trails, of all that the region shows or of those that are named. Unknown ones are left out.
func (s *Service) DescribeTrails(ctx context.Context, in *DescribeTrailsInput) (*DescribeTrailsOutput, error) {
	shadows := in.IncludeShadowTrails == nil || *in.IncludeShadowTrails
	out := &DescribeTrailsOutput{TrailList: []Trail{}}
	return out, s.view(ctx, func(t *txn) error {
		if len(in.TrailNameList) == 0 {
			for _, p := range t.visible() {
				if shadows || p.sc.Region == t.sc.Region {
					out.TrailList = append(out.TrailList, render(p.r, p.sc))
				}
			}
			return nil
		}
		for _, given := range in.TrailNameList {
			sc, name, err := t.place(given)
			if err != nil {
				return err
			}
			for _, p := range t.visible() {
				if p.r.Name == name && (p.sc == sc || shadows && given == name) {
					out.TrailList = append(out.TrailList, render(p.r, p.sc))
				}
			}
		}
		return nil
	})
}

// GetTrail gives one trail's settings.
func (s *Service) GetTrail(ctx context.Context, in *GetTrailInput) (*GetTrailOutput, error) {
	out := &GetTrailOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, sc, err := t.find(*in.Name)
		if err == nil {
			out.Trail = new(render(r, sc))
		}
		return err
	})
}

// ListTrails lists the trails that the region shows.
func (s *Service) ListTrails(ctx context.Context, in *ListTrailsInput) (*ListTrailsOutput, error) {
	if _, err := pageAfter(in.NextToken); err != nil {
		return nil, err
	}
	out := &ListTrailsOutput{Trails: []TrailInfo{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, p := range t.visible() { // five at most: there is no second page
			out.Trails = append(out.Trails, TrailInfo{TrailARN: new(trailARN(p.sc, p.r.Name)), Name: &p.r.Name, HomeRegion: new(p.sc.Region)})
		}
		return nil
	})
}

func render(r *trailRecord, sc state.Scope) Trail {
	v := Trail{
		Name: new(r.Name), S3BucketName: new(r.Bucket), S3KeyPrefix: some(r.Prefix), SnsTopicARN: some(r.Topic), IncludeGlobalServiceEvents: new(r.Global),
		IsMultiRegionTrail: new(r.MultiRegion), HomeRegion: new(sc.Region), TrailARN: new(trailARN(sc, r.Name)), LogFileValidationEnabled: new(r.Validation),
		CloudWatchLogsLogGroupArn: some(r.Group), CloudWatchLogsRoleArn: some(r.Role), KmsKeyId: some(r.Key), HasCustomEventSelectors: new(r.custom()),
		HasInsightSelectors: new(len(r.Insights) > 0), IsOrganizationTrail: new(false),
	}
	if r.Topic != "" {
		v.SnsTopicName = new(r.Topic[strings.LastIndexByte(r.Topic, ':')+1:])
	}
	return v
}
