package trail

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/auth"
)

// Entry is a call to be recorded.
type Entry struct {
	Principal    auth.Principal
	SessionStart time.Time // of a role's session
	WebIdentity  *WebIdentity
	Time         time.Time
	Service      string // signing name, such as "ec2"
	Name         string // of the operation
	Region       string
	SourceIP     string
	UserAgent    string
	RequestID    string
	ErrorCode    string // empty for a success
	ErrorMessage string
	ReadOnly     bool
	Resources    []string // ARNs
	Payload      Payload
}

// WebIdentity is who called sts:AssumeRoleWithWebIdentity.
type WebIdentity struct{ Provider, Audience, Subject string }

// Payload writes what a call asked and answered, as JSON; "null" for nothing.
type Payload interface {
	AppendRequest(b []byte) []byte
	AppendResponse(b []byte) []byte
}

// Source gives an entry when it is written.
type Source interface{ Entry() Entry }

// eventVersion is that of the record's form.
const eventVersion = "1.11"

// maxPart bounds the parameters, and the answer, of an event; AWS leaves longer ones out.
const maxPart = 100 << 10

// dataEvents are the calls on what is in a resource, by signing name: they are not recorded.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
var dataEvents = map[string]map[string]bool{
	"dynamodb":   set("BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem"),
	"logs":       set("PutLogEvents"),
	"monitoring": set("GetMetricData GetMetricStatistics ListMetrics PutMetricData"),
	"s3":         set("AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjectTagging DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging HeadBucket HeadObject ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2 ListParts PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging UploadPart UploadPartCopy"),
	"sns":        set("Publish PublishBatch"),
	"sqs":        set("ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage SendMessage SendMessageBatch"),
	"events":     set("PutEvents"),
}

func set(names string) map[string]bool {
	out := map[string]bool{}
	for name := range strings.SplitSeq(names, " ") {
		out[name] = true
	}
	return out
}

// IsDataEvent reports whether an operation acts on what is in a resource. service is its signing name.
func IsDataEvent(service, operation string) bool { return dataEvents[service][operation] }

// append writes the event as one line of JSON.
func (e *Entry) append(b []byte, id string) []byte {
	b = append(b, `{"eventVersion":"`+eventVersion+`","userIdentity":`...)
	b = e.appendIdentity(b)
	b = append(b, `,"eventTime":"`...)
	b = e.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	b = append(b, `","eventSource":"`+e.Service+`.amazonaws.com","eventName":"`+e.Name+`","awsRegion":"`+e.Region+`"`...)
	b = appendMember(b, "sourceIPAddress", e.SourceIP)
	b = appendMember(b, "userAgent", e.UserAgent)
	if e.ErrorCode != "" {
		b = appendMember(b, "errorCode", e.ErrorCode)
		b = appendMember(b, "errorMessage", e.ErrorMessage)
	}
	b = appendPart(append(b, `,"requestParameters":`...), e.Payload.AppendRequest)
	b = append(b, `,"responseElements":`...)
	if e.ErrorCode != "" {
		b = append(b, "null"...)
	} else {
		b = appendPart(b, e.Payload.AppendResponse)
	}
	b = append(b, `,"requestID":"`+e.RequestID+`","eventID":"`+id+`","readOnly":`...)
	if e.ReadOnly {
		b = append(b, "true"...)
	} else {
		b = append(b, "false"...)
	}
	b = e.appendResources(b)
	b = append(b, `,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"`+e.Principal.Account+`","eventCategory":"Management"}`...)
	return append(b, '\n')
}

func appendPart(b []byte, part func([]byte) []byte) []byte {
	start := len(b)
	if b = part(b); len(b)-start > maxPart {
		b = append(b[:start], `null`...)
	}
	return b
}

func appendMember(b []byte, name, value string) []byte {
	return appendText(append(b, `,"`+name+`":`...), value)
}

// appendIdentity writes who called. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func (e *Entry) appendIdentity(b []byte) []byte {
	p := &e.Principal
	member := func(name, value string) { b = appendMember(b, name, value) }
	last := p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]
	switch {
	case e.WebIdentity != nil:
		b = append(b, `{"type":"WebIdentityUser"`...)
		member("principalId", e.WebIdentity.Provider+":"+e.WebIdentity.Audience+":"+e.WebIdentity.Subject)
		member("userName", e.WebIdentity.Subject)
		member("identityProvider", e.WebIdentity.Provider)
		return append(b, '}')
	case p.IsRoot():
		b = append(b, `{"type":"Root"`...)
	case p.Role != "":
		b = append(b, `{"type":"AssumedRole"`...)
	case strings.Contains(p.ARN, ":federated-user/"):
		b = append(b, `{"type":"FederatedUser"`...)
	default:
		b = append(b, `{"type":"IAMUser"`...)
	}
	member("principalId", p.UserID)
	member("arn", p.ARN)
	member("accountId", p.Account)
	member("accessKeyId", p.AccessKeyID)
	if p.Role == "" {
		if !p.IsRoot() {
			member("userName", last)
		}
		return append(b, '}')
	}
	id, _, _ := strings.Cut(p.UserID, ":")
	b = append(b, `,"sessionContext":{"sessionIssuer":{"type":"Role"`...)
	member("principalId", id)
	member("arn", p.Role)
	member("accountId", p.Account)
	member("userName", p.Role[strings.LastIndexByte(p.Role, '/')+1:])
	b = append(b, `},"attributes":{"creationDate":"`...)
	b = e.SessionStart.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	return append(b, `","mfaAuthenticated":"false"}}}`...)
}

// resourceTypes are the types of the resources that AWS names in events, by service and the kind in the ARN.
var resourceTypes = map[string]string{
	"s3": "AWS::S3::Bucket", "kms:key": "AWS::KMS::Key", "kms:alias": "AWS::KMS::Alias", "iam:role": "AWS::IAM::Role",
	"dynamodb:table": "AWS::DynamoDB::Table", "secretsmanager:secret": "AWS::SecretsManager::Secret", "ecr:repository": "AWS::ECR::Repository",
}

// appendResources writes the resources that a call was about, of those services whose events have them.
func (e *Entry) appendResources(b []byte) []byte {
	first := true
	for _, arn := range e.Resources {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) != 6 || strings.ContainsAny(parts[5], "*") || parts[2] != e.Service && e.Service != "sts" {
			continue
		}
		kind, _, _ := strings.Cut(parts[5], "/")
		if parts[2] == "s3" {
			kind = ""
		} else {
			kind, _, _ = strings.Cut(kind, ":")
			kind = ":" + kind
		}
		t := resourceTypes[parts[2]+kind]
		if t == "" {
			continue
		}
		if first {
			b, first = append(b, `,"resources":[`...), false
		} else {
			b = append(b, ',')
		}
		account := parts[4]
		if account == "" {
			account = e.Principal.Account
		}
		b = append(b, `{"accountId":"`+account+`","type":"`+t+`","ARN":`...)
		b = append(appendText(b, arn), '}')
	}
	if !first {
		b = append(b, ']')
	}
	return b
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, raw...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
