package events

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/eventpattern"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// archiveRecord is an archive of a bus's events. As there are no replays, it keeps of the events what it shows of them.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
type archiveRecord struct {
	Name, Bus            string
	Description, Pattern string
	KmsKey               string
	Retention            int64 // days; 0 is for ever
	Created              time.Time
	Days                 []archivedDay // by their dates
}

// archivedDay counts the events of a day, in UTC.
type archivedDay struct {
	Date         string
	Events, Size int64
}

const (
	maxArchives = 100 // of an account in a region
	dayFormat   = "2006-01-02"
)

var archiveNames = regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)

func archiveARN(sc state.Scope, name string) string {
	return "arn:aws:events:" + sc.Region + ":" + sc.Account + ":archive/" + name
}

// kept gives the days that the retention leaves.
func (r *archiveRecord) kept(now time.Time) []archivedDay {
	days := r.Days
	oldest := now.UTC().AddDate(0, 0, -int(r.Retention)).Format(dayFormat)
	for r.Retention > 0 && len(days) > 0 && days[0].Date < oldest {
		days = days[1:]
	}
	return days
}

func (r *archiveRecord) totals(now time.Time) (events, size int64) {
	for _, d := range r.kept(now) {
		events, size = events+d.Events, size+d.Size
	}
	return events, size
}

func (t *txn) archive(name string) (*archiveRecord, error) {
	r, ok := t.archives.Get(t.tx, t.sc, name)
	if !ok {
		return nil, missing("Archive %s does not exist.", name)
	}
	return r, nil
}

// archiving gives the archives of a bus that take an event, and its size as JSON.
func (t *txn) archiving(bus string, e *envelope) (found []*archiveRecord, size int, err error) {
	var raw []byte
	var document map[string]any
	for _, r := range t.archives.By(t.tx, t.sc, "bus", bus) {
		if raw == nil {
			if raw, err = json.Marshal(e); err != nil {
				return nil, 0, err
			}
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			if err := d.Decode(&document); err != nil {
				return nil, 0, err
			}
		}
		if r.Pattern != "" {
			p, err := eventpattern.Parse([]byte(r.Pattern), eventpattern.EventBridge)
			if err != nil {
				return nil, 0, err // checked when it was set
			}
			if !p.MatchesValue(document) {
				continue
			}
		}
		found = append(found, r)
	}
	return found, len(raw), nil
}

// file counts an event in the archives of a bus that take it.
func (t *txn) file(bus string, e *envelope) error {
	found, size, err := t.archiving(bus, e)
	if err != nil {
		return err
	}
	today := t.now.UTC().Format(dayFormat)
	for _, r := range found {
		r.Days = append([]archivedDay(nil), r.kept(t.now)...)
		if n := len(r.Days); n == 0 || r.Days[n-1].Date != today {
			r.Days = append(r.Days, archivedDay{Date: today})
		}
		last := &r.Days[len(r.Days)-1]
		last.Events, last.Size = last.Events+1, last.Size+int64(size)
		t.archives.Put(t.tx, t.sc, r.Name, r)
	}
	return nil
}

// archiveSettings are the members that CreateArchive and UpdateArchive share. An absent one leaves what is there.
type archiveSettings struct {
	description, pattern, key *string
	retention                 *int64
}

func (s *Service) checkArchive(ctx context.Context, name string, in archiveSettings) error {
	switch {
	case !archiveNames.MatchString(name):
		return constraint(name, "archiveName", "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+")
	case len(name) > 48:
		return constraint(name, "archiveName", "Member must have length less than or equal to 48")
	case len([]rune(text(in.description))) > 512:
		return constraint(text(in.description), "description", "Member must have length less than or equal to 512")
	case len(text(in.pattern)) > maxPatternBytes:
		return constraint(text(in.pattern), "eventPattern", "Member must have length less than or equal to 4096")
	case in.retention != nil && *in.retention < 0:
		return invalid("RetentionDays must be 0 or more.")
	}
	if text(in.pattern) != "" {
		if _, err := eventpattern.Parse([]byte(*in.pattern), eventpattern.EventBridge); err != nil {
			return invalidPattern(err)
		}
	}
	if text(in.key) != "" {
		if _, err := s.d.Keys.KeyARN(ctx, *in.key); err != nil {
			return invalid("The KMS key %s does not exist or cannot be used.", *in.key)
		}
	}
	return nil
}

func (r *archiveRecord) set(in archiveSettings) {
	if in.description != nil {
		r.Description = *in.description
	}
	if in.pattern != nil {
		r.Pattern = *in.pattern
	}
	if in.key != nil {
		r.KmsKey = *in.key
	}
	if in.retention != nil {
		r.Retention = *in.retention
	}
}

