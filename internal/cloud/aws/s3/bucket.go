package s3

import (
	"context"
	"regexp"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	ipPattern     = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// checkBucketName applies https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func checkBucketName(name string) error {
	switch {
	case strings.HasSuffix(name, "--x-s3"):
		return wire.NotImplemented("s3 directory buckets, which names ending in --x-s3 are reserved for")
	case strings.HasPrefix(name, "arn:"):
		return wire.NotImplemented("s3 access points")
	case !bucketPattern.MatchString(name), ipPattern.MatchString(name), strings.Contains(name, ".."),
		strings.HasPrefix(name, "xn--"), strings.HasPrefix(name, "sthree-"), strings.HasPrefix(name, "amzn-s3-demo-"),
		strings.HasSuffix(name, "-s3alias"), strings.HasSuffix(name, "--ol-s3"), strings.HasSuffix(name, ".mrap"),
		strings.HasSuffix(name, "--table-s3"):
		return fail("InvalidBucketName", detail{BucketName: &name})
	}
	return nil
}

// CreateBucket makes a bucket, in the caller's region or, from us-east-1, in any.
func (s *Service) CreateBucket(ctx context.Context, in *CreateBucketInput) (*CreateBucketOutput, error) {
	call := wire.CallFrom(ctx)
	if err := checkBucketName(*in.Bucket); err != nil {
		return nil, err
	}
	region, err := bucketRegion(call.Region, in.CreateBucketConfiguration)
	if err != nil {
		return nil, err
	}
	if ns := text(in.BucketNamespace); ns != "" && ns != "global" {
		return nil, wire.NotImplemented("s3:CreateBucket with x-amz-bucket-namespace: " + ns)
	}
	b, err := s.newBucket(in, call.Account, region)
	if err != nil {
		return nil, err
	}
	var tags map[string]string
	if in.CreateBucketConfiguration != nil {
		if tags, err = tagMap(in.CreateBucketConfiguration.Tags, maxBucketTags); err != nil {
			return nil, err
		}
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		if old, taken := s.find(tx, b.Name); taken {
			switch {
			case old.Account != b.Account:
				return fail("BucketAlreadyExists", detail{BucketName: &b.Name})
			case old.Region != "us-east-1" || region != "us-east-1":
				return fail("BucketAlreadyOwnedByYou", detail{BucketName: &b.Name})
			}
			return nil // for historical reasons us-east-1 takes this for success
		}
		s.names.Put(tx, partition(), b.Name, &name{Account: b.Account})
		s.buckets.Put(tx, state.Scope{Account: b.Account}, b.Name, b)
		state.SetTags(tx, bucketARN(b.Name), tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateBucketOutput{Location: new("/" + b.Name), BucketArn: new(bucketARN(b.Name))}, nil
}

// newBucket gives a bucket with the settings of a new one: ACLs off, public access blocked, encrypted with S3's own keys.
func (s *Service) newBucket(in *CreateBucketInput, account, region string) (*BucketRecord, error) {
	b := &BucketRecord{Name: *in.Bucket, Account: account, Region: region, Created: s.d.Clock.Now(), Ownership: "BucketOwnerEnforced",
		Encryption: defaultEncryption(),
		PublicAccess: &PublicAccessBlockConfiguration{BlockPublicAcls: new(true), IgnorePublicAcls: new(true),
			BlockPublicPolicy: new(true), RestrictPublicBuckets: new(true)}}
	if o := text(in.ObjectOwnership); o != "" {
		if !isOwnership(o) {
			return nil, invalid("x-amz-object-ownership", o, "Invalid x-amz-object-ownership header: %s", o)
		}
		b.Ownership = o
	}
	grants, given, err := grantsOf(bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP), account, account)
	switch {
	case err != nil:
		return nil, err
	case given && b.Ownership == "BucketOwnerEnforced" && text(in.ACL) != "private":
		return nil, wire.Errorf("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	case isPublic(grants):
		return nil, wire.Errorf("InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set with BlockPublicAccess enabled")
	}
	b.Grants = grants
	if truth(in.ObjectLockEnabledForBucket) {
		b.ObjectLock, b.Versioning = &ObjectLockConfiguration{ObjectLockEnabled: new(enabled)}, enabled
	}
	return b, nil
}

// bucketRegion gives the region that a new bucket is to be in.
func bucketRegion(caller string, c *CreateBucketConfiguration) (string, error) {
	want := ""
	if c != nil {
		want = text(c.LocationConstraint)
		if c.Location != nil || c.Bucket != nil {
			return "", wire.NotImplemented("s3 directory buckets")
		}
	}
	if want == "EU" {
		want = "eu-west-1"
	}
	switch {
	case want != "" && !regionPattern.MatchString(want), want == "us-east-1":
		return "", fail("InvalidLocationConstraint", detail{LocationWanted: &want})
	case caller == "us-east-1" && want != "":
		return want, nil
	case caller == "us-east-1", want == caller:
		return caller, nil
	case want == "":
		want = "unspecified"
	}
	return "", wire.Errorf("IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", want)
}

// DeleteBucket deletes an empty bucket, and the uploads to it that are under way.
func (s *Service) DeleteBucket(ctx context.Context, in *DeleteBucketInput) (*DeleteBucketOutput, error) {
	return &DeleteBucketOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		for range s.objects.Prefix(t.tx, partition(), objectID(t.b.Name, "")) {
			e := fail("BucketNotEmpty", detail{BucketName: &t.b.Name})
			if t.b.Versioning != "" {
				e.Message += ". You must delete all versions in the bucket."
			}
			return e
		}
		for id, u := range s.uploads.Prefix(t.tx, partition(), objectID(t.b.Name, "")) {
			t.dropUpload(id, u.ID)
		}
		for id := range s.completed.Prefix(t.tx, partition(), t.b.Name+"/") {
			s.completed.Delete(t.tx, partition(), id)
		}
		s.buckets.Delete(t.tx, state.Scope{Account: t.b.Account}, t.b.Name)
		s.names.Delete(t.tx, partition(), t.b.Name)
		return nil
	})
}

