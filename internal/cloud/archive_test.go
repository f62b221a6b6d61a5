package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

// put stores an object in a bucket of its own making.
func put(t *testing.T, c *cloudtest.Cloud, body string) {
	t.Helper()
	client := s3.NewFromConfig(c.Config())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("things")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("things"), Key: aws.String("k"), Body: strings.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c *cloudtest.Cloud) (string, error) {
	t.Helper()
	out, err := s3.NewFromConfig(c.Config()).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("things"), Key: aws.String("k")})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

func TestSaveAndRestore(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Durable())
	key := c.Root()
	put(t, c, "first")
	var archive bytes.Buffer
	if err := c.Save(t.Context(), &archive); err != nil {
		t.Fatal(err)
	}
	if err := c.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.Root() != key {
		t.Errorf("a reset changed the root key")
	}
	if _, err := get(t, c); err == nil {
		t.Fatal("a reset left an object")
	}
	put(t, c, "second")
	c.RestartWith(func() {
		if err := cloud.Restore(t.Context(), c.Dir, bytes.NewReader(archive.Bytes())); err != nil {
			t.Fatal(err)
		}
	})
	if body, err := get(t, c); err != nil || body != "first" {
		t.Errorf("after the restore the object is %q, %v", body, err)
	}
	entries, err := filepath.Glob(c.Dir + ".*")
	if err != nil || len(entries) != 0 {
		t.Errorf("the restore left %v, %v", entries, err)
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Durable())
	put(t, c, "kept")
	var archive bytes.Buffer
	if err := c.Save(t.Context(), &archive); err != nil {
		t.Fatal(err)
	}
	whole := archive.Bytes()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, damaged := range map[string][]byte{
		"empty": nil, "half": whole[:len(whole)/2], "without its end": whole[:len(whole)-4], "flipped": flipped, "text": []byte("hello"),
	} {
		c.RestartWith(func() {
			if err := cloud.Restore(t.Context(), c.Dir, bytes.NewReader(damaged)); !errors.Is(err, cloud.ErrArchive) {
				t.Errorf("%s: the error is %v, want ErrArchive", name, err)
			}
		})
		if body, err := get(t, c); err != nil || body != "kept" {
			t.Fatalf("%s: the object is %q, %v afterwards", name, body, err)
		}
	}
}

// TestRecover ends a restore that a crash cut off between its two renames, and one cut off after them.
func TestRecover(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, p := range []string{dir + ".old", dir + ".next"} {
		if err := os.Mkdir(p, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := cloud.Recover(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the directory was not put back: %v", err)
	}
	if err := os.Mkdir(dir+".old", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Recover(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + ".old"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was replaced is still there: %v", err)
	}
}

func TestSaveStopsWithItsContext(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Durable())
	put(t, c, "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Save(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want context.Canceled", err)
	}
}
