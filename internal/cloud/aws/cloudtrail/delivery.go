package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
)

const (
	fileEvents = 20_000 // of a log file
	putEvents  = 500    // of a call to CloudWatch Logs, which takes 1 MiB
	putBytes   = 512 << 10
)

// globalSources are the services whose events belong to all regions.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
var globalSources = []string{"cloudfront.amazonaws.com", "iam.amazonaws.com", "route53.amazonaws.com", "sts.amazonaws.com"}

// logFile is a delivered file, as a digest names it.
type logFile struct {
	Bucket, Key, Hash string
	Oldest, Newest    time.Time
}

// batch is what goes into one log file.
type batch struct {
	region         string
	lines          [][]byte
	oldest, newest time.Time
}

// delivery is one trail's turn.
type delivery struct {
	*Service
	sc   state.Scope
	name string
	at   time.Time
	end  trail.Position

	r      *trailRecord // as it was at the beginning
	spans  int          // how many of its spans were delivered
	files  map[string][]logFile
	status deliveryStatus
}

func (d *delivery) run(ctx context.Context) error {
	may := false
	_ = d.d.Store.View(func(tx *state.Tx) error {
		if d.r, _ = d.trails.Get(tx, d.sc, d.name); d.r != nil {
			_, may = d.mayWrite(tx, d.r, d.sc)
		}
		return nil
	})
	if d.r == nil {
		return nil
	}
	d.status, d.files = d.r.Status, map[string][]logFile{}
	batches, err := d.collect()
	if err != nil {
		return err
	}
	d.status.DeliveryError = ""
	switch {
	case len(batches) == 0:
		d.spans = len(d.r.Spans)
	case !may:
		d.status.Attempted, d.status.DeliveryError = d.at, "AccessDenied"
	default:
		d.status.Attempted = d.at
		if d.status.DeliveryError = code(d.put(ctx, batches)); d.status.DeliveryError == "" {
			d.spans, d.status.Delivered = len(d.r.Spans), d.at
			d.status.LogsError = code(d.putLogs(ctx, batches))
		}
	}
	if err := d.save(ctx); err != nil {
		return err
	}
	return d.digests(ctx)
}

// code gives the code of an error, as a trail's status shows it; "" for none.
func code(err error) string {
	var e *wire.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return "InternalError"
}

// collect reads the events that the trail is to deliver, by their regions.
func (d *delivery) collect() ([]*batch, error) {
	var out []*batch
	open := map[string]*batch{}
	for _, sp := range d.r.Spans {
		to := d.end
		if sp.To != nil && sp.To.Before(to) {
			to = *sp.To
		}
		for line, err := range d.d.Events.Since(sp.From) {
			if err != nil {
				return nil, err
			}
			if !line.At.Before(to) {
				break
			}
			e, err := trail.Parse(line.JSON)
			if err != nil {
				return nil, err
			}
			region, wanted := d.wants(&e)
			if !wanted {
				continue
			}
			b := open[region]
			if b == nil || len(b.lines) == fileEvents {
				b = &batch{region: region, oldest: e.Time}
				open[region], out = b, append(out, b)
			}
			b.lines, b.newest = append(b.lines, line.JSON), e.Time
		}
	}
	return out, nil
}

// wants reports whether the trail logs an event, and the region whose files it goes to.
func (d *delivery) wants(e *trail.Event) (string, bool) {
	if e.Account != d.sc.Account || !d.r.logs(e) {
		return "", false
	}
	global := slices.Contains(globalSources, e.Source)
	switch {
	case d.r.MultiRegion:
		return e.Region, true
	case global && !d.r.Global:
		return "", false
	case global, e.Region == d.sc.Region:
		return d.sc.Region, true
	}
	return "", false
}

// key names a file: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
func (d *delivery) key(region string) string {
	return fmt.Sprintf("%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", d.r.root(d.sc.Account), region, d.at.UTC().Format("2006/01/02"),
		d.sc.Account, region, d.at.UTC().Format("20060102T1504Z"), d.d.IDs.Alnum(16))
}

// put writes the log files.
func (d *delivery) put(ctx context.Context, batches []*batch) error {
	for _, b := range batches {
		content := append([]byte(`{"Records":[`), bytes.Join(b.lines, []byte(","))...)
		content = append(content, `]}`...)
		key := d.key(b.region)
		if err := d.store(ctx, key, content, nil); err != nil {
			return err
		}
		d.files[b.region] = append(d.files[b.region], logFile{Bucket: d.r.Bucket, Key: key, Hash: digestOf(content), Oldest: b.oldest, Newest: b.newest})
		d.notify(ctx, key)
	}
	return nil
}

// store writes a compressed file.
func (d *delivery) store(ctx context.Context, key string, content []byte, metadata map[string]string) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		return err
	}
	return d.d.Buckets.PutAs(ctx, d.r.Bucket, key, "application/json", "gzip", d.r.Key, metadata, packed.Bytes())
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// notify tells the trail's topic of a file.
func (d *delivery) notify(ctx context.Context, key string) {
	if d.r.Topic == "" {
		return
	}
	message, err := json.Marshal(map[string]any{"s3Bucket": d.r.Bucket, "s3ObjectKey": []string{key}})
	if err == nil {
		err = d.d.Topics.DeliverFor(ctx, d.sc, d.r.Topic, principal, trailARN(d.sc, d.name), "", string(message))
	}
	if d.status.NotifyError = code(err); err == nil {
		d.status.Notified = d.at
	}
}

// putLogs puts the events into the trail's log group, by its role.
func (d *delivery) putLogs(ctx context.Context, batches []*batch) error {
	sc, group, ok := splitGroup(d.r.Group)
	if !ok {
		return nil
	}
	err := d.d.Store.View(func(tx *state.Tx) error { return d.checkRole(tx, d.r.Role, sc, group) })
	if err != nil {
		return wire.Errorf("AccessDenied", "the role may not put events")
	}
	for _, b := range batches {
		var messages []string
		size := 0
		for i, line := range b.lines {
			messages, size = append(messages, string(line)), size+len(line)
			if len(messages) < putEvents && size < putBytes && i < len(b.lines)-1 {
				continue
			}
			if err := d.d.Groups.PutTrusted(ctx, sc, group, streamOf(d.sc), messages, d.d.Clock.Now()); err != nil {
				return err
			}
			messages, size = nil, 0
		}
	}
	d.status.Logged = d.at
	return nil
}

// save notes what was delivered, beside what has changed meanwhile.
func (d *delivery) save(ctx context.Context) error {
	if d.spans == 0 && d.status == d.r.Status {
		return nil
	}
	return d.d.Store.Update(ctx, func(tx *state.Tx) error {
		r, ok := d.trails.Get(tx, d.sc, d.name)
		if !ok {
			return nil
		}
		r.Status = d.status
		var left []span
		for i, sp := range r.Spans {
			if i < d.spans && sp.From.Before(d.end) {
				sp.From = d.end
			}
			if sp.To == nil || sp.From.Before(*sp.To) {
				left = append(left, sp)
			}
		}
		r.Spans = left
		if r.Validation {
			for region, files := range d.files {
				r.digest(region).Files = append(r.digest(region).Files, files...)
			}
		}
		d.trails.Put(tx, d.sc, d.name, r)
		d.r = r
		return nil
	})
}

// regions gives those whose digests are due: the home region, and where files were delivered to or digests are.
func (r *trailRecord) regions(home string) []string {
	all := map[string]struct{}{home: {}}
	for region := range r.Digests {
		all[region] = struct{}{}
	}
	return slices.Sorted(maps.Keys(all))
}
