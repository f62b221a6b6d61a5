package deploy

import (
	"context"
	"errors"
	"strings"

	"atoll/internal/terraform"
)

// noIdentity is how the AWS provider fails over a resource with an identity that somebody has deleted: it takes it for gone, and then misses its
// identity. https://github.com/hashicorp/terraform-provider-aws/issues?q=%22Missing+Resource+Identity+After+Read%22
const noIdentity = "Missing Resource Identity After Read"

// withoutVanished runs Terraform, and where the provider fails over resources that are gone, has the state forget these and runs it again: they
// are made anew then.
func (s *Session) withoutVanished(ctx context.Context, run func() error) error {
	err := run()
	failure, ok := errors.AsType[*terraform.Failure](err)
	if !ok {
		return err
	}
	var gone []string
	for _, d := range failure.Diagnostics {
		if d.Summary != noIdentity || d.Address == "" {
			return err
		}
		gone = append(gone, d.Address)
	}
	if len(gone) == 0 {
		return err
	}
	s.c.Progress.Say("deleted by someone else, and to be made anew: %s", strings.Join(gone, ", "))
	if forgetErr := s.space.Forget(ctx, s.state, gone...); forgetErr != nil {
		return errors.Join(err, forgetErr)
	}
	return run()
}
