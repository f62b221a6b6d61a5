//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cli runs the AWS CLI as a user does, in a shell with the cloud's settings. Debian's is preferred: it is the oldest in use.
func cli(t *testing.T, c *localCloud) func(args ...string) result {
	t.Helper()
	need(t, "aws", "apt install awscli")
	config := filepath.Join(t.TempDir(), "config")
	return func(args ...string) result {
		t.Helper()
		script := `PATH=/usr/bin:$PATH; eval "$("$ATOLL" cloud env --region eu-west-1 --dir "$DIR")"; aws "$@"`
		return run(t, []string{"ATOLL=" + atoll, "DIR=" + c.dir, "AWS_CONFIG_FILE=" + config, "AWS_SHARED_CREDENTIALS_FILE=" + config}, "bash", append([]string{"-c", script, "bash"}, args...)...)
	}
}

// text gives an answer's value by a query of the CLI's.
func text(r result) string { return strings.TrimSpace(r.must(0)) }

func TestCLIObjects(t *testing.T) {
	aws := cli(t, startCloud(t))
	aws("s3", "mb", "s3://things").must(0)
	dir := t.TempDir()
	big := make([]byte, 200<<20)
	if _, err := rand.Read(big); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "src", "big.bin"), big)
	write(t, filepath.Join(dir, "src", "a", "ä + b.txt"), []byte("hello\n"))
	aws("s3", "sync", filepath.Join(dir, "src"), "s3://things/in").must(0)
	if again := aws("s3", "sync", filepath.Join(dir, "src"), "s3://things/in").must(0); strings.Contains(again, "upload:") {
		t.Errorf("a second sync uploads again:\n%s", again)
	}
	aws("s3", "sync", "s3://things/in", filepath.Join(dir, "back")).must(0)
	for _, name := range []string{"big.bin", "a/ä + b.txt"} {
		want, err := os.ReadFile(filepath.Join(dir, "src", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "back", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s came back different", name)
		}
	}
	aws("s3", "cp", "s3://things/in/big.bin", "s3://things/copy.bin").must(0)
	if got := text(aws("s3api", "head-object", "--bucket", "things", "--key", "copy.bin", "--query", "ContentLength")); got != "209715200" {
		t.Errorf("the copy has %s bytes", got)
	}
	if got := text(aws("s3api", "list-objects-v2", "--bucket", "things", "--prefix", "in/", "--query", "length(Contents)", "--page-size", "1")); got != "2" {
		t.Errorf("the listing has %s objects, want 2", got)
	}
	url := text(aws("s3", "presign", "s3://things/in/a/ä + b.txt"))
	if got := run(t, nil, "curl", "-fsS", url).must(0); got != "hello\n" {
		t.Errorf("the presigned URL gives %q", got)
	}
	aws("s3", "rb", "s3://things").must(1)
	aws("s3", "rb", "--force", "s3://things").must(0)
}

