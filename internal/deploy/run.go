package deploy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"atoll/internal/terraform"
)

// Plan says what applying would do, and keeps the plan for Apply. Remove takes it away.
func (s *Session) Plan(ctx context.Context, destroy bool) (*Plan, error) {
	file, err := os.CreateTemp("", "atoll-*.tfplan") // 0600: a plan holds secrets
	if err != nil {
		return nil, fmt.Errorf("making room for the plan: %w", err)
	}
	p := &Plan{file: file.Name()}
	if err := file.Close(); err != nil {
		return nil, err
	}
	err = s.step("plan", func() (string, error) {
		o := s.options()
		o.Out, o.Destroy = p.file, destroy
		err := s.withoutVanished(ctx, func() error {
			_, err := s.space.Plan(ctx, o, s.reading("plan"))
			return err
		})
		if err != nil {
			return "", err
		}
		shown, err := s.space.Show(ctx, p.file)
		if err != nil {
			return "", err
		}
		p.Summary = Summarize(shown)
		return p.Summary.Line(), nil
	})
	if err != nil {
		p.Remove()
		return nil, err
	}
	return p, nil
}

// Plan is a plan in a file.
type Plan struct {
	*Summary
	file string
}

// Remove deletes the plan's file.
func (p *Plan) Remove() { _ = os.Remove(p.file) } // in the system's folder for temporary files

// Apply applies a plan.
func (s *Session) Apply(ctx context.Context, p *Plan) error {
	a := newApplying(s.c.Progress, p.Summary)
	return a.finish(s.keepingState(a.on, func(on func(terraform.Message)) error { return s.space.ApplyPlan(ctx, s.options(), p.file, on) }))
}

// Up plans and applies in one run of Terraform, without asking.
func (s *Session) Up(ctx context.Context) (*Summary, error) { return s.apply(ctx, false) }

// Destroy destroys everything that the state knows of, without asking.
func (s *Session) Destroy(ctx context.Context) (*Summary, error) { return s.apply(ctx, true) }

func (s *Session) apply(ctx context.Context, destroy bool) (*Summary, error) {
	o := s.options()
	o.Destroy = destroy
	var summary *Summary
	err := s.withoutVanished(ctx, func() error {
		a := newApplying(s.c.Progress, nil)
		err := a.finish(s.keepingState(a.on, func(on func(terraform.Message)) error { return s.space.Apply(ctx, o, on) }))
		summary = a.summary
		return err
	})
	return summary, err
}

// Outputs gives the environment's outputs.
func (s *Session) Outputs(ctx context.Context) (map[string]terraform.Output, error) {
	return s.space.Outputs(ctx, s.state)
}

// HasState reports whether anything was ever applied, as far as can be seen without asking a backend.
func (s *Session) HasState() bool {
	if s.c.Target == Local {
		return exists(filepath.Join(s.space.Dir, "terraform.tfstate"))
	}
	return s.state == "" || exists(filepath.Join(s.space.Dir, s.state))
}

// reading shows how many resources a plan has looked at.
func (s *Session) reading(key string) func(terraform.Message) {
	n := 0
	return func(m terraform.Message) {
		if m.Type == "refresh_complete" {
			n++
			s.c.Progress.Text(key, fmt.Sprintf("%s: looked at %d resources", key, n))
		}
	}
}

// since is time.Since for the times of a stream's messages, which have their own clock.
func since(from, to time.Time) time.Duration {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from)
}
