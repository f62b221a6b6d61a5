package route53

import (
	"context"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// collectionRecord is a CIDR collection: named locations, each with the blocks of addresses that it stands for.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-ipbased.html
type collectionRecord struct {
	ID, Name, Reference string
	Version             int64
	Locations           map[string][]string
}

var (
	collectionNames = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	locationNames   = regexp.MustCompile(`^[0-9A-Za-z_-]{1,16}$`)
)

func collectionARN(id string) string { return "arn:aws:route53:::cidrcollection/" + id }

// collection finds a CIDR collection by its id.
func (t *txn) collection(id string) (*collectionRecord, error) {
	c, ok := t.collections.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("NoSuchCidrCollectionException", "The CIDR collection %s does not exist.", id)
	}
	return c, nil
}

// CreateCidrCollection makes a collection without locations. The same call again gives the one that was made.
func (s *Service) CreateCidrCollection(ctx context.Context, in *CreateCidrCollectionInput) (*CreateCidrCollectionOutput, error) {
	if !collectionNames.MatchString(*in.Name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9A-Za-z_\\-]+ and have length between 1 and 64", *in.Name)
	}
	if *in.CallerReference == "" || len(*in.CallerReference) > 64 {
		return nil, invalid("1 validation error detected: Value '%s' at 'callerReference' failed to satisfy constraint: Member must have length between 1 and 64", *in.CallerReference)
	}
	out := &CreateCidrCollectionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c := &collectionRecord{ID: t.d.IDs.UUID(), Name: *in.Name, Reference: *in.CallerReference, Version: 1}
		for _, old := range t.collections.All(t.tx, t.sc) {
			switch {
			case old.Name == c.Name && old.Reference == c.Reference:
				c = old
			case old.Name == c.Name, old.Reference == c.Reference:
				return wire.Errorf("CidrCollectionAlreadyExistsException", "A CIDR collection with the name %s or the caller reference %s exists already.", c.Name, c.Reference)
			}
		}
		t.collections.Put(t.tx, t.sc, c.ID, c)
		out.Collection = &CidrCollection{Arn: new(collectionARN(c.ID)), Id: new(c.ID), Name: new(c.Name), Version: new(c.Version)}
		out.Location = new("https://route53.amazonaws.com/2013-04-01/cidrcollection/" + c.ID)
		return nil
	})
}

// ChangeCidrCollection adds blocks to locations and takes blocks from them, all or none. A location without blocks is gone.
func (s *Service) ChangeCidrCollection(ctx context.Context, in *ChangeCidrCollectionInput) (*ChangeCidrCollectionOutput, error) {
	for _, change := range in.Changes {
		switch {
		case *change.Action != "PUT" && *change.Action != "DELETE_IF_EXISTS":
			return nil, invalid("1 validation error detected: Value '%s' at 'action' failed to satisfy constraint: Member must satisfy enum value set: [DELETE_IF_EXISTS, PUT]", *change.Action)
		case !locationNames.MatchString(*change.LocationName):
			return nil, invalid("1 validation error detected: Value '%s' at 'locationName' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9A-Za-z_\\-]+ and have length between 1 and 16", *change.LocationName)
		}
	}
	return &ChangeCidrCollectionOutput{Id: in.Id}, s.update(ctx, func(t *txn) error {
		c, err := t.collection(*in.Id)
		if err != nil {
			return err
		}
		if in.CollectionVersion != nil && *in.CollectionVersion != c.Version {
			return wire.Errorf("CidrCollectionVersionMismatchException", "The CIDR collection's version is %d, not %d.", c.Version, *in.CollectionVersion)
		}
		if c.Locations == nil {
			c.Locations = map[string][]string{}
		}
		for _, change := range in.Changes {
			if err := c.change(*change.Action, *change.LocationName, change.CidrList); err != nil {
				return err
			}
		}
		for _, r := range t.records.By(t.tx, t.sc, "collection", c.ID) {
			if name := *r.Set.CidrRoutingConfig.LocationName; name != "*" && c.Locations[name] == nil {
				return wire.Errorf("CidrBlockInUseException", "The location %s of the CIDR collection is in use by the record %s.", name, *r.Set.Name)
			}
		}
		c.Version++
		t.collections.Put(t.tx, t.sc, c.ID, c)
		return nil
	})
}

