package elbv2

import (
	"context"
	"fmt"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// DeliverAccessLog puts a file of access log entries, compressed with gzip, into the bucket of a load balancer, if it has one still. node
// is the address of the load balancer's node, end that of the five minutes. The data plane calls it.
func (s *Service) DeliverAccessLog(ctx context.Context, balancerARN, node string, end time.Time, body []byte) error {
	bucket, key := "", ""
	parts := strings.SplitN(balancerARN, ":", 6)
	err := s.d.Store.View(func(tx *state.Tx) error {
		t := s.in(tx, state.Scope{Region: parts[3], Account: parts[4]})
		b, err := find(t, t.balancers, kindBalancer, &balancerARN)
		if err != nil {
			return nil //nolint:nilerr // its last entries go with it
		}
		now := t.balancerAttributes(b)
		if now["access_logs.s3.enabled"] != "true" {
			return nil
		}
		bucket, key = now["access_logs.s3.bucket"], t.logKey(b, now["access_logs.s3.prefix"], node, end)
		if !t.mayLog(b, bucket, key) {
			return fmt.Errorf("the policy of the bucket %s does not let the access logs in", bucket)
		}
		return nil
	})
	if err != nil || bucket == "" {
		return err
	}
	if err := s.d.Buckets.PutAs(ctx, bucket, key, "application/octet-stream", "", "", nil, body); err != nil {
		return fmt.Errorf("writing access logs to the bucket %s: %w", bucket, err)
	}
	return nil
}

// logKey names a file.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-file-format
func (t *txn) logKey(b *balancerRecord, prefix, node string, end time.Time) string {
	if prefix != "" {
		prefix += "/"
	}
	end = end.UTC()
	return fmt.Sprintf("%sAWSLogs/%s/elasticloadbalancing/%s/%s/%s_elasticloadbalancing_%s_%s_%s_%s_%s.log.gz", prefix, t.sc.Account, t.sc.Region,
		end.Format("2006/01/02"), t.sc.Account, t.sc.Region, strings.ReplaceAll(b.ID, "/", "."), end.Format("20060102T1504Z"), node, t.d.IDs.Alnum(8))
}