// CreateArchive makes an archive of a bus.
func (s *Service) CreateArchive(ctx context.Context, in *CreateArchiveInput) (*CreateArchiveOutput, error) {
	settings := archiveSettings{in.Description, in.EventPattern, in.KmsKeyIdentifier, in.RetentionDays}
	if err := s.checkArchive(ctx, *in.ArchiveName, settings); err != nil {
		return nil, err
	}
	out := &CreateArchiveOutput{State: new(stateEnabled)}
	return out, s.update(ctx, func(t *txn) error {
		if !strings.HasPrefix(*in.EventSourceArn, busARN(t.sc, "")) {
			return invalid("Parameter EventSourceArn is not valid. Reason: it must be the ARN of an event bus of this account and Region.")
		}
		b, err := t.bus(in.EventSourceArn)
		if err != nil {
			return err
		}
		if _, exists := t.archives.Get(t.tx, t.sc, *in.ArchiveName); exists {
			return wire.Errorf("ResourceAlreadyExistsException", "Archive %s already exists.", *in.ArchiveName)
		}
		if t.archives.Len(t.tx, t.sc) >= maxArchives {
			return wire.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
		}
		r := &archiveRecord{Name: *in.ArchiveName, Bus: b.Name, Created: t.now}
		r.set(settings)
		t.archives.Put(t.tx, t.sc, r.Name, r)
		out.ArchiveArn, out.CreationTime = new(archiveARN(t.sc, r.Name)), new(r.Created)
		return nil
	})
}

// UpdateArchive changes the members that are given.
func (s *Service) UpdateArchive(ctx context.Context, in *UpdateArchiveInput) (*UpdateArchiveOutput, error) {
	settings := archiveSettings{in.Description, in.EventPattern, in.KmsKeyIdentifier, in.RetentionDays}
	if err := s.checkArchive(ctx, *in.ArchiveName, settings); err != nil {
		return nil, err
	}
	out := &UpdateArchiveOutput{State: new(stateEnabled)}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.archive(*in.ArchiveName)
		if err != nil {
			return err
		}
		r.set(settings)
		t.archives.Put(t.tx, t.sc, r.Name, r)
		out.ArchiveArn, out.CreationTime = new(archiveARN(t.sc, r.Name)), new(r.Created)
		return nil
	})
}

// DeleteArchive deletes an archive.
func (s *Service) DeleteArchive(ctx context.Context, in *DeleteArchiveInput) (*DeleteArchiveOutput, error) {
	return &DeleteArchiveOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.archive(*in.ArchiveName)
		if err == nil {
			t.archives.Delete(t.tx, t.sc, r.Name)
		}
		return err
	})
}

// DescribeArchive gives an archive.
func (s *Service) DescribeArchive(ctx context.Context, in *DescribeArchiveInput) (*DescribeArchiveOutput, error) {
	out := &DescribeArchiveOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.archive(*in.ArchiveName)
		if err != nil {
			return err
		}
		events, size := r.totals(t.now)
		*out = DescribeArchiveOutput{
			ArchiveArn: new(archiveARN(t.sc, r.Name)), ArchiveName: new(r.Name), EventSourceArn: new(busARN(t.sc, r.Bus)), Description: optional(r.Description),
			EventPattern: optional(r.Pattern), State: new(stateEnabled), KmsKeyIdentifier: optional(r.KmsKey), RetentionDays: new(r.Retention),
			SizeBytes: new(size), EventCount: new(events), CreationTime: new(r.Created),
		}
		return nil
	})
}

// ListArchives lists archives by name, all or those with a prefix, of a bus or in a state.
func (s *Service) ListArchives(ctx context.Context, in *ListArchivesInput) (*ListArchivesOutput, error) {
	limit, after, err := page(in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListArchivesOutput{Archives: []Archive{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.archives.PrefixFrom(t.tx, t.sc, text(in.NamePrefix), after), limit, func(r *archiveRecord) bool {
			return (in.EventSourceArn == nil || busARN(t.sc, r.Bus) == *in.EventSourceArn) && (in.State == nil || *in.State == stateEnabled)
		})
		for _, r := range found {
			events, size := r.totals(t.now)
			out.Archives = append(out.Archives, Archive{ArchiveName: new(r.Name), EventSourceArn: new(busARN(t.sc, r.Bus)), State: new(stateEnabled),
				RetentionDays: new(r.Retention), SizeBytes: new(size), EventCount: new(events), CreationTime: new(r.Created)})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}
