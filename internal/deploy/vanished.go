package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atoll/internal/terraform"
)

// noIdentity is how the AWS provider fails over a resource with an identity that somebody has deleted: it takes it for gone, and then misses its
// identity. https://github.com/hashicorp/terraform-provider-aws/issues?q=%22Missing+Resource+Identity+After+Read%22
const noIdentity = "Missing Resource Identity After Read"

// withoutVanished runs Terraform, and where the provider fails over resources that are gone, has the state forget these and runs it again: they
// are made anew then. What depends on a resource that is gone is looked at in a later run alone, and may be gone too, as after a reset of
// the local cloud.
func (s *Session) withoutVanished(ctx context.Context, run func() error) error {
	forgotten := map[string]bool{}
	for {
		err := run()
		gone := vanished(err)
		if len(gone) == 0 || slices.ContainsFunc(gone, func(address string) bool { return forgotten[address] }) {
			return err
		}
		s.c.Progress.Say("deleted by someone else, and to be made anew: %s", strings.Join(gone, ", "))
		if forgetErr := s.space.Forget(ctx, s.state, gone...); forgetErr != nil {
			return errors.Join(err, forgetErr)
		}
		for _, address := range gone {
			forgotten[address] = true
		}
	}
}

// vanished gives the resources that are gone, where a run has failed over nothing else.
func vanished(err error) (gone []string) {
	failure, ok := errors.AsType[*terraform.Failure](err)
	if !ok {
		return nil
	}
	for _, d := range failure.Diagnostics {
		if d.Summary != noIdentity || d.Address == "" {
			return nil
		}
		gone = append(gone, d.Address)
	}
	return gone
}
