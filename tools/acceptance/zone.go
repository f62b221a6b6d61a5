package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// rootDomain is the domain that ACM's tests ask for certificates of. They want a public zone of it in the account, and a name so
// short that they can put their own in front of it.
const rootDomain = "atoll.example"

// makeZone makes the zone of rootDomain in the cloud that the environment leads to.
func makeZone(ctx context.Context, env []string) error {
	set := map[string]string{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	client := route53.NewFromConfig(aws.Config{
		Region: set["AWS_REGION"], BaseEndpoint: aws.String(set["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], ""),
	})
	_, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(rootDomain), CallerReference: aws.String("acceptance")})
	if err != nil {
		return fmt.Errorf("making the zone %s: %w", rootDomain, err)
	}
	return nil
}
