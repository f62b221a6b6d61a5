package cloudtrail_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud/cloudtest"
)

func TestLifeCycle(t *testing.T) {
	l := start(t, cloudtest.Durable())
	out := must(l.CreateTrail(l.ctx, &sdk.CreateTrailInput{Name: aws.String("audit"), S3BucketName: aws.String("logs"), TagsList: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t)
	if *out.TrailARN != arn || !*out.IncludeGlobalServiceEvents || *out.IsMultiRegionTrail || *out.LogFileValidationEnabled || *out.IsOrganizationTrail || out.S3KeyPrefix != nil {
		t.Errorf("got %+v", out)
	}
	_, err := l.CreateTrail(l.ctx, &sdk.CreateTrailInput{Name: aws.String("audit"), S3BucketName: aws.String("logs")})
	refused(t, err, "TrailAlreadyExistsException")
	if status := must(l.GetTrailStatus(l.ctx, &sdk.GetTrailStatusInput{Name: aws.String("audit")}))(t); *status.IsLogging || *status.TimeLoggingStarted != "" {
		t.Errorf("a new trail has the status %+v", status)
	}
	must(l.UpdateTrail(l.ctx, &sdk.UpdateTrailInput{Name: aws.String(arn), IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true)}))(t)
	l.cloud.Restart()
	got := must(l.GetTrail(l.ctx, &sdk.GetTrailInput{Name: aws.String("audit")}))(t).Trail
	if !*got.IsMultiRegionTrail || !*got.LogFileValidationEnabled || *got.HasCustomEventSelectors || *got.HasInsightSelectors || *got.HomeRegion != "us-east-1" {
		t.Errorf("got %+v", got)
	}
	must(l.AddTags(l.ctx, &sdk.AddTagsInput{ResourceId: aws.String(arn), TagsList: []types.Tag{{Key: aws.String("l")}}}))(t)
	must(l.RemoveTags(l.ctx, &sdk.RemoveTagsInput{ResourceId: aws.String(arn), TagsList: []types.Tag{{Key: aws.String("k")}}}))(t)
	tags := must(l.ListTags(l.ctx, &sdk.ListTagsInput{ResourceIdList: []string{arn}}))(t).ResourceTagList
	if len(tags) != 1 || len(tags[0].TagsList) != 1 || *tags[0].TagsList[0].Key != "l" {
		t.Errorf("the tags are %+v", tags)
	}
	west := clientIn(l.cloud, "us-west-2")
	if shadows := must(west.DescribeTrails(l.ctx, &sdk.DescribeTrailsInput{}))(t).TrailList; len(shadows) != 1 || *shadows[0].HomeRegion != "us-east-1" {
		t.Errorf("the shadows are %+v", shadows)
	}
	if own := must(west.DescribeTrails(l.ctx, &sdk.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)}))(t).TrailList; len(own) != 0 {
		t.Errorf("us-west-2 has trails of its own: %+v", own)
	}
	if list := must(west.ListTrails(l.ctx, &sdk.ListTrailsInput{}))(t).Trails; len(list) != 1 || *list[0].TrailARN != arn {
		t.Errorf("listed are %+v", list)
	}
	_, err = west.DeleteTrail(l.ctx, &sdk.DeleteTrailInput{Name: aws.String(arn)})
	refused(t, err, "InvalidHomeRegionException")
	must(l.DeleteTrail(l.ctx, &sdk.DeleteTrailInput{Name: aws.String("audit")}))(t)
	_, err = l.GetTrail(l.ctx, &sdk.GetTrailInput{Name: aws.String("audit")})
	refused(t, err, "TrailNotFoundException", "Unknown trail")
	if list := must(l.DescribeTrails(l.ctx, &sdk.DescribeTrailsInput{TrailNameList: []string{"audit", arn}}))(t).TrailList; len(list) != 0 {
		t.Errorf("described are %+v", list)
	}
}

