package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"atoll/internal/dataplane/postgres/download"
	"atoll/internal/hint"
)

// Downloads has PostgreSQL's programs beside those that are installed on the machine: a *download.Source.
type Downloads interface {
	Cached() []string // directories of programs that are there already
	Offers(major int) (download.Package, error)
	Majors() []int // that are offered, older ones first
	Fetch(ctx context.Context, major int) (bin string, err error)
}

// installations finds what is on the machine: what is installed, once, and what was downloaded, the newest first; of one major version
// what is installed comes first. lacking is why nothing is installed.
func (s *Supervisor) installations(ctx context.Context) (all []Installation, lacking, err error) {
	if s.unfit != nil {
		return nil, nil, s.unfit
	}
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if len(s.found) == 0 { // it is sought again next time, it may be installed meanwhile
		if s.found, lacking = s.config.Find(ctx); ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	all = slices.Clone(s.found)
	if s.config.Downloads != nil {
		for _, bin := range s.config.Downloads.Cached() {
			if in, err := s.downloaded(ctx, bin); err == nil {
				all = append(all, in)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Installation) int { return cmp.Compare(b.Major, a.Major) })
	return all, lacking, ctx.Err()
}

// downloaded gives a downloaded installation. s.making is held.
func (s *Supervisor) downloaded(ctx context.Context, bin string) (Installation, error) {
	if in, ok := s.fetched[bin]; ok {
		return in, nil
	}
	in, err := inspect(ctx, bin)
	if err != nil {
		return Installation{}, err
	}
	if err := trustExtensions(bin); err != nil { // such as in a cache that cannot be written to
		s.config.Logger.Warn("a downloaded PostgreSQL keeps its extensions to superusers", "programs", bin, "err", err)
	}
	in.Downloaded = true
	s.fetched[bin] = in
	return in, nil
}

// exactly gives the installation of a major version for data that there is, which no other can read. It is downloaded where the machine has none.
func (s *Supervisor) exactly(ctx context.Context, server string, major int) (Installation, error) {
	all, lacking, err := s.installations(ctx)
	if err != nil {
		return Installation{}, err
	}
	if in, ok := of(all, major); ok {
		return in, nil
	}
	in, err := s.fetch(ctx, server, major)
	switch {
	case err == nil || ctx.Err() != nil:
		return in, err
	case errors.Is(err, errNoDownloads) && len(all) == 0:
		return Installation{}, lacking
	case errors.Is(err, errNoDownloads):
		return Installation{}, hint.Errorf(fmt.Sprintf("install PostgreSQL %d beside what is there", major),
			"%w: the data is of PostgreSQL %d, and the machine has %s", ErrNoServer, major, versions(all))
	}
	return Installation{}, lacks(major, err)
}

// forNew gives the installation for a new server: of the wanted major version, installed or downloaded, else the nearest that there is.
// instead says why it is another one.
func (s *Supervisor) forNew(ctx context.Context, server string, major int) (in Installation, instead string, err error) {
	all, lacking, err := s.installations(ctx)
	if err != nil {
		return Installation{}, "", err
	}
	if in, ok := of(all, major); ok {
		return in, "", nil
	}
	in, err = s.fetch(ctx, server, major)
	if err == nil || ctx.Err() != nil {
		return in, "", err
	}
	instead = fmt.Sprintf("this machine has no PostgreSQL %d", major)
	if !errors.Is(err, errNoDownloads) {
		s.config.Logger.Warn("PostgreSQL cannot be downloaded", "server", server, "major", major, "err", err)
		message, _ := hint.Split(err)
		instead += ": " + message
	}
	if len(all) > 0 {
		return choose(all, major), instead, nil
	}
	if errors.Is(err, errNoDownloads) {
		return Installation{}, "", lacking
	}
	if next := s.nearest(major); next != 0 && errors.Is(err, download.ErrUnavailable) { // this platform has no package of the wanted one
		in, failed := s.fetch(ctx, server, next)
		if failed == nil || ctx.Err() != nil {
			return in, instead, failed
		}
		err = failed
	}
	return Installation{}, "", lacks(major, err)
}

// nearest gives the next newer major version that can be downloaded; 0: none.
func (s *Supervisor) nearest(major int) int {
	for _, m := range s.config.Downloads.Majors() {
		if m > major {
			return m
		}
	}
	return 0
}

func lacks(major int, err error) error {
	message, _ := hint.Split(err)
	try := installTry()
	if !errors.Is(err, download.ErrUnavailable) {
		try += "; or let this machine reach npm's registry (npm_config_registry names another one)"
	}
	return &hint.Error{Try: try, Err: fmt.Errorf("%w: PostgreSQL %d is wanted: %w", ErrNoServer, major, said{message, err})}
}

// said is an error in other words.
type said struct {
	text string
	error
}

func (s said) Error() string { return s.text }

func (s said) Unwrap() error { return s.error }

var errNoDownloads = errors.New("nothing is downloaded")

// fetch downloads a major version for a server, which is told.
func (s *Supervisor) fetch(ctx context.Context, server string, major int) (Installation, error) {
	if s.config.Downloads == nil {
		return Installation{}, errNoDownloads
	}
	p, err := s.config.Downloads.Offers(major)
	if err != nil {
		return Installation{}, err
	}
	s.config.Notify(Event{server, Downloading, fmt.Sprintf("PostgreSQL %s (%d MB) is being downloaded, for this machine has no PostgreSQL %d", p.Number(), p.Size>>20, major)})
	bin, err := s.config.Downloads.Fetch(ctx, major)
	if err != nil {
		return Installation{}, err
	}
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return Installation{}, ctx.Err()
	}
	return s.downloaded(ctx, bin)
}
