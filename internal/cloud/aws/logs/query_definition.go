package logs

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// queryDefinitionRecord is a query of Logs Insights that was saved. Its id is a UUID.
type queryDefinitionRecord struct {
	ID, Name, Query, Language string
	Groups                    []string         `json:",omitempty"`
	Parameters                []QueryParameter `json:",omitempty"`
	Updated                   int64            // ms since the epoch
}

const (
	maxQueryDefinitions = 1000 // of an account in a region
	maxQueryGroups      = 50
)

func (r *queryDefinitionRecord) render() QueryDefinition {
	return QueryDefinition{QueryLanguage: &r.Language, QueryDefinitionId: &r.ID, Name: &r.Name, QueryString: &r.Query, LastModified: &r.Updated,
		LogGroupNames: slices.Concat([]string{}, r.Groups), Parameters: r.Parameters}
}

func checkQueryLanguage(language *string) error {
	if language != nil && !slices.Contains([]string{"CWLI", "SQL", "PPL"}, *language) {
		return constraint(*language, "queryLanguage", "Member must satisfy enum value set: [CWLI, SQL, PPL]")
	}
	return nil
}

// PutQueryDefinition saves a query, or changes the one with an id; what is left out is then gone.
func (s *Service) PutQueryDefinition(ctx context.Context, in *PutQueryDefinitionInput) (*PutQueryDefinitionOutput, error) {
	switch {
	case *in.Name == "" || len(*in.Name) > 255:
		return nil, constraint(*in.Name, "name", "Member must have length between 1 and 255")
	case *in.QueryString == "" || len(*in.QueryString) > 10000:
		return nil, constraint(*in.QueryString, "queryString", "Member must have length between 1 and 10000")
	case len(in.LogGroupNames) > maxQueryGroups:
		return nil, invalid("A query definition can have up to %d log groups.", maxQueryGroups)
	}
	if err := checkQueryLanguage(in.QueryLanguage); err != nil {
		return nil, err
	}
	out := &PutQueryDefinitionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r := &queryDefinitionRecord{ID: text(in.QueryDefinitionId), Name: *in.Name, Query: *in.QueryString, Language: text(in.QueryLanguage),
			Groups: in.LogGroupNames, Parameters: in.Parameters, Updated: t.now.UnixMilli()}
		if r.Language == "" {
			r.Language = "CWLI"
		}
		if r.ID == "" {
			n := 0
			for range t.queries.All(t.tx, t.sc) {
				n++
			}
			if n >= maxQueryDefinitions {
				return wire.Errorf("LimitExceededException", "Resource limit exceeded.")
			}
			r.ID = t.d.IDs.UUID()
		} else if _, ok := t.queries.Get(t.tx, t.sc, r.ID); !ok {
			return noQueryDefinition(r.ID)
		}
		t.queries.Put(t.tx, t.sc, r.ID, r)
		out.QueryDefinitionId = new(r.ID)
		return nil
	})
}

func noQueryDefinition(id string) error {
	return wire.Errorf("ResourceNotFoundException", "Query definition with id %s does not exist.", id)
}

// DescribeQueryDefinitions lists the queries that were saved.
func (s *Service) DescribeQueryDefinitions(ctx context.Context, in *DescribeQueryDefinitionsInput) (*DescribeQueryDefinitionsOutput, error) {
	if err := checkQueryLanguage(in.QueryLanguage); err != nil {
		return nil, err
	}
	limit := 1000
	if in.MaxResults != nil {
		if *in.MaxResults < 1 || *in.MaxResults > 1000 {
			return nil, invalid("maxResults must be between 1 and 1000.")
		}
		limit = int(*in.MaxResults)
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeQueryDefinitionsOutput{QueryDefinitions: []QueryDefinition{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.queries.From(t.tx, t.sc, after), limit, func(r *queryDefinitionRecord) bool {
			return strings.HasPrefix(r.Name, text(in.QueryDefinitionNamePrefix)) && (in.QueryLanguage == nil || r.Language == *in.QueryLanguage)
		})
		for _, r := range found {
			out.QueryDefinitions = append(out.QueryDefinitions, r.render())
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// DeleteQueryDefinition deletes a query that was saved.
func (s *Service) DeleteQueryDefinition(ctx context.Context, in *DeleteQueryDefinitionInput) (*DeleteQueryDefinitionOutput, error) {
	return &DeleteQueryDefinitionOutput{Success: new(true)}, s.update(ctx, func(t *txn) error {
		if _, ok := t.queries.Get(t.tx, t.sc, *in.QueryDefinitionId); !ok {
			return noQueryDefinition(*in.QueryDefinitionId)
		}
		t.queries.Delete(t.tx, t.sc, *in.QueryDefinitionId)
		return nil
	})
}