func TestChecks(t *testing.T) {
	l := start(t)
	must(l.objects.CreateBucket(l.ctx, &s3.CreateBucketInput{Bucket: aws.String("closed")}))(t)
	for name, c := range map[string]struct {
		in   sdk.CreateTrailInput
		code string
	}{
		"short name":      {sdk.CreateTrailInput{Name: aws.String("a")}, "InvalidTrailNameException"},
		"adjacent dashes": {sdk.CreateTrailInput{Name: aws.String("a--b")}, "InvalidTrailNameException"},
		"no bucket":       {sdk.CreateTrailInput{S3BucketName: aws.String("not-there")}, "S3BucketDoesNotExistException"},
		"no policy":       {sdk.CreateTrailInput{S3BucketName: aws.String("closed")}, "InsufficientS3BucketPolicyException"},
		"another trail":   {sdk.CreateTrailInput{Name: aws.String("other")}, "InsufficientS3BucketPolicyException"}, // aws:SourceArn
		"prefix":          {sdk.CreateTrailInput{S3KeyPrefix: aws.String("p")}, "InsufficientS3BucketPolicyException"},
		"multi-region":    {sdk.CreateTrailInput{IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(false)}, "InvalidParameterCombinationException"},
		"organization":    {sdk.CreateTrailInput{IsOrganizationTrail: aws.Bool(true)}, "OrganizationsNotInUseException"},
		"key":             {sdk.CreateTrailInput{KmsKeyId: aws.String("alias/none")}, "KmsKeyNotFoundException"},
		"topic":           {sdk.CreateTrailInput{SnsTopicName: aws.String("none")}, "InsufficientSnsTopicPolicyException"},
		"group, no role":  {sdk.CreateTrailInput{CloudWatchLogsLogGroupArn: aws.String("x")}, "InvalidCloudWatchLogsRoleArnException"},
		"tags":            {sdk.CreateTrailInput{TagsList: []types.Tag{{Key: aws.String("aws:x")}}}, "InvalidTagParameterException"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.Name == nil {
				c.in.Name = aws.String("audit")
			}
			if c.in.S3BucketName == nil {
				c.in.S3BucketName = aws.String("logs")
			}
			_, err := l.CreateTrail(l.ctx, &c.in)
			refused(t, err, c.code)
		})
	}
}

func TestSelectors(t *testing.T) {
	l := start(t)
	l.begin(sdk.CreateTrailInput{})
	name := aws.String("audit")
	got := must(l.GetEventSelectors(l.ctx, &sdk.GetEventSelectorsInput{TrailName: name}))(t).EventSelectors
	if len(got) != 1 || got[0].ReadWriteType != types.ReadWriteTypeAll || !*got[0].IncludeManagementEvents || got[0].DataResources == nil {
		t.Errorf("the default is %+v", got)
	}
	put := func(in sdk.PutEventSelectorsInput) error {
		in.TrailName = name
		_, err := l.PutEventSelectors(l.ctx, &in)
		return err
	}
	equals := func(field string, values ...string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: &field, Equals: values}
	}
	advanced := func(fields ...types.AdvancedFieldSelector) sdk.PutEventSelectorsInput {
		return sdk.PutEventSelectorsInput{AdvancedEventSelectors: []types.AdvancedEventSelector{{FieldSelectors: fields}}}
	}
	for i, in := range []sdk.PutEventSelectorsInput{
		{},
		{EventSelectors: make([]types.EventSelector, 6)},
		{EventSelectors: []types.EventSelector{{ReadWriteType: "X"}}},
		{EventSelectors: []types.EventSelector{{IncludeManagementEvents: aws.Bool(false)}}},
		{EventSelectors: []types.EventSelector{{ExcludeManagementEventSources: []string{"ec2.amazonaws.com"}}}},
		{EventSelectors: []types.EventSelector{{DataResources: []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"bucket"}}}}}},
		advanced(equals("readOnly", "true")),
		advanced(equals("eventCategory", "Data")),
		advanced(equals("eventCategory", "Management"), equals("readOnly", "yes")),
		advanced(equals("eventCategory", "Management"), equals("resources.type", "AWS::S3::Object")),
		advanced(equals("eventCategory", "Management"), equals("eventName")),
	} {
		err := put(in)
		refused(t, err, "InvalidEventSelectorsException")
		if t.Failed() {
			t.Fatalf("the selectors %d", i)
		}
	}
	if err := put(advanced(equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object"), types.AdvancedFieldSelector{Field: aws.String("resources.ARN"), StartsWith: []string{"arn:aws:s3:::b/"}})); err != nil {
		t.Fatal(err)
	}
	if d := must(l.DescribeTrails(l.ctx, &sdk.DescribeTrailsInput{}))(t).TrailList[0]; !*d.HasCustomEventSelectors {
		t.Error("the selectors do not show")
	}
	if err := put(sdk.PutEventSelectorsInput{EventSelectors: []types.EventSelector{{}}}); err != nil {
		t.Fatal(err)
	}
	if d := must(l.DescribeTrails(l.ctx, &sdk.DescribeTrailsInput{}))(t).TrailList[0]; *d.HasCustomEventSelectors {
		t.Error("the default selectors count as custom ones")
	}
	_, err := l.GetInsightSelectors(l.ctx, &sdk.GetInsightSelectorsInput{TrailName: name})
	refused(t, err, "InsightNotEnabledException")
	must(l.PutInsightSelectors(l.ctx, &sdk.PutInsightSelectorsInput{TrailName: name, InsightSelectors: []types.InsightSelector{{InsightType: types.InsightTypeApiCallRateInsight}}}))(t)
	if got := must(l.GetInsightSelectors(l.ctx, &sdk.GetInsightSelectorsInput{TrailName: name}))(t); len(got.InsightSelectors) != 1 {
		t.Errorf("the insights are %+v", got)
	}
}

