package golden

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"atoll/internal/cloud/wire"
)

// clients makes the SDK's client of each service. A new service enters its own here.
var clients = map[string]func(aws.Config) any{
	"ACM":                      func(c aws.Config) any { return acm.NewFromConfig(c) },
	"Application Auto Scaling": func(c aws.Config) any { return applicationautoscaling.NewFromConfig(c) },
	"Budgets":                  func(c aws.Config) any { return budgets.NewFromConfig(c) },
	"CloudWatch":               func(c aws.Config) any { return cloudwatch.NewFromConfig(c) },
	"CloudWatch Logs":          func(c aws.Config) any { return cloudwatchlogs.NewFromConfig(c) },
	"CloudTrail":               func(c aws.Config) any { return cloudtrail.NewFromConfig(c) },
	"DynamoDB": func(c aws.Config) any {
		return dynamodb.NewFromConfig(c, func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true })
	},
	"EC2":                         func(c aws.Config) any { return ec2.NewFromConfig(c) },
	"ECS":                         func(c aws.Config) any { return ecs.NewFromConfig(c) },
	"Elastic Load Balancing v2":   func(c aws.Config) any { return elasticloadbalancingv2.NewFromConfig(c) },
	"ECR":                         func(c aws.Config) any { return ecr.NewFromConfig(c) },
	"EventBridge":                 func(c aws.Config) any { return eventbridge.NewFromConfig(c) },
	"IAM":                         func(c aws.Config) any { return iam.NewFromConfig(c) },
	"KMS":                         func(c aws.Config) any { return kms.NewFromConfig(c) },
	"RDS":                         func(c aws.Config) any { return rds.NewFromConfig(c) },
	"Resource Groups Tagging API": func(c aws.Config) any { return resourcegroupstaggingapi.NewFromConfig(c) },
	"Route 53":                    func(c aws.Config) any { return route53.NewFromConfig(c) },
	"S3":                          func(c aws.Config) any { return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }) },
	"S3 Control":                  func(c aws.Config) any { return s3control.NewFromConfig(c) },
	"SNS":                         func(c aws.Config) any { return sns.NewFromConfig(c) },
	"Secrets Manager":             func(c aws.Config) any { return secretsmanager.NewFromConfig(c) },
	"SSM":                         func(c aws.Config) any { return ssm.NewFromConfig(c) },
	"STS":                         func(c aws.Config) any { return sts.NewFromConfig(c) },
	"WAFV2":                       func(c aws.Config) any { return wafv2.NewFromConfig(c) },
}

// direct hands the client's requests to the server without a network.
type direct struct{ server *wire.Server }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	sent := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
	sent.Header, sent.ContentLength = r.Header.Clone(), r.ContentLength
	if r.Host != "" {
		sent.Host = r.Host
	}
	if r.ContentLength > 0 {
		sent.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, sent)
	return w.Result(), nil
}

// TestSDK calls every operation through the SDK with all members set, and answers with all members set. What the SDK was given
// must arrive, and what was answered must be what the SDK reads.
func TestSDK(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.api.ID, func(t *testing.T) {
			make, ok := clients[s.api.ID]
			if !ok {
				t.Fatalf("there is no SDK client for %s in this test", s.api.ID)
			}
			client := reflect.ValueOf(make(aws.Config{
				Region: "us-east-1", BaseEndpoint: aws.String("http://" + host), HTTPClient: direct{server(t, s)},
				Credentials:                credentials.NewStaticCredentialsProvider(keyID, secret, ""),
				Retryer:                    func() aws.Retryer { return aws.NopRetryer{} },
				RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
			}))
			for _, op := range s.ops {
				t.Run(op.Name, func(t *testing.T) { s.roundTrip(t, client, op) })
			}
		})
	}
}

func (s *service) roundTrip(t *testing.T, client reflect.Value, op wire.Operation) {
	call := client.MethodByName(op.Name)
	if !call.IsValid() {
		t.Skipf("this version of the SDK has no %s", op.Name)
	}
	in := reflect.New(call.Type().In(1).Elem())
	fill(in.Elem(), op.Name, 0)
	if digest := in.Elem().FieldByName("ContentMD5"); digest.IsValid() {
		digest.SetZero() // the server holds it against the body
	}
	if region := in.Elem().FieldByName("SourceRegion"); region.IsValid() {
		region.SetZero() // the SDK signs a URL for that region, and sends no such member
	}
	if global := in.Elem().FieldByName("EndpointId"); global.IsValid() && op.Name == "PutEvents" {
		global.SetZero() // calls of a global endpoint go elsewhere, signed for all regions
	}
	out := reflect.New(outputOf(op))
	fill(out.Elem(), op.Name, 0)
	s.got, s.answer, s.err = nil, out.Interface(), nil
	results := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if err, _ := results[1].Interface().(error); err != nil {
		t.Fatalf("the SDK: %v", err)
	}
	var diffs []string
	compare(in, reflect.ValueOf(s.got), "input", &diffs)
	compare(results[0], reflect.ValueOf(refilled(op)), "output", &diffs)
	for _, d := range diffs {
		if strings.HasSuffix(d, newerThanSDK) {
			t.Log(d)
		} else if !strings.HasPrefix(d, "output.ExpiresString: ") { // the SDK's own reading of the header of Expires
			t.Error(d)
		}
	}
}

