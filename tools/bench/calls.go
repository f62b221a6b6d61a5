package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// client makes resources through the SDK and signed requests by hand, so that the load does not measure the SDK.
type client struct {
	endpoint, region string
	keys             aws.Credentials
	network          *ec2.Client
	objects          *s3.Client
	tables           *dynamodb.Client
	vpc              string
}

func newClient(ctx context.Context, c *process) (*client, error) {
	provider := credentials.NewStaticCredentialsProvider(c.env["AWS_ACCESS_KEY_ID"], c.env["AWS_SECRET_ACCESS_KEY"], "")
	keys, err := provider.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	config := aws.Config{Region: c.env["AWS_REGION"], BaseEndpoint: aws.String(c.endpoint), Credentials: provider}
	return &client{endpoint: c.endpoint, region: config.Region, keys: keys, network: ec2.NewFromConfig(config), objects: s3.NewFromConfig(config), tables: dynamodb.NewFromConfig(config)}, nil
}

// first makes one signed call.
func (c *client) first(ctx context.Context) error {
	_, err := c.network.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	return err
}

// seed makes VPCs, objects and items until there are so many of each.
func (c *client) seed(ctx context.Context, have, want int) error {
	if have == 0 {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for i := have; i < want; i++ {
		group.Go(func() error {
			if _, err := c.network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}); err != nil {
				return err
			}
			if _, err := c.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bench"), Key: aws.String(fmt.Sprintf("other/%d", i)), Body: strings.NewReader("x")}); err != nil {
				return err
			}
			_, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("bench"), Item: item(fmt.Sprintf("other-%d", i))})
			return err
		})
	}
	return group.Wait()
}

func (c *client) begin(ctx context.Context) error {
	vpc, err := c.network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		return err
	}
	c.vpc = *vpc.Vpc.VpcId
	if _, err := c.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bench")}); err != nil {
		return err
	}
	if _, err := c.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bench"), Key: aws.String("4k"), Body: strings.NewReader(strings.Repeat("x", 4096))}); err != nil {
		return err
	}
	_, err = c.tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("bench"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	return err
}

func item(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}, "n": &types.AttributeValueMemberN{Value: "1"}}
}

// call is one kind of request.
type call struct {
	name string
	next func(connection, i int) (*http.Request, error)
}

// calls gives what is measured. A request that stays the same is signed once, as its signature is good for a quarter of an hour: the
// server verifies it each time, and the client's work is not measured.
func (c *client) calls() []call {
	return []call{
		{"DescribeVpcs, one by id", c.repeated(http.MethodPost, "/", "ec2", "Action=DescribeVpcs&Version=2016-11-15&VpcId.1="+c.vpc, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})},
		{"GetObject, 4 KiB", c.repeated(http.MethodGet, "/bench/4k", "s3", "", http.Header{})},
		{"PutItem", func(connection, i int) (*http.Request, error) {
			body := fmt.Sprintf(`{"TableName":"bench","Item":{"id":{"S":"load-%d-%d"},"n":{"N":"%d"}}}`, connection, i%100, i)
			return c.signed(http.MethodPost, "/", "dynamodb", body, http.Header{"X-Amz-Target": {"DynamoDB_20120810.PutItem"}, "Content-Type": {"application/x-amz-json-1.0"}})
		}},
	}
}

func (c *client) repeated(method, path, service, body string, header http.Header) func(int, int) (*http.Request, error) {
	first, err := c.signed(method, path, service, body, header)
	return func(int, int) (*http.Request, error) {
		if err != nil {
			return nil, err
		}
		req := first.Clone(context.Background())
		req.Body = io.NopCloser(strings.NewReader(body))
		return req, nil
	}
}

func (c *client) signed(method, path, service, body string, header http.Header) (*http.Request, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, c.endpoint+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	req.Header = header
	if service == "s3" {
		header.Set("X-Amz-Content-Sha256", hash)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	return req, signer.SignHTTP(context.Background(), c.keys, req, hash, service, c.region, time.Now())
}
