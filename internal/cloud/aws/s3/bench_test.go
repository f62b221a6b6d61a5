package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud/cloudtest"
)

// BenchmarkGetObject reads an object of 4 KiB while the bucket holds more and more others: the cost must not grow with them.
func BenchmarkGetObject(b *testing.B) {
	for _, n := range []int{10, 10000} {
		b.Run(fmt.Sprint(n, "-objects"), func(b *testing.B) {
			_, cl := start(b)
			body := strings.Repeat("x", 4096)
			put(b, cl, "box", "object", body)
			for i := range n {
				in := &s3.CopyObjectInput{Bucket: box, Key: aws.String(fmt.Sprint("other/", i)), CopySource: aws.String("box/object")}
				if _, err := cl.CopyObject(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if got, _ := get(b, cl, "box", "object"); len(got) != len(body) {
					b.Fatal(len(got))
				}
			}
		})
	}
}

// BenchmarkListObjectsV2 lists a directory of 10 keys beside one of many.
func BenchmarkListObjectsV2(b *testing.B) {
	_, cl := start(b)
	put(b, cl, "box", "top", "x")
	for i := range 2000 {
		in := &s3.CopyObjectInput{Bucket: box, Key: aws.String(fmt.Sprintf("many/%d/%d", i%10, i)), CopySource: aws.String("box/top")}
		if _, err := cl.CopyObject(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		out, err := cl.ListObjectsV2(b.Context(), &s3.ListObjectsV2Input{Bucket: box, Prefix: aws.String("many/"), Delimiter: aws.String("/")})
		if err != nil || len(out.CommonPrefixes) != 10 {
			b.Fatal(out, err)
		}
	}
}

func BenchmarkPutObject(b *testing.B) {
	for _, size := range []int{4 << 10, 8 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			_, cl := start(b, cloudtest.Durable())
			body := noise(size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := cl.PutObject(b.Context(), &s3.PutObjectInput{Bucket: box, Key: aws.String("k"), Body: bytes.NewReader(body)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGetLargeObject(b *testing.B) {
	_, cl := start(b)
	body := noise(64 << 20)
	if _, err := cl.PutObject(b.Context(), &s3.PutObjectInput{Bucket: box, Key: aws.String("k"), Body: bytes.NewReader(body)}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		out, err := cl.GetObject(b.Context(), &s3.GetObjectInput{Bucket: box, Key: aws.String("k")})
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, out.Body); err != nil || n != int64(len(body)) {
			b.Fatal(n, err)
		}
	}
}
