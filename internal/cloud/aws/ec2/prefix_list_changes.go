package ec2

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// CreateManagedPrefixList makes a list with its first version.
func (s *Service) CreateManagedPrefixList(ctx context.Context, in *CreateManagedPrefixListInput) (*CreateManagedPrefixListOutput, error) {
	r := &prefixListRecord{Name: *in.PrefixListName, Family: *in.AddressFamily, MaxEntries: *in.MaxEntries, Version: 1, State: "create-complete", Versions: map[int64][]prefixListEntry{}}
	switch {
	case strings.HasPrefix(r.Name, "com.amazonaws"):
		return nil, wire.Errorf("InvalidParameterValue", "A prefix list's name cannot start with 'com.amazonaws'.")
	case r.Family != "IPv4" && r.Family != "IPv6":
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter addressFamily is invalid.", r.Family)
	case r.MaxEntries < 1 || r.MaxEntries > 1000:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter maxEntries is invalid. Expecting a value between 1 and 1000.", r.MaxEntries)
	}
	entries, err := r.changed(nil, in.Entries, nil)
	if err != nil {
		return nil, err
	}
	r.Versions[1] = entries
	out := &CreateManagedPrefixListOutput{}
	return out, once(ctx, s, "CreateManagedPrefixList", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		r.ID = t.id("pl")
		s.prefixLists.Put(t.tx, t.sc, r.ID, r)
		if err := t.applyTags(in.TagSpecifications, "prefix-list", "prefix-list", r.ID); err != nil {
			return err
		}
		out.PrefixList = new(t.renderPrefixList(r))
		return nil
	})
}

// changed gives a version's entries after some are removed and others added; adding one that is there changes its description.
func (r *prefixListRecord) changed(entries []prefixListEntry, add []AddPrefixListEntry, remove []RemovePrefixListEntry) ([]prefixListEntry, error) {
	out := slices.Clone(entries)
	for _, e := range remove {
		i := slices.IndexFunc(out, func(have prefixListEntry) bool { return have.CIDR == *e.Cidr })
		if i < 0 {
			return nil, wire.Errorf("InvalidParameterValue", "The prefix list has no entry %s.", *e.Cidr)
		}
		out = slices.Delete(out, i, i+1)
	}
	for _, e := range add {
		p, err := parseCIDR(*e.Cidr)
		if err != nil {
			return nil, err
		}
		if p.Addr().Is4() != (r.Family == "IPv4") {
			return nil, wire.Errorf("InvalidParameterValue", "The CIDR %s does not match the prefix list's address family %s.", *e.Cidr, r.Family)
		}
		entry := prefixListEntry{CIDR: p.String(), Description: text(e.Description)}
		if i := slices.IndexFunc(out, func(have prefixListEntry) bool { return have.CIDR == entry.CIDR }); i >= 0 {
			out[i] = entry
			continue
		}
		out = append(out, entry)
	}
	if int64(len(out)) > r.MaxEntries {
		return nil, wire.Errorf("PrefixListMaxEntriesExceeded", "You've reached the maximum number of entries for the prefix list.")
	}
	slices.SortFunc(out, func(a, b prefixListEntry) int { return strings.Compare(a.CIDR, b.CIDR) })
	return out, nil
}

// ModifyManagedPrefixList changes a list's entries, which makes a new version, or its name or size.
func (s *Service) ModifyManagedPrefixList(ctx context.Context, in *ModifyManagedPrefixListInput) (*ModifyManagedPrefixListOutput, error) {
	entriesChange := len(in.AddEntries)+len(in.RemoveEntries) > 0
	switch {
	case in.IpamPrefixListResolverSyncEnabled != nil:
		return nil, wire.NotImplemented("ec2:ModifyManagedPrefixList with an IPAM resolver")
	case entriesChange && in.MaxEntries != nil:
		return nil, wire.Errorf("InvalidParameterCombination", "A prefix list's entries and its size cannot be changed in the same request.")
	case entriesChange && in.CurrentVersion == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter CurrentVersion")
	}
	out := &ModifyManagedPrefixListOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.ownPrefixList(*in.PrefixListId)
		if err != nil {
			return err
		}
		if in.CurrentVersion != nil && *in.CurrentVersion != r.Version {
			return wire.Errorf("PrefixListVersionMismatch", "The prefix list has the version %d, not %d.", r.Version, *in.CurrentVersion)
		}
		if in.PrefixListName != nil {
			r.Name = *in.PrefixListName
		}
		if in.MaxEntries != nil {
			if *in.MaxEntries < int64(len(r.Versions[r.Version])) {
				return wire.Errorf("InvalidParameterValue", "The prefix list has more entries than %d.", *in.MaxEntries)
			}
			r.MaxEntries = *in.MaxEntries
		}
		if entriesChange {
			entries, err := r.changed(r.Versions[r.Version], in.AddEntries, in.RemoveEntries)
			if err != nil {
				return err
			}
			r.Version++
			r.Versions[r.Version] = entries
		}
		r.State = "modify-complete"
		s.prefixLists.Put(t.tx, t.sc, r.ID, r)
		out.PrefixList = new(t.renderPrefixList(r))
		return nil
	})
}

// ownPrefixList gives a list that may be changed: AWS's own may not.
func (t *txn) ownPrefixList(id string) (*prefixListRecord, error) {
	if l, ok := t.awsPrefixList(id); ok {
		return nil, wire.Errorf("OperationNotPermitted", "The prefix list %s (%s) is managed by AWS and cannot be changed.", id, l.name)
	}
	return get(t, t.s.prefixLists, prefixListQuery, id)
}

// DeleteManagedPrefixList deletes a list that nothing uses.
func (s *Service) DeleteManagedPrefixList(ctx context.Context, in *DeleteManagedPrefixListInput) (*DeleteManagedPrefixListOutput, error) {
	out := &DeleteManagedPrefixListOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.ownPrefixList(*in.PrefixListId)
		if err != nil {
			return err
		}
		if users := t.prefixListUsers(r.ID); len(users) > 0 {
			return wire.Errorf("DependencyViolation", "The prefix list '%s' has dependencies and cannot be deleted: %s.", r.ID, strings.Join(users, ", "))
		}
		r.State = "delete-complete"
		out.PrefixList = new(t.renderPrefixList(r))
		s.prefixLists.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}