func TestLookupEvents(t *testing.T) {
	l := start(t, cloudtest.Durable())
	began := l.cloud.Clock.Now()
	l.user("a")
	l.user("b")
	network := ec2.NewFromConfig(l.cloud.Config(), func(o *ec2.Options) { o.HTTPSignerV4 = l.cloud.Signer() })
	vpc := must(network.CreateVpc(l.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}))(t)
	l.cloud.Restart()
	l.cloud.Clock.Advance(time.Minute)
	l.user("c")
	look := func(in sdk.LookupEventsInput) (names []string, out *sdk.LookupEventsOutput) {
		t.Helper()
		out = must(l.LookupEvents(l.ctx, &in))(t)
		for _, e := range out.Events {
			names = append(names, *e.EventName)
		}
		return names, out
	}
	by := func(key types.LookupAttributeKey, value string) sdk.LookupEventsInput {
		return sdk.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
	}
	if got, _ := look(sdk.LookupEventsInput{}); !slices.Equal(got, []string{"CreateUser", "CreateVpc", "CreateUser", "CreateUser", "PutBucketPolicy", "CreateBucket"}) {
		t.Errorf("got %v", got)
	}
	first := by(types.LookupAttributeKeyEventSource, "iam.amazonaws.com")
	next := first
	first.MaxResults = aws.Int32(2)
	got, page := look(first)
	next.NextToken = page.NextToken
	rest, last := look(next)
	if len(got) != 2 || len(rest) != 1 || last.NextToken != nil {
		t.Errorf("pages of %v and %v", got, rest)
	}
	if got, out := look(by(types.LookupAttributeKeyResourceName, *vpc.Vpc.VpcId)); !slices.Equal(got, []string{"CreateVpc"}) || *out.Events[0].Username != "root" || *out.Events[0].ReadOnly != "false" {
		t.Errorf("by the VPC: %v", got)
	}
	if got, _ := look(by(types.LookupAttributeKeyEventSource, "iam.amazonaws.com")); len(got) != 3 {
		t.Errorf("of IAM: %v", got)
	}
	if got, _ := look(sdk.LookupEventsInput{EndTime: aws.Time(began.Add(30 * time.Second)), LookupAttributes: by(types.LookupAttributeKeyEventName, "CreateUser").LookupAttributes}); len(got) != 2 {
		t.Errorf("in the first half minute: %v", got)
	}
	if got, _ := look(sdk.LookupEventsInput{StartTime: aws.Time(began.Add(30 * time.Second)), LookupAttributes: by(types.LookupAttributeKeyEventName, "CreateUser").LookupAttributes}); len(got) != 1 {
		t.Errorf("after it: %v", got)
	}
	_, err := l.LookupEvents(l.ctx, &sdk.LookupEventsInput{MaxResults: aws.Int32(51)})
	refused(t, err, "InvalidMaxResultsException")
	_, err = l.LookupEvents(l.ctx, &sdk.LookupEventsInput{StartTime: aws.Time(began), EndTime: aws.Time(began.Add(-time.Hour))})
	refused(t, err, "InvalidTimeRangeException")
	bad := by("Shoe", "x")
	_, err = l.LookupEvents(l.ctx, &bad)
	refused(t, err, "InvalidLookupAttributesException")
}
