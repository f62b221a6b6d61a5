package ecr

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Whether the tags of a repository's images can be moved; those with exclusions turn it round for tags that fit a filter.
const (
	mutable         = "MUTABLE"
	immutable       = "IMMUTABLE"
	mutableExcept   = "MUTABLE_WITH_EXCLUSION"
	immutableExcept = "IMMUTABLE_WITH_EXCLUSION"
)

// Kinds of encryption.
const (
	encryptAES     = "AES256"
	encryptKMS     = "KMS"
	encryptKMSDSSE = "KMS_DSSE"
	defaultKey     = "alias/aws/ecr"
)

// repositoryRecord is a repository; its id is its name.
type repositoryRecord struct {
	Name       string
	Created    time.Time
	Mutability string
	Exclusions []string // patterns with *
	ScanOnPush bool
	Encryption string
	KmsKey     string // ARN
	Policy     string
	Lifecycle  string
	Evaluated  time.Time // when the lifecycle policy last acted
}

// repository finds a repository of the caller's registry.
func (t *txn) repository(registry, name *string) (*repositoryRecord, error) {
	if err := checkRepositoryName(*name); err != nil {
		return nil, err
	}
	id := t.sc.Account
	if registry != nil {
		id = *registry
	}
	r, ok := t.repositories.Get(t.tx, t.sc, *name)
	if !ok || id != t.sc.Account {
		return nil, wire.Errorf("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", *name, id)
	}
	return r, nil
}

func (t *txn) put(r *repositoryRecord) { t.repositories.Put(t.tx, t.sc, r.Name, r) }

// change runs a change of one repository.
func (s *Service) change(ctx context.Context, registry, name *string, fn func(t *txn, r *repositoryRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		r, err := t.repository(registry, name)
		if err != nil {
			return err
		}
		if err := fn(t, r); err != nil {
			return err
		}
		t.put(r)
		return nil
	})
}

// read runs a read of one repository.
func (s *Service) read(ctx context.Context, registry, name *string, fn func(t *txn, r *repositoryRecord) error) error {
	return s.view(ctx, func(t *txn) error {
		r, err := t.repository(registry, name)
		if err != nil {
			return err
		}
		return fn(t, r)
	})
}

// CreateRepository makes a repository.
func (s *Service) CreateRepository(ctx context.Context, in *CreateRepositoryInput) (*CreateRepositoryOutput, error) {
	if err := checkRepositoryName(*in.RepositoryName); err != nil {
		return nil, err
	}
	if in.RegistryId != nil && *in.RegistryId != wire.CallFrom(ctx).Account {
		return nil, wire.NotImplemented("ecr:CreateRepository in another account's registry")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	r := &repositoryRecord{Name: *in.RepositoryName, Mutability: mutable, Encryption: encryptAES}
	if in.ImageTagMutability != nil || in.ImageTagMutabilityExclusionFilters != nil {
		if in.ImageTagMutability != nil {
			r.Mutability = *in.ImageTagMutability
		}
		if r.Exclusions, err = exclusions(r.Mutability, in.ImageTagMutabilityExclusionFilters); err != nil {
			return nil, err
		}
	}
	if c := in.ImageScanningConfiguration; c != nil {
		r.ScanOnPush = flag(c.ScanOnPush)
	}
	if err := s.encrypt(ctx, r, in.EncryptionConfiguration); err != nil {
		return nil, err
	}
	out := &CreateRepositoryOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.repositories.Get(t.tx, t.sc, r.Name); exists {
			return wire.Errorf("RepositoryAlreadyExistsException", "The repository with name '%s' already exists in the registry with id '%s'", r.Name, t.sc.Account)
		}
		r.Created = t.now
		t.put(r)
		state.SetTags(t.tx, repositoryARN(t.sc, r.Name), tags)
		out.Repository = t.render(r)
		return nil
	})
}

// encrypt reads how a new repository is encrypted.
func (s *Service) encrypt(ctx context.Context, r *repositoryRecord, c *EncryptionConfiguration) error {
	if c == nil {
		return nil
	}
	if err := oneOf("encryptionConfiguration.encryptionType", c.EncryptionType, encryptAES, encryptKMS, encryptKMSDSSE); err != nil {
		return err
	}
	r.Encryption = *c.EncryptionType
	if r.Encryption == encryptAES {
		if c.KmsKey != nil {
			return invalid("encryptionConfiguration", "KMS key cannot be specified for the encryption type AES256")
		}
		return nil
	}
	key := defaultKey
	if c.KmsKey != nil {
		key = *c.KmsKey
	}
	arn, err := s.d.Keys.KeyARN(ctx, key)
	if err != nil {
		return wire.Errorf("KmsException", "The operation failed due to a KMS exception: %v", err)
	}
	r.KmsKey = arn
	return nil
}

// exclusions checks how mutable tags are to be, and gives the patterns of the tags that are otherwise.
func exclusions(mutability string, in []ImageTagMutabilityExclusionFilter) ([]string, error) {
	if err := oneOf("imageTagMutability", &mutability, mutable, immutable, mutableExcept, immutableExcept); err != nil {
		return nil, err
	}
	needed := mutability == mutableExcept || mutability == immutableExcept
	switch {
	case needed && len(in) == 0:
		return nil, invalid("imageTagMutabilityExclusionFilters", "must not be empty when imageTagMutability is "+mutability)
	case !needed && len(in) > 0:
		return nil, invalid("imageTagMutabilityExclusionFilters", "must be empty when imageTagMutability is "+mutability)
	case len(in) > 5:
		return nil, invalid("imageTagMutabilityExclusionFilters", "Member must have length less than or equal to 5")
	}
	var out []string
	for _, f := range in {
		if err := oneOf("imageTagMutabilityExclusionFilters.filterType", f.FilterType, "WILDCARD"); err != nil {
			return nil, err
		}
		if !filters.MatchString(*f.Filter) || strings.Count(*f.Filter, "*") > 2 {
			return nil, invalid("imageTagMutabilityExclusionFilters.filter", "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$' and have no more than 2 wildcards")
		}
		out = append(out, *f.Filter)
	}
	return out, nil
}

