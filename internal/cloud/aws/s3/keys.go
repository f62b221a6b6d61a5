package s3

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Record ids keep the order of keys: BUCKET/KEY for objects, followed by a separator and more for versions and uploads. The
// separator, two bytes 1, sorts before all that can follow a key: NUL and 1 are escaped, as 1 2 and 1 3.
const separator = "\x01\x01"

func escapeKey(key string) string {
	if strings.IndexByte(key, 0) < 0 && strings.IndexByte(key, 1) < 0 {
		return key
	}
	return strings.NewReplacer("\x00", "\x01\x02", "\x01", "\x01\x03").Replace(key)
}

// objectID is the record id of a key's current version; of a prefix it is the prefix of the ids.
func objectID(bucket, key string) string { return bucket + "/" + escapeKey(key) }

// versionID is the record id of a noncurrent version; the newest has the lowest.
func versionRecord(v *Version) string {
	return versionsOf(v.Bucket, v.Key) + fmt.Sprintf("%016x", ^v.Seq)
}

func versionsOf(bucket, key string) string { return objectID(bucket, key) + separator }

// uploadID is the record id of an upload: uploads of a key stand in the order of their start.
func uploadRecord(u *Upload) string {
	return objectID(u.Object.Bucket, u.Object.Key) + separator + u.ID
}

// partRecord is the record id of a part; number 0 gives the prefix of the ids.
func partRecord(uploadID string, number int64) string {
	if number == 0 {
		return uploadID + "/"
	}
	return uploadID + "/" + fmt.Sprintf("%05d", number)
}

// beyond is what sorts after all ids with a prefix: keys are UTF-8, which has no such byte.
const beyond = "\xff"

// maxKey is the longest key in bytes.
const maxKey = 1024

func checkKey(key string) error {
	if len(key) > maxKey {
		return fail("KeyTooLongError", detail{Size: new(int64(len(key))), MaxSizeAllowed: new(int64(maxKey))})
	}
	if !utf8.ValidString(key) {
		return fail("InvalidURI", detail{})
	}
	return nil
}