// HeadBucket tells whether a bucket is there and accessible, and its region in any case.
func (s *Service) HeadBucket(ctx context.Context, in *HeadBucketInput) (*HeadBucketOutput, error) {
	_ = s.d.Store.View(func(tx *state.Tx) error {
		if b, ok := s.find(tx, *in.Bucket); ok {
			wire.CallFrom(ctx).Response.Set("x-amz-bucket-region", b.Region)
		}
		return nil
	})
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &HeadBucketOutput{BucketArn: new(bucketARN(b.Name)), BucketRegion: &b.Region, AccessPointAlias: new(false)}, nil
}

// GetBucketLocation gives a bucket's region, to callers in any region; us-east-1 is shown as no constraint.
func (s *Service) GetBucketLocation(ctx context.Context, in *GetBucketLocationInput) (*GetBucketLocationOutput, error) {
	call := *wire.CallFrom(ctx)
	_ = s.d.Store.View(func(tx *state.Tx) error {
		if b, ok := s.find(tx, *in.Bucket); ok {
			call.Region = b.Region
		}
		return nil
	})
	b, err := s.settings(wire.WithCall(ctx, &call), in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &GetBucketLocationOutput{}
	if b.Region != "us-east-1" {
		out.LocationConstraint = &b.Region
	}
	return out, nil
}

// maxListBuckets is the largest page of ListBuckets.
const maxListBuckets = 10000

// ListBuckets lists the account's buckets in all regions, by name.
func (s *Service) ListBuckets(ctx context.Context, in *ListBucketsInput) (*ListBucketsOutput, error) {
	call := wire.CallFrom(ctx)
	limit := maxListBuckets
	if in.MaxBuckets != nil {
		if *in.MaxBuckets < 1 || *in.MaxBuckets > maxListBuckets {
			return nil, invalid("max-buckets", "", "Argument max-buckets must be an integer between 1 and %d", maxListBuckets)
		}
		limit = int(*in.MaxBuckets)
	}
	after, err := tokenKey(in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	out := &ListBucketsOutput{Owner: owner(call.Account), Prefix: in.Prefix, Buckets: []Bucket{}}
	_ = s.d.Store.View(func(tx *state.Tx) error {
		seq := s.buckets.PrefixFrom(tx, call.Global(), text(in.Prefix), after)
		list, next := state.Page(seq, limit, func(b *BucketRecord) bool { return in.BucketRegion == nil || *in.BucketRegion == b.Region })
		for _, b := range list {
			out.Buckets = append(out.Buckets, Bucket{Name: &b.Name, CreationDate: &b.Created, BucketRegion: &b.Region, BucketArn: new(bucketARN(b.Name))})
		}
		out.ContinuationToken = token(next)
		return nil
	})
	return out, nil
}
