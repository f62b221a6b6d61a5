package s3

import (
	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// What other services may ask of S3, each within a transaction of theirs.

// ServiceMay says whether a bucket exists, of whichever account, and whether its policy lets a service of AWS act on it. service is
// a principal such as "cloudtrail.amazonaws.com"; key is an object's, or empty for the bucket itself; context has the condition keys
// that the service gives.
func (s *Service) ServiceMay(tx *state.Tx, service, action, bucket, key string, context auth.Context) (exists, may bool) {
	return s.principalMay(tx, auth.Caller{Service: service}, action, bucket, key, context)
}

// AccountMay is ServiceMay for the root of an account, such as those by which Elastic Load Balancing writes its logs in older regions.
func (s *Service) AccountMay(tx *state.Tx, account, action, bucket, key string, context auth.Context) (exists, may bool) {
	return s.principalMay(tx, auth.Caller{Account: account, AWS: []string{"arn:aws:iam::" + account + ":root"}}, action, bucket, key, context)
}

func (s *Service) principalMay(tx *state.Tx, who auth.Caller, action, bucket, key string, context auth.Context) (exists, may bool) {
	b, ok := s.find(tx, bucket)
	if !ok || b.Policy == nil {
		return ok, false
	}
	p, err := auth.ParsePolicy([]byte(*b.Policy))
	if err != nil {
		return true, false
	}
	resource := "arn:aws:s3:::" + bucket
	if key != "" {
		resource += "/" + key
	}
	return true, auth.Evaluate(&auth.Request{Caller: who, Action: action, Resource: resource, Context: context}, p) == auth.Allowed
}

// BucketRegion gives the region that a bucket is in.
func (s *Service) BucketRegion(tx *state.Tx, bucket string) (region string, ok bool) {
	b, ok := s.find(tx, bucket)
	if !ok {
		return "", false
	}
	return b.Region, true
}
