// Package s3control is the part of S3 Control that shows and changes the tags of S3's buckets by ARN, and an account's public access block.
//
// Access points, storage lens, batch jobs and what else has tags there are not part of the local cloud.
package s3control