// newerThanSDK ends the report of a member that the models have already and the SDK's version has not.
const newerThanSDK = "unknown to the SDK"

// refilled gives the output that was answered again: its streams have been read.
func refilled(op wire.Operation) any {
	out := reflect.New(outputOf(op))
	fill(out.Elem(), op.Name, 0)
	return out.Interface()
}

// fixed are members whose values must look like something.
var fixed = map[string]string{
	"Bucket": "recorded-bucket", "AccountId": "111111111111", "CopySource": "recorded-bucket/key", "ChecksumAlgorithm": "CRC32",
}

// unions are the structures of ours of which one member only may be set, and the one that is.
var unions = map[string]string{
	"AttributeValue": "S", "EvaluationCriteria": "PromQLCriteria", "EvaluationWindow": "WallClockWindow", "SharingStrategy": "NvidiaMps",
	"AnalyticsFilter": "Prefix", "MetricsFilter": "Prefix",
}

// recursive are the structures that hold themselves, and the one member that they have where they lie deep.
var recursive = map[string]string{"Statement": "GeoMatchStatement", "Expression": "Tags"}

// Depths: below deep, recursive structures have one member, and nothing is deeper than deepest.
const (
	deep    = 4
	deepest = 12
)

// fill sets every member. Values derive from the member's name alone, so that both sides' types get the same ones.
func fill(v reflect.Value, name string, depth int) {
	number := func() int64 {
		if name == "ContentLength" {
			return int64(len("Body")) // the streams' member
		}
		h := fnv.New32a()
		h.Write([]byte(strings.ToLower(name)))
		return int64(h.Sum32()%900) + 1
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(946684800+number(), 0).UTC()))
		return
	case []byte:
		v.SetBytes([]byte(name))
		return
	}
	switch v.Kind() { // text and lists of it come at any depth: they may be required in structures that nest without end
	case reflect.Pointer:
		if depth < deepest || v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), name, depth)
		}
	case reflect.Struct:
		if only := v.FieldByName(unions[v.Type().Name()]); only.IsValid() {
			fill(only, "s", min(depth+1, deepest-1)) // a union without a member is none
			return
		}
		if only := v.FieldByName(recursive[v.Type().Name()]); only.IsValid() && depth > deep {
			fill(only, recursive[v.Type().Name()], depth+1)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				fill(v.Field(i), f.Name, depth+1)
			}
		}
	case reflect.Slice:
		if depth < deepest-1 || v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range 2 {
				fill(v.Index(i), fmt.Sprintf("%s%d", name, i), depth+1)
			}
		}
	case reflect.Map:
		if depth < deepest-1 {
			v.Set(reflect.MakeMap(v.Type()))
			for _, key := range []string{"key0", "key1"} {
				e := reflect.New(v.Type().Elem()).Elem()
				fill(e, key, depth+1)
				v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
			}
		}
	case reflect.String:
		text, ok := fixed[name]
		if !ok {
			text = "_" + strings.ToLower(name) + "_"
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(number())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(number()) + 0.5)
	case reflect.Interface:
		fillInterface(v, name)
	}
}

// fillInterface fills unions, streams and documents: a stream has its member's name as text.
func fillInterface(v reflect.Value, name string) {
	if v.NumMethod() == 0 {
		v.Set(reflect.ValueOf(map[string]any{"document": name}))
		return
	}
	for _, choice := range []any{
		bytes.NewReader([]byte(name)), io.NopCloser(strings.NewReader(name)),
		&dynamodbtypes.AttributeValueMemberS{Value: "_s_"}, &s3types.MetricsFilterMemberPrefix{Value: "_prefix_"},
		&s3types.AnalyticsFilterMemberPrefix{Value: "_prefix_"},
		&ecstypes.ServiceConnectContainerConfigurationMemberLogLevel{Value: "_loglevel_"},
	} {
		if reflect.TypeOf(choice).AssignableTo(v.Type()) {
			v.Set(reflect.ValueOf(choice))
			return
		}
	}
}

