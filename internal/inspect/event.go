package inspect

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// serving are the states of an RDS instance in which it answers, or is about to.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
var serving = [...]string{"available", "backing-up", "configuring-associate-role", "configuring-disassociate-role", "configuring-enhanced-monitoring",
	"configuring-iam-database-auth", "configuring-log-exports", "modifying", "resetting-master-credentials", "storage-config-upgrade", "storage-initialization", "storage-optimization"}

// Answers reports whether the instance is in a state in which it answers.
func (d *Database) Answers() bool {
	return slices.Contains(serving[:], aws.ToString(d.Detail.DBInstanceStatus))
}

// eventsSince is how far back RDS is asked for events, in minutes.
const eventsSince = 24 * 60

// Why gives what RDS has said last of an instance: of its failure, if it knows of one; empty where it has said nothing in a day.
func (e *Environment) Why(ctx context.Context, d *Database) (string, error) {
	in := &rds.DescribeEventsInput{SourceIdentifier: &d.ID, SourceType: types.SourceTypeDbInstance, Duration: aws.Int32(eventsSince)}
	said, failure := "", ""
	for pages := rds.NewDescribeEventsPaginator(e.RDS, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("asking for the events of %s: %w", d.ID, err)
		}
		for _, event := range page.Events { // the oldest first
			said = aws.ToString(event.Message)
			if slices.Contains(event.EventCategories, "failure") {
				failure = said
			}
		}
	}
	if failure != "" {
		return failure, nil
	}
	return said, nil
}