// movable reports whether a tag of the repository may be given to another image.
func (r *repositoryRecord) movable(tag string) bool {
	excluded := slices.ContainsFunc(r.Exclusions, func(pattern string) bool { return fits(pattern, tag) })
	return excluded != (r.Mutability == mutable || r.Mutability == mutableExcept)
}

// fits reports whether text fits a pattern in which * stands for any text.
func fits(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		if _, text, ok = strings.Cut(text, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

func (t *txn) render(r *repositoryRecord) *Repository {
	return &Repository{
		RepositoryArn: new(repositoryARN(t.sc, r.Name)), RegistryId: new(t.sc.Account), RepositoryName: new(r.Name),
		RepositoryUri: new(registryHost(t.sc) + "/" + r.Name), CreatedAt: new(r.Created), ImageTagMutability: new(r.Mutability),
		ImageTagMutabilityExclusionFilters: renderExclusions(r), ImageScanningConfiguration: &ImageScanningConfiguration{ScanOnPush: new(r.ScanOnPush)},
		EncryptionConfiguration: &EncryptionConfiguration{EncryptionType: new(r.Encryption), KmsKey: optional(r.KmsKey)},
	}
}

func renderExclusions(r *repositoryRecord) []ImageTagMutabilityExclusionFilter {
	var out []ImageTagMutabilityExclusionFilter
	for _, f := range r.Exclusions {
		out = append(out, ImageTagMutabilityExclusionFilter{FilterType: new("WILDCARD"), Filter: new(f)})
	}
	return out
}

// DescribeRepositories lists repositories, or gives those that are named.
func (s *Service) DescribeRepositories(ctx context.Context, in *DescribeRepositoriesInput) (*DescribeRepositoriesOutput, error) {
	limit, after, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	if len(in.RepositoryNames) > 0 && (in.MaxResults != nil || in.NextToken != nil) {
		return nil, invalid("repositoryNames", "cannot be used with maxResults or nextToken")
	}
	if len(in.RepositoryNames) > 100 {
		return nil, invalid("repositoryNames", "Member must have length less than or equal to 100")
	}
	out := &DescribeRepositoriesOutput{Repositories: []Repository{}}
	return out, s.view(ctx, func(t *txn) error {
		if len(in.RepositoryNames) > 0 {
			for _, name := range in.RepositoryNames {
				r, err := t.repository(in.RegistryId, &name)
				if err != nil {
					return err
				}
				out.Repositories = append(out.Repositories, *t.render(r))
			}
			return nil
		}
		if in.RegistryId != nil && *in.RegistryId != t.sc.Account {
			return wire.NotImplemented("ecr:DescribeRepositories of another account's registry")
		}
		found, next := state.Page(t.repositories.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			out.Repositories = append(out.Repositories, *t.render(r))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// DeleteRepository deletes a repository that has no images or, when forced, with its images.
func (s *Service) DeleteRepository(ctx context.Context, in *DeleteRepositoryInput) (*DeleteRepositoryOutput, error) {
	out := &DeleteRepositoryOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.repository(in.RegistryId, in.RepositoryName)
		if err != nil {
			return err
		}
		t.expire(r)
		for id := range t.images.Prefix(t.tx, t.sc, r.Name+":") {
			if !flag(in.Force) {
				return wire.Errorf("RepositoryNotEmptyException", "The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", r.Name, t.sc.Account)
			}
			t.images.Delete(t.tx, t.sc, id)
		}
		for _, l := range t.layers.Prefix(t.tx, t.sc, r.Name+":") {
			t.dropLayer(r, l.Digest)
		}
		t.repositories.Delete(t.tx, t.sc, r.Name)
		out.Repository = t.render(r)
		return nil
	})
}

// PutImageTagMutability says whether tags can be moved.
func (s *Service) PutImageTagMutability(ctx context.Context, in *PutImageTagMutabilityInput) (*PutImageTagMutabilityOutput, error) {
	patterns, err := exclusions(*in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters)
	if err != nil {
		return nil, err
	}
	out := &PutImageTagMutabilityOutput{RepositoryName: in.RepositoryName, ImageTagMutability: in.ImageTagMutability}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		r.Mutability, r.Exclusions = *in.ImageTagMutability, patterns
		out.RegistryId, out.ImageTagMutabilityExclusionFilters = new(t.sc.Account), renderExclusions(r)
		return nil
	})
}

// PutImageScanningConfiguration says whether images are scanned when they are pushed.
func (s *Service) PutImageScanningConfiguration(ctx context.Context, in *PutImageScanningConfigurationInput) (*PutImageScanningConfigurationOutput, error) {
	out := &PutImageScanningConfigurationOutput{RepositoryName: in.RepositoryName}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		r.ScanOnPush = flag(in.ImageScanningConfiguration.ScanOnPush)
		out.RegistryId, out.ImageScanningConfiguration = new(t.sc.Account), &ImageScanningConfiguration{ScanOnPush: new(r.ScanOnPush)}
		return nil
	})
}
