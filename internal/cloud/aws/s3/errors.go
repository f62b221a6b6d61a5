package s3

import (
	"net/http"

	"atoll/internal/cloud/wire"
)

// detail is what S3 tells beside an error's code and message. Members that are nil are left out.
type detail struct {
	BucketName      *string `aws:"BucketName"`
	Key             *string `aws:"Key"`
	VersionID       *string `aws:"VersionId"`
	UploadID        *string `aws:"UploadId"`
	Endpoint        *string `aws:"Endpoint"`
	Bucket          *string `aws:"Bucket"`
	Condition       *string `aws:"Condition"`
	Method          *string `aws:"Method"`
	ResourceType    *string `aws:"ResourceType"`
	ArgumentName    *string `aws:"ArgumentName"`
	ArgumentValue   *string `aws:"ArgumentValue"`
	RangeRequested  *string `aws:"RangeRequested"`
	ActualSize      *int64  `aws:"ActualObjectSize"`
	ProposedSize    *int64  `aws:"ProposedSize"`
	MinSizeAllowed  *int64  `aws:"MinSizeAllowed"`
	Size            *int64  `aws:"Size"`
	MaxSizeAllowed  *int64  `aws:"MaxSizeAllowed"`
	PartNumber      *int64  `aws:"PartNumber"`
	ETag            *string `aws:"ETag"`
	StorageClass    *string `aws:"StorageClass"`
	LocationWanted  *string `aws:"LocationConstraint"`
	ExpectedCRC     *string `aws:"ExpectedDigest"`
	CalculatedCRC   *string `aws:"CalculatedDigest"`
	HeaderForbidden *string `aws:"Header"`
}

// known are S3's errors that need nothing but their code. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var known = map[string]struct {
	status  int
	message string
}{
	"AccessControlListNotSupported":                  {400, "The bucket does not allow ACLs"},
	"AccessDenied":                                   {403, "Access Denied"},
	"BadDigest":                                      {400, "The Content-MD5 you specified did not match what we received."},
	"BucketAlreadyExists":                            {409, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	"BucketAlreadyOwnedByYou":                        {409, "Your previous request to create the named bucket succeeded and you already own it."},
	"BucketNotEmpty":                                 {409, "The bucket you tried to delete is not empty"},
	"EntityTooLarge":                                 {400, "Your proposed upload exceeds the maximum allowed size"},
	"EntityTooSmall":                                 {400, "Your proposed upload is smaller than the minimum allowed size"},
	"IncompleteBody":                                 {400, "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	"InvalidBucketName":                              {400, "The specified bucket is not valid."},
	"InvalidDigest":                                  {400, "The Content-MD5 you specified was invalid."},
	"InvalidLocationConstraint":                      {400, "The specified location-constraint is not valid"},
	"InvalidObjectState":                             {403, "The operation is not valid for the object's storage class"},
	"InvalidPart":                                    {400, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."},
	"InvalidPartNumber":                              {416, "The requested partnumber is not satisfiable"},
	"InvalidPartOrder":                               {400, "The list of parts was not in ascending order. Parts must be ordered by part number."},
	"InvalidRange":                                   {416, "The requested range is not satisfiable"},
	"InvalidStorageClass":                            {400, "The storage class you specified is not valid"},
	"InvalidURI":                                     {400, "Couldn't parse the specified URI."},
	"KeyTooLongError":                                {400, "Your key is too long"},
	"MalformedACLError":                              {400, "The XML you provided was not well-formed or did not validate against our published schema"},
	"MalformedXML":                                   {400, "The XML you provided was not well-formed or did not validate against our published schema"},
	"MetadataTooLarge":                               {400, "Your metadata headers exceed the maximum allowed metadata size"},
	"MethodNotAllowed":                               {405, "The specified method is not allowed against this resource."},
	"MissingContentLength":                           {411, "You must provide the Content-Length HTTP header."},
	"NoSuchBucket":                                   {404, "The specified bucket does not exist"},
	"NoSuchBucketPolicy":                             {404, "The bucket policy does not exist"},
	"NoSuchCORSConfiguration":                        {404, "The CORS configuration does not exist"},
	"NoSuchKey":                                      {404, "The specified key does not exist."},
	"NoSuchLifecycleConfiguration":                   {404, "The lifecycle configuration does not exist"},
	"NoSuchObjectLockConfiguration":                  {404, "The specified object does not have a ObjectLock configuration"},
	"NoSuchConfiguration":                            {404, "The specified configuration does not exist."},
	"NoSuchPublicAccessBlockConfiguration":           {404, "The public access block configuration was not found"},
	"NoSuchTagSet":                                   {404, "The TagSet does not exist"},
	"NoSuchUpload":                                   {404, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	"NoSuchVersion":                                  {404, "The specified version does not exist."},
	"NoSuchWebsiteConfiguration":                     {404, "The specified bucket does not have a website configuration"},
	"ObjectLockConfigurationNotFoundError":           {404, "Object Lock configuration does not exist for this bucket"},
	"OwnershipControlsNotFoundError":                 {404, "The bucket ownership controls were not found"},
	"PermanentRedirect":                              {301, "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."},
	"PreconditionFailed":                             {412, "At least one of the pre-conditions you specified did not hold"},
	"ReplicationConfigurationNotFoundError":          {404, "The replication configuration was not found"},
	"ServerSideEncryptionConfigurationNotFoundError": {404, "The server side encryption configuration was not found"},
}

// fail gives one of the known errors, with details.
func fail(code string, d detail) *wire.Error {
	k, ok := known[code]
	if !ok {
		return &wire.Error{Code: code, Message: code, Status: http.StatusBadRequest, Detail: &d}
	}
	return &wire.Error{Code: code, Message: k.message, Status: k.status, Detail: &d}
}

// invalid gives InvalidArgument about one parameter or header.
func invalid(name, value, format string, args ...any) *wire.Error {
	e := wire.Errorf("InvalidArgument", format, args...)
	e.Detail = &detail{ArgumentName: &name, ArgumentValue: &value}
	return e
}

// invalidRequest gives InvalidRequest: a call whose parts contradict each other or the bucket's state.
func invalidRequest(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidRequest", format, args...)
}

func noSuchKey(key string) *wire.Error { return fail("NoSuchKey", detail{Key: &key}) }

func preconditionFailed(condition string) *wire.Error {
	return fail("PreconditionFailed", detail{Condition: &condition})
}

// deny gives AccessDenied with a reason.
func deny(format string, args ...any) *wire.Error {
	return wire.Errorf("AccessDenied", format, args...).WithStatus(http.StatusForbidden)
}
