package s3

import (
	"time"

	"atoll/internal/cloud/state"
)

// Versioning states of a bucket; a bucket that never had versioning has "".
const (
	enabled   = "Enabled"
	suspended = "Suspended"
)

// nullVersion is the id of versions made while versioning is not enabled.
const nullVersion = "null"

// BucketRecord is a bucket's record. Settings that are nil or empty are not configured.
type BucketRecord struct {
	Name, Account, Region string
	Created               time.Time
	Versioning            string
	ObjectLock            *ObjectLockConfiguration
	Ownership             string // object ownership, "" once its controls are deleted
	PublicAccess          *PublicAccessBlockConfiguration
	Encryption            *ServerSideEncryptionConfiguration
	Policy                *string
	Grants                []Grant
	Lifecycle             []LifecycleRule
	LifecycleMinimum      string // the default minimum size of objects for transitions
	CORS                  []CORSRule
	Website               *WebsiteConfiguration
	Logging               *LoggingEnabled
	Notification          *NotificationConfiguration
	Replication           *ReplicationConfiguration
	Accelerate, Payer     string

	// Settings of which a bucket has many, by their ids.
	Analytics map[string]AnalyticsConfiguration          `json:",omitempty"`
	Inventory map[string]InventoryConfiguration          `json:",omitempty"`
	Metrics   map[string]MetricsConfiguration            `json:",omitempty"`
	Tiering   map[string]IntelligentTieringConfiguration `json:",omitempty"`
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

// name says which account has a bucket, for all accounts: a bucket's name is taken once in a partition.
type name struct{ Account string }

// Version is one version of an object: the current one, a noncurrent one, or a delete marker.
type Version struct {
	Bucket, Key  string
	ID           string
	Seq          uint64 // rises with each version of the key
	DeleteMarker bool
	Modified     time.Time
	Superseded   time.Time // when a newer version came; zero while it is current

	Segments     []Segment
	Size         int64
	ETag         string // without quotes
	Checksum     *ChecksumValue
	Parts        []PartSum // of a multipart object
	StorageClass string
	Metadata     map[string]string
	Headers      Headers
	Encryption   Encryption
	Tags         map[string]string
	Grants       []Grant
	Retention    *Retention
	LegalHold    string // ON, OFF, or "" if it was never set
}

// PartSum is what stays known of a completed upload's part.
type PartSum struct {
	Number int64
	Size   int64
	Sum    string // of the object's checksum algorithm
}

// Headers are the headers of an object that are stored as they came.
type Headers struct {
	ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Expires, Redirect string
}

// Encryption is how an object is said to be encrypted.
type Encryption struct {
	Algorithm string
	KMSKey    string
	Context   string
	BucketKey bool
}

// Retention keeps a version from being deleted until a time.
type Retention struct {
	Mode  string // GOVERNANCE or COMPLIANCE
	Until time.Time
}

// Upload is a multipart upload under way. Object holds what its object will have.
type Upload struct {
	ID           string
	Initiated    time.Time
	Initiator    string // ARN
	Algorithm    string // of checksums, "" if none was asked for
	ChecksumType string
	Object       Version
}

// PartRecord is a part of an upload.
type PartRecord struct {
	Number   int64
	Modified time.Time
	received
}

// Completed remembers an upload's end, so that a client that saw no answer may complete it again.
type Completed struct {
	Key, VersionID, ETag string
	At                   time.Time
}

type tables struct {
	names     state.Table[name]
	buckets   state.Table[BucketRecord]
	objects   state.Table[Version] // the current version of each key
	versions  state.Table[Version] // noncurrent versions, newest first under each key
	uploads   state.Table[Upload]
	parts     state.Table[PartRecord]
	completed state.Table[Completed]
	accounts  state.Table[PublicAccessBlockConfiguration] // of the whole account, with the id accountBlock
}

// The tables are partition-wide, but the buckets': their scope is the account, as the ARN index wants it. Objects, versions and
// uploads have the bucket in front of their ids.
func partition() state.Scope { return state.Scope{} }

func newTables(store *state.Store) tables {
	return tables{
		names: state.NewTable[name](store, "s3.name"),
		buckets: state.NewTable(store, "s3.bucket",
			state.WithARN(func(_ state.Scope, id string, _ *BucketRecord) string { return bucketARN(id) })),
		objects: state.NewTable[Version](store, "s3.object"),
		versions: state.NewTable(store, "s3.version",
			state.WithIndex("id", func(v *Version) []string { return []string{versionIndex(v.Bucket, v.Key, v.ID)} })),
		uploads:   state.NewTable[Upload](store, "s3.upload"),
		parts:     state.NewTable[PartRecord](store, "s3.part"),
		completed: state.NewTable[Completed](store, "s3.completed"),
		accounts:  state.NewTable[PublicAccessBlockConfiguration](store, "s3.account-block"),
	}
}

func versionIndex(bucket, key, id string) string { return objectID(bucket, key) + "\x01\x01" + id }