// document is the SDK's form of a value without a schema.
type document interface{ UnmarshalSmithyDocument(v any) error }

// compare wants every member of the SDK's value in ours, and the other way round.
func compare(sdk, ours reflect.Value, path string, diffs *[]string) {
	if sdk.IsValid() && sdk.Kind() == reflect.Interface && !sdk.IsNil() {
		if d, ok := sdk.Interface().(document); ok {
			var v any
			if err := d.UnmarshalSmithyDocument(&v); err != nil {
				*diffs = append(*diffs, fmt.Sprintf("%s: %v", path, err))
				return
			}
			sdk = reflect.ValueOf(v)
		}
	}
	sdk, ours = indirect(sdk), indirect(ours)
	report := func(format string, args ...any) { *diffs = append(*diffs, path+": "+fmt.Sprintf(format, args...)) }
	switch {
	case !sdk.IsValid() || !ours.IsValid():
		if sdk.IsValid() != ours.IsValid() {
			report("the SDK has %v, we have %v", sdk, ours)
		}
		return
	case sdk.Type() == ours.Type() && sdk.Type() == reflect.TypeFor[time.Time]():
		if !sdk.Interface().(time.Time).Equal(ours.Interface().(time.Time)) {
			report("the SDK has %v, we have %v", sdk, ours)
		}
		return
	}
	if member, ok := strings.CutPrefix(unionMember(sdk.Type()), "Member"); ok && ours.Kind() == reflect.Struct {
		for i := range ours.NumField() {
			if strings.EqualFold(ours.Type().Field(i).Name, member) {
				compare(sdk.FieldByName("Value"), ours.Field(i), path+"."+member, diffs)
				return
			}
		}
		report("no member %s", member)
		return
	}
	switch sdk.Kind() {
	case reflect.Struct:
		compareMembers(sdk, ours, path, diffs)
	case reflect.Slice:
		if ours.Kind() != reflect.Slice || sdk.Len() != ours.Len() {
			report("the SDK has %v, we have %v", sdk, ours)
			return
		}
		for i := range sdk.Len() {
			compare(sdk.Index(i), ours.Index(i), fmt.Sprintf("%s[%d]", path, i), diffs)
		}
	case reflect.Map:
		if ours.Kind() != reflect.Map || sdk.Len() != ours.Len() {
			report("the SDK has %v, we have %v", sdk, ours)
			return
		}
		for it := sdk.MapRange(); it.Next(); {
			compare(it.Value(), ours.MapIndex(reflect.ValueOf(it.Key().String())), path+"."+it.Key().String(), diffs)
		}
	default:
		if a, b := fmt.Sprint(sdk.Interface()), fmt.Sprint(ours.Interface()); a != b {
			report("the SDK has %s, we have %s", a, b)
		}
	}
}

func compareMembers(sdk, ours reflect.Value, path string, diffs *[]string) {
	if ours.Kind() != reflect.Struct {
		*diffs = append(*diffs, path+": no structure")
		return
	}
	matched := map[string]bool{}
	for i := range sdk.NumField() {
		f := sdk.Type().Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		found := false
		for j := range ours.NumField() {
			if g := ours.Type().Field(j); strings.EqualFold(g.Name, f.Name) && g.Name != "_" {
				matched[g.Name], found = true, true
				compare(sdk.Field(i), ours.Field(j), path+"."+f.Name, diffs)
			}
		}
		if !found && !sdk.Field(i).IsZero() {
			*diffs = append(*diffs, path+"."+f.Name+": unknown to us")
		}
	}
	for j := range ours.NumField() {
		if g := ours.Type().Field(j); g.IsExported() && !matched[g.Name] && !ours.Field(j).IsZero() {
			*diffs = append(*diffs, path+"."+g.Name+": "+newerThanSDK)
		}
	}
}

// unionMember gives the part of a union type's name after the union's own, such as MemberS of AttributeValueMemberS.
func unionMember(t reflect.Type) string {
	if i := strings.Index(t.Name(), "Member"); i > 0 && t.Kind() == reflect.Struct && t.NumField() <= 2 {
		if _, ok := t.FieldByName("Value"); ok {
			return t.Name()[i:]
		}
	}
	return ""
}

// indirect follows pointers and interfaces, and reads streams.
func indirect(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		if r, ok := v.Interface().(io.Reader); ok && r != nil && v.Kind() == reflect.Interface {
			if s, ok := r.(io.Seeker); ok {
				_, _ = s.Seek(0, io.SeekStart)
			}
			raw, err := io.ReadAll(r)
			return reflect.ValueOf(fmt.Sprintf("%s%v", raw, map[bool]string{true: "", false: fmt.Sprint(err)}[err == nil]))
		}
		v = v.Elem()
	}
	return v
}
