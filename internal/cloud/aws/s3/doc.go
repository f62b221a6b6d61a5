// Package s3 is Amazon S3's general purpose buckets and their objects.
//
// An object's bytes are files in one directory, named by random ids; its record in the store names them. A body is streamed to
// its file, hashed on the way, and brought to disk before one transaction makes the object visible. A file that no record names
// is an upload that never ended, or a delete that was cut short: New removes it. A deleted object's files go when the last read
// of them has ended. A multipart object is the list of its parts' files: completing an upload copies nothing.
//
// Covered: versioning, multipart uploads, copies, ranges, conditional reads and writes, checksums, tags, object lock (enforced),
// lifecycle expiration, ACLs as they are stored and checked against object ownership and public access blocks, and the bucket
// settings that Terraform's provider reads.
//
// Deviations from AWS:
//   - Uploads by HTML forms (POST) and Signature Version 2 are refused.
//   - Only the bucket's own account has access; policies and ACLs of other accounts do not act yet.
//   - Lifecycle rules run at the first call on a bucket after each midnight UTC; on AWS a worker may be hours late. Transitions
//     of storage classes are stored and do not act.
//   - Replication, notifications, access logging, acceleration, requester pays, websites, CORS, metrics, analytics, inventories and
//     Intelligent-Tiering are settings that are stored and read back; the local cloud does not act on them. A CORS preflight is refused like any unsigned call.
//   - Encryption settings are stored and shown; files are not encrypted beyond what the disk does.
//   - Refused: directory buckets, access points, customer-provided encryption keys (SSE-C), MFA delete, event holds, appending
//     writes, annotations, and the checksum algorithms that are neither CRC, SHA-1 nor SHA-256.
package s3
