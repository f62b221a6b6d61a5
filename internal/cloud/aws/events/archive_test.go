package events_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"atoll/internal/cloud/cloudtest"
)

func TestArchive(t *testing.T) {
	c := start(t, cloudtest.Durable())
	bus := *must(c.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("orders")}))(t).EventBusArn
	create := func(name, source, pattern string) error {
		_, err := c.CreateArchive(c.ctx, &eventbridge.CreateArchiveInput{ArchiveName: &name, EventSourceArn: &source, EventPattern: &pattern, RetentionDays: aws.Int32(2)})
		return err
	}
	refused(t, create("a b", bus, "{}"), "ValidationException", "archiveName")
	refused(t, create("a", bus, `{"source":"app"}`), "InvalidEventPatternException")
	refused(t, create("a", arnPrefix+"event-bus/none", ""), "ResourceNotFoundException", "Event bus none does not exist.")
	if err := create("a", bus, `{"source":["app"]}`); err != nil {
		t.Fatal(err)
	}
	refused(t, create("a", bus, ""), "ResourceAlreadyExistsException", "Archive a already exists.")
	put := func(source string) {
		must(c.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{EventBusName: aws.String("orders"), Source: &source, DetailType: aws.String("order"), Detail: aws.String(`{}`)}}}))(t)
	}
	describe := func() *eventbridge.DescribeArchiveOutput {
		return must(c.DescribeArchive(c.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String("a")}))(t)
	}
	put("app")
	put("other")
	c.cloud.Clock.Advance(24 * time.Hour)
	put("app")
	c.cloud.Restart()
	got := describe()
	if got.EventCount != 2 || got.SizeBytes == 0 || got.State != types.ArchiveStateEnabled || *got.RetentionDays != 2 || *got.EventSourceArn != bus || *got.ArchiveArn != arnPrefix+"archive/a" {
		t.Errorf("got %+v", got)
	}
	c.cloud.Clock.Advance(48 * time.Hour)
	if got := describe(); got.EventCount != 1 {
		t.Errorf("after the retention of the first event: %d", got.EventCount)
	}
	must(c.UpdateArchive(c.ctx, &eventbridge.UpdateArchiveInput{ArchiveName: aws.String("a"), Description: aws.String("all"), RetentionDays: aws.Int32(0)}))(t)
	if got := describe(); *got.Description != "all" || *got.EventPattern != `{"source":["app"]}` || *got.RetentionDays != 0 {
		t.Errorf("got %+v", got)
	}
	if all := must(c.ListArchives(c.ctx, &eventbridge.ListArchivesInput{EventSourceArn: &bus}))(t).Archives; len(all) != 1 || *all[0].ArchiveName != "a" {
		t.Errorf("got %+v", all)
	}
	must(c.DeleteArchive(c.ctx, &eventbridge.DeleteArchiveInput{ArchiveName: aws.String("a")}))(t)
	_, err := c.DescribeArchive(c.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String("a")})
	refused(t, err, "ResourceNotFoundException", "Archive a does not exist.")
}
