package cloudwatch

import (
	"context"
	"regexp"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// dashboardRecord stands under its name, in the account's scope without a region.
type dashboardRecord struct {
	Name, Body string
	Modified   time.Time
}

var dashboardNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func (t *txn) global() state.Scope { return state.Scope{Account: t.sc.Account} }

// dashboardFault is the part of the error InvalidParameterInput that says where a body is wrong.
type dashboardFault struct {
	_        struct{}                     `aws:"DashboardInvalidInputError"`
	Messages []DashboardValidationMessage `aws:"dashboardValidationMessages"`
}

func badDashboard(message string, faults []DashboardValidationMessage) error {
	return &wire.Error{Code: "InvalidParameterInput", Message: message, Detail: &dashboardFault{Messages: faults}}
}

func checkDashboardName(name string) error {
	if !dashboardNames.MatchString(name) {
		return badDashboard("The parameter DashboardName is invalid: it has 1 to 255 letters, digits, dashes and underscores.", nil)
	}
	return nil
}

// PutDashboard makes a dashboard or replaces its body.
func (s *Service) PutDashboard(ctx context.Context, in *PutDashboardInput) (*PutDashboardOutput, error) {
	if err := checkDashboardName(*in.DashboardName); err != nil {
		return nil, err
	}
	if err := checkBody(*in.DashboardBody); err != nil {
		return nil, err
	}
	out := &PutDashboardOutput{DashboardValidationMessages: []DashboardValidationMessage{}}
	return out, s.update(ctx, func(t *txn) error {
		_, exists := t.dashboards.Get(t.tx, t.global(), *in.DashboardName)
		t.dashboards.Put(t.tx, t.global(), *in.DashboardName, &dashboardRecord{Name: *in.DashboardName, Body: *in.DashboardBody, Modified: t.now})
		if exists { // AWS leaves the tags of a dashboard that is there alone
			return nil
		}
		return t.tag(dashboardARN(t.sc.Account, *in.DashboardName), in.Tags)
	})
}

func noDashboard(name string) error {
	return wire.Errorf("ResourceNotFound", "Dashboard %s does not exist", name)
}

// GetDashboard gives a dashboard.
func (s *Service) GetDashboard(ctx context.Context, in *GetDashboardInput) (*GetDashboardOutput, error) {
	if err := checkDashboardName(*in.DashboardName); err != nil {
		return nil, err
	}
	out := &GetDashboardOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, ok := t.dashboards.Get(t.tx, t.global(), *in.DashboardName)
		if !ok {
			return noDashboard(*in.DashboardName)
		}
		out.DashboardArn, out.DashboardName, out.DashboardBody = new(dashboardARN(t.sc.Account, r.Name)), new(r.Name), new(r.Body)
		return nil
	})
}

// DeleteDashboards deletes dashboards, all of them or none. Names of no dashboard are passed over: AWS documents an error and gives none.
func (s *Service) DeleteDashboards(ctx context.Context, in *DeleteDashboardsInput) (*DeleteDashboardsOutput, error) {
	if len(in.DashboardNames) == 0 || len(in.DashboardNames) > 100 {
		return nil, badValue("The collection DashboardNames must have a size between 1 and 100.")
	}
	return &DeleteDashboardsOutput{}, s.update(ctx, func(t *txn) error {
		for _, name := range in.DashboardNames {
			if err := checkDashboardName(name); err != nil {
				return err
			}
			t.dashboards.Delete(t.tx, t.global(), name)
		}
		return nil
	})
}

const maxDashboards = 1000

// ListDashboards lists dashboards by name.
func (s *Service) ListDashboards(ctx context.Context, in *ListDashboardsInput) (*ListDashboardsOutput, error) {
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListDashboardsOutput{DashboardEntries: []DashboardEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.dashboards.PrefixFrom(t.tx, t.global(), text(in.DashboardNamePrefix), after), maxDashboards, nil)
		for _, r := range found {
			out.DashboardEntries = append(out.DashboardEntries, DashboardEntry{
				DashboardName: new(r.Name), DashboardArn: new(dashboardARN(t.sc.Account, r.Name)), LastModified: new(r.Modified), Size: new(int64(len(r.Body))),
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}
