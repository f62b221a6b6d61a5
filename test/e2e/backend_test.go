//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// backend is a stack whose state lies in S3, as the account stack's users have it. The lock is held as long as the apply sleeps.
const backend = `
terraform {
  backend "s3" {
    bucket = "state-of-e2e"
    key    = "network/terraform.tfstate"
    region = "eu-west-1"
    %s
  }
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.9.0.0/16"
}

resource "terraform_data" "slow" {
  triggers_replace = [timestamp()]
  provisioner "local-exec" {
    command = "sleep 3"
  }
}
`

// bootstrap makes the bucket and the table that the backend needs.
const bootstrap = `
resource "aws_s3_bucket" "state" {
  bucket = "state-of-e2e"
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_dynamodb_table" "lock" {
  name         = "lock-of-e2e"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}
`

// TestBackend keeps a stack's state in the local cloud's S3, once with the lock in DynamoDB and once with S3's own lock file. Of two
// applies at once, the second fails and names the lock's owner; with -lock-timeout it waits.
func TestBackend(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	newStack(t, c, bootstrap).initAndApply()
	for name, lock := range map[string]string{"dynamodb": `dynamodb_table = "lock-of-e2e"`, "lockfile": "use_lockfile = true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newStack(t, c, fmt.Sprintf(strings.ReplaceAll(backend, "network/", name+"/"), lock))
			second := newStack(t, c, fmt.Sprintf(strings.ReplaceAll(backend, "network/", name+"/"), lock))
			first.init()
			second.init()
			first.apply()

			var both sync.WaitGroup
			results := make([]result, 2)
			for i, s := range []*stack{first, second} {
				both.Go(func() { results[i] = s.terraform("apply", "-no-color", "-input=false", "-auto-approve") })
			}
			both.Wait()
			won, lost := results[0], results[1]
			if won.code != 0 {
				won, lost = lost, won
			}
			won.must(0)
			if lost.code == 0 {
				t.Fatal("two applies at once both went through")
			}
			for _, want := range []string{"Error acquiring the state lock", "Who:", "Operation: OperationTypeApply"} {
				if !strings.Contains(lost.stderr, want) {
					t.Errorf("the loser does not say %q:\n%s", want, lost.stderr)
				}
			}

			for i, s := range []*stack{first, second} {
				both.Go(func() {
					results[i] = s.terraform("apply", "-no-color", "-input=false", "-auto-approve", "-lock-timeout=120s")
				})
			}
			both.Wait()
			results[0].must(0)
			results[1].must(0)
			first.destroy()
		})
	}
}

func (s *stack) initAndApply() {
	s.t.Helper()
	s.init()
	s.apply()
}
