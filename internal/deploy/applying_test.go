package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"atoll/internal/terraform"
	"atoll/internal/ui"
)

// stream feeds messages written as JSON lines.
func stream(t *testing.T, a *applying, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var m terraform.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		a.on(m)
	}
}

const twoParts = `{"type":"version","@timestamp":"2026-01-01T00:00:00Z"}
{"type":"apply_start","@timestamp":"2026-01-01T00:00:01Z","hook":{"resource":{"addr":"module.network.data.aws_region.current"},"action":"read"}}
{"type":"planned_change","@timestamp":"2026-01-01T00:00:02Z","change":{"resource":{"addr":"module.network.aws_vpc.main"},"action":"create"}}
{"type":"planned_change","@timestamp":"2026-01-01T00:00:02Z","change":{"resource":{"addr":"module.service[\"web\"].module.task.aws_ecs_task_definition.main"},"action":"replace","reason":"cannot_update"}}
{"type":"planned_change","@timestamp":"2026-01-01T00:00:02Z","change":{"resource":{"addr":"module.service[\"web\"].aws_ecs_service.main"},"action":"update"}}
{"type":"apply_start","@timestamp":"2026-01-01T00:00:03Z","hook":{"resource":{"addr":"module.network.aws_vpc.main"},"action":"create"}}
{"type":"apply_complete","@timestamp":"2026-01-01T00:00:05Z","hook":{"resource":{"addr":"module.network.aws_vpc.main"},"action":"create"}}
{"type":"apply_start","@timestamp":"2026-01-01T00:00:05Z","hook":{"resource":{"addr":"module.service[\"web\"].module.task.aws_ecs_task_definition.main"},"action":"delete"}}
{"type":"apply_complete","@timestamp":"2026-01-01T00:00:06Z","hook":{"resource":{"addr":"module.service[\"web\"].module.task.aws_ecs_task_definition.main"},"action":"delete"}}
`

func TestApplyingShowsPartsAsTheyEnd(t *testing.T) {
	var out bytes.Buffer
	a := newApplying(ui.NewProgress(&out, ui.Terminal{}), nil)
	stream(t, a, twoParts)
	if got, want := a.summary.Line(), "1 to make, 1 to change, 1 to replace"; got != want {
		t.Errorf("the plan is %q, want %q", got, want)
	}
	stream(t, a, `{"type":"apply_complete","@timestamp":"2026-01-01T00:00:07Z","hook":{"resource":{"addr":"module.service[\"web\"].module.task.aws_ecs_task_definition.main"},"action":"create"}}
{"type":"apply_complete","@timestamp":"2026-01-01T00:00:09Z","hook":{"resource":{"addr":"module.service[\"web\"].aws_ecs_service.main"},"action":"update"}}`)
	if err := a.finish(nil); err != nil {
		t.Fatal(err)
	}
	want := `✓ plan                      3.0 s   1 to make, 1 to change, 1 to replace
✓   network                 2.0 s   1 made
✓   service web             4.0 s   1 made, 1 changed, 1 destroyed
`
	if out.String() != want {
		t.Errorf("shown:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestApplyingTellsWhatIsUndone(t *testing.T) {
	var out bytes.Buffer
	a := newApplying(ui.NewProgress(&out, ui.Terminal{}), nil)
	stream(t, a, twoParts+`{"type":"apply_errored","@timestamp":"2026-01-01T00:00:07Z","hook":{"resource":{"addr":"module.service[\"web\"].aws_ecs_service.main"},"action":"update"}}`)
	failure := &terraform.Failure{Operation: "apply"}
	if err := a.finish(failure); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"✗ service web      aws_ecs_service.main failed", "service web            unfinished: 1 destroyed, 2 to go"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}

func TestPart(t *testing.T) {
	for address, want := range map[string]string{
		"module.network.aws_vpc.main":                                    "network",
		"module.load_balancer[0].module.logs[0].aws_s3_bucket.main":      "load balancer",
		`module.service["web"].module.task.aws_iam_role.task`:            "service web",
		"aws_route53_record.main[\"shop.example.com\"]":                  "environment",
		`module.job["nightly-report"].aws_cloudwatch_event_rule.main`:    "job nightly-report",
		`module.database[0].aws_cloudwatch_log_group.main["postgresql"]`: "database",
	} {
		if got := Part(address); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
}

func TestSecondsAreForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{340 * time.Millisecond: "0.3 s", 12 * time.Second: "12 s", 125 * time.Second: "2 min 5 s"} {
		if got := ui.Seconds(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