func (c *collectionRecord) change(action, location string, blocks []string) error {
	for _, text := range blocks {
		block, err := netip.ParsePrefix(text)
		most := 24 // bits
		if err == nil && block.Addr().Is6() {
			most = 48
		}
		if err != nil || block != block.Masked() || block.Bits() > most {
			return invalid("Invalid CIDR block: %s", text)
		}
		text = block.String()
		if action == "DELETE_IF_EXISTS" {
			c.Locations[location] = slices.DeleteFunc(c.Locations[location], func(b string) bool { return b == text })
			continue
		}
		for name, has := range c.Locations {
			if name != location && slices.Contains(has, text) {
				return wire.Errorf("CidrBlockInUseException", "The CIDR block %s is in use by the location %s.", text, name)
			}
		}
		if !slices.Contains(c.Locations[location], text) {
			c.Locations[location] = append(c.Locations[location], text)
		}
	}
	if len(c.Locations[location]) == 0 {
		delete(c.Locations, location)
	}
	return nil
}

// DeleteCidrCollection deletes a collection without locations.
func (s *Service) DeleteCidrCollection(ctx context.Context, in *DeleteCidrCollectionInput) (*DeleteCidrCollectionOutput, error) {
	return &DeleteCidrCollectionOutput{}, s.update(ctx, func(t *txn) error {
		c, err := t.collection(*in.Id)
		if err != nil {
			return err
		}
		inUse := len(c.Locations) > 0
		for range t.records.By(t.tx, t.sc, "collection", c.ID) {
			inUse = true
		}
		if inUse {
			return wire.Errorf("CidrCollectionInUseException", "The CIDR collection %s is in use or is not empty.", c.ID)
		}
		t.collections.Delete(t.tx, t.sc, c.ID)
		return nil
	})
}

// page gives the entries after a token, which is the last one of the page before, and the token of the next page.
func page(all []string, limit *int64, token *string) ([]string, *string, error) {
	n, err := limitOf(limit, 100)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(all)
	if token != nil {
		i, found := slices.BinarySearch(all, *token)
		if found {
			i++
		}
		all = all[i:]
	}
	if len(all) <= n {
		return all, nil, nil
	}
	return all[:n], new(all[n-1]), nil
}

// ListCidrCollections lists the account's collections.
func (s *Service) ListCidrCollections(ctx context.Context, in *ListCidrCollectionsInput) (*ListCidrCollectionsOutput, error) {
	limit, err := limitOf(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	out := &ListCidrCollectionsOutput{CidrCollections: []CollectionSummary{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.collections.From(t.tx, t.sc, text(in.NextToken)), limit, nil)
		for _, c := range found {
			out.CidrCollections = append(out.CidrCollections, CollectionSummary{Arn: new(collectionARN(c.ID)), Id: new(c.ID), Name: new(c.Name), Version: new(c.Version)})
		}
		if next != "" {
			out.NextToken = new(next)
		}
		return nil
	})
}

// ListCidrLocations lists a collection's locations.
func (s *Service) ListCidrLocations(ctx context.Context, in *ListCidrLocationsInput) (*ListCidrLocationsOutput, error) {
	out := &ListCidrLocationsOutput{CidrLocations: []LocationSummary{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.collection(*in.CollectionId)
		if err != nil {
			return err
		}
		var names []string
		if names, out.NextToken, err = page(slices.Collect(maps.Keys(c.Locations)), in.MaxResults, in.NextToken); err != nil {
			return err
		}
		for _, name := range names {
			out.CidrLocations = append(out.CidrLocations, LocationSummary{LocationName: new(name)})
		}
		return nil
	})
}

// ListCidrBlocks lists the blocks of a collection, or of one of its locations.
func (s *Service) ListCidrBlocks(ctx context.Context, in *ListCidrBlocksInput) (*ListCidrBlocksOutput, error) {
	out := &ListCidrBlocksOutput{CidrBlocks: []CidrBlockSummary{}}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.collection(*in.CollectionId)
		if err != nil {
			return err
		}
		if in.LocationName != nil && c.Locations[*in.LocationName] == nil {
			return wire.Errorf("NoSuchCidrLocationException", "The CIDR collection has no location %s.", *in.LocationName)
		}
		var all []string
		for name, blocks := range c.Locations {
			for _, b := range blocks {
				if in.LocationName == nil || *in.LocationName == name {
					all = append(all, name+" "+b)
				}
			}
		}
		if all, out.NextToken, err = page(all, in.MaxResults, in.NextToken); err != nil {
			return err
		}
		for _, entry := range all {
			name, block, _ := strings.Cut(entry, " ")
			out.CidrBlocks = append(out.CidrBlocks, CidrBlockSummary{LocationName: new(name), CidrBlock: new(block)})
		}
		return nil
	})
}