func TestCLINetwork(t *testing.T) {
	aws := cli(t, startCloud(t))
	vpc := text(aws("ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--tag-specifications", "ResourceType=vpc,Tags=[{Key=Name,Value=one}]", "--query", "Vpc.VpcId", "--output", "text"))
	for _, cidr := range []string{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24", "10.0.5.0/24", "10.0.6.0/24"} {
		aws("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", cidr).must(0)
	}
	if got := text(aws("ec2", "describe-subnets", "--filters", "Name=vpc-id,Values="+vpc, "--page-size", "5", "--query", "length(Subnets)")); got != "7" {
		t.Errorf("paging gives %s subnets, want 7", got)
	}
	if got := text(aws("ec2", "describe-vpcs", "--filters", "Name=tag:Name,Values=o?e", "--query", "Vpcs[].VpcId", "--output", "text")); got != vpc {
		t.Errorf("the tag filter finds %q, want %s", got, vpc)
	}
	refused := aws("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", "10.0.3.128/25")
	if refused.code != 254 && refused.code != 255 || !strings.Contains(refused.stderr, "InvalidSubnet.Conflict") {
		t.Errorf("an overlapping subnet: exit code %d\n%s", refused.code, refused.stderr)
	}
	group := text(aws("ec2", "create-security-group", "--group-name", "web", "--description", "web", "--vpc-id", vpc, "--query", "GroupId", "--output", "text"))
	aws("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "443", "--cidr", "0.0.0.0/0").must(0)
	aws("ec2", "delete-vpc", "--vpc-id", vpc).must(254, 255)
}

func TestCLIItems(t *testing.T) {
	aws := cli(t, startCloud(t))
	aws("dynamodb", "create-table", "--table-name", "orders", "--billing-mode", "PAY_PER_REQUEST",
		"--attribute-definitions", "AttributeName=customer,AttributeType=S", "AttributeName=number,AttributeType=N",
		"--key-schema", "AttributeName=customer,KeyType=HASH", "AttributeName=number,KeyType=RANGE").must(0)
	for _, n := range []string{"1", "2", "10"} {
		aws("dynamodb", "put-item", "--table-name", "orders", "--item", `{"customer":{"S":"ann"},"number":{"N":"`+n+`"},"open":{"BOOL":true}}`).must(0)
	}
	again := aws("dynamodb", "put-item", "--table-name", "orders", "--item", `{"customer":{"S":"ann"},"number":{"N":"1"}}`, "--condition-expression", "attribute_not_exists(customer)")
	if again.code == 0 || !strings.Contains(again.stderr, "ConditionalCheckFailedException") {
		t.Errorf("a failed condition: exit code %d\n%s", again.code, again.stderr)
	}
	aws("dynamodb", "update-item", "--table-name", "orders", "--key", `{"customer":{"S":"ann"},"number":{"N":"2"}}`,
		"--update-expression", "SET #o = :no, #t = :sum", "--expression-attribute-names", `{"#o":"open","#t":"total"}`,
		"--expression-attribute-values", `{":no":{"BOOL":false},":sum":{"N":"12.50"}}`).must(0)
	out := aws("dynamodb", "query", "--table-name", "orders", "--key-condition-expression", "customer = :c AND #n > :n",
		"--expression-attribute-names", `{"#n":"number"}`, "--expression-attribute-values", `{":c":{"S":"ann"},":n":{"N":"1"}}`).must(0)
	var got struct {
		Items []struct{ Number, Total struct{ N string } }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Items) != 2 || got.Items[0].Number.N != "2" || got.Items[0].Total.N != "12.5" || got.Items[1].Number.N != "10" {
		t.Errorf("the query gives %+v", got.Items)
	}
	aws("dynamodb", "get-item", "--table-name", "orders", "--key", `{"customer":{"S":"ann"},"number":{"N":"1"}}`).must(0)
	aws("dynamodb", "delete-table", "--table-name", "orders").must(0)
}

func TestCLILogs(t *testing.T) {
	aws := cli(t, startCloud(t))
	aws("logs", "create-log-group", "--log-group-name", "/app/web").must(0)
	aws("logs", "create-log-stream", "--log-group-name", "/app/web", "--log-stream-name", "one").must(0)
	now := strings.TrimSpace(run(t, nil, "date", "+%s000").must(0))
	aws("logs", "put-log-events", "--log-group-name", "/app/web", "--log-stream-name", "one", "--log-events",
		"timestamp="+now+",message=started", "timestamp="+now+",message=ERROR-disk-full").must(0)
	if got := aws("logs", "tail", "/app/web", "--since", "1h").must(0); !strings.Contains(got, "started") || !strings.Contains(got, "ERROR-disk-full") {
		t.Errorf("tail gives %q", got)
	}
	if got := aws("logs", "tail", "/app/web", "--filter-pattern", `"ERROR"`).must(0); strings.Contains(got, "started") || !strings.Contains(got, "ERROR-disk-full") {
		t.Errorf("a filtered tail gives %q", got)
	}
}

func TestCLIIdentities(t *testing.T) {
	c := startCloud(t)
	aws := cli(t, c)
	if got := text(aws("sts", "get-caller-identity", "--query", "Arn", "--output", "text")); got != "arn:aws:iam::111111111111:root" {
		t.Errorf("the caller is %s", got)
	}
	aws("iam", "create-role", "--role-name", "deploy", "--assume-role-policy-document",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`).must(0)
	aws("iam", "create-user", "--user-name", "ann").must(0)
	aws("iam", "attach-user-policy", "--user-name", "ann", "--policy-arn", "arn:aws:iam::aws:policy/AdministratorAccess").must(0)
	if got := text(aws("iam", "list-attached-user-policies", "--user-name", "ann", "--query", "AttachedPolicies[].PolicyName", "--output", "text")); got != "AdministratorAccess" {
		t.Errorf("the user has %q", got)
	}
	key := text(aws("kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text"))
	secret := filepath.Join(t.TempDir(), "plain")
	write(t, secret, []byte("s3cret"))
	cipher := text(aws("kms", "encrypt", "--key-id", key, "--plaintext", "fileb://"+secret, "--query", "CiphertextBlob", "--output", "text"))
	blob := filepath.Join(t.TempDir(), "cipher")
	write(t, blob, []byte(run(t, nil, "sh", "-c", "echo '"+cipher+"' | base64 -d").must(0)))
	if got := text(aws("kms", "decrypt", "--ciphertext-blob", "fileb://"+blob, "--query", "Plaintext", "--output", "text")); got != "czNjcmV0" {
		t.Errorf("decrypted to %q", got)
	}
}

func write(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}
