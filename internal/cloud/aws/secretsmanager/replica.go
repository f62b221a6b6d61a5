package secretsmanager

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// replica is what a primary knows of one of its replicas.
type replica struct {
	Region string
	KmsKey string // in that region; empty: aws/secretsmanager
	Failed string // why it could not be made
}

// defaultKey is how AWS shows the key of a replica that was given none.
const defaultKey = "alias/aws/secretsmanager"

// checkReplicas checks the regions and keys of new replicas.
func (s *Service) checkReplicas(ctx context.Context, add []ReplicaRegionType) error {
	call := wire.CallFrom(ctx)
	seen := map[string]bool{call.Region: true}
	for _, a := range add {
		region := text(a.Region)
		if seen[region] || len(s.d.Regions.Zones(region)) == 0 {
			return invalid("Invalid replica region: %q.", region)
		}
		seen[region] = true
		there := *call
		there.Region = region
		if err := s.checkKey(wire.WithCall(ctx, &there), text(a.KmsKeyId)); err != nil {
			return err
		}
	}
	return nil
}

// addReplicas gives a secret replicas; the caller stores it. Where the name is taken in a region the replica fails, as on AWS, unless
// it may overwrite.
func (t *txn) addReplicas(r *secretRecord, add []ReplicaRegionType, overwrite bool) {
	for _, a := range add {
		made := replica{Region: *a.Region, KmsKey: text(a.KmsKeyId)}
		there := t.in(t.tx, state.Scope{Account: t.sc.Account, Region: made.Region})
		there.settle()
		if other, taken := there.secrets.Get(t.tx, there.sc, r.Name); taken {
			if overwrite && other.Owner == "" && other.Primary == "" {
				there.erase(other)
			} else {
				made.Failed = fmt.Sprintf("Replication failed: Secret name %s already exists in region %s.", r.Name, made.Region)
			}
		}
		r.Replicas = slices.DeleteFunc(r.Replicas, func(old replica) bool { return old.Region == made.Region })
		r.Replicas = append(r.Replicas, made)
		r.Primary = t.sc.Region
		if made.Failed == "" {
			for _, v := range t.versions.Prefix(t.tx, t.sc, r.Name+":") {
				there.versions.Put(t.tx, there.sc, versionKey(r, v.ID), v.under(made.KmsKey))
			}
		}
	}
	slices.SortFunc(r.Replicas, func(a, b replica) int { return strings.Compare(a.Region, b.Region) })
}

func (v *versionRecord) under(key string) *versionRecord {
	c := *v
	c.KmsKey = key
	return &c
}

// replicas calls f for each replica of a secret.
func (t *txn) replicas(r *secretRecord, f func(there *txn, to replica)) {
	for _, to := range r.Replicas {
		if to.Failed == "" {
			f(t.in(t.tx, state.Scope{Account: t.sc.Account, Region: to.Region}), to)
		}
	}
}

// replicate brings the replicas up to their primary.
func (t *txn) replicate(r *secretRecord) {
	t.replicas(r, func(there *txn, to replica) {
		c := *r
		c.KmsKey, c.Replicas = to.KmsKey, nil
		if before, ok := there.secrets.Get(t.tx, there.sc, r.Name); ok {
			c.Accessed = before.Accessed
		}
		there.secrets.Put(t.tx, there.sc, r.Name, &c)
		state.ReplaceTags(t.tx, c.arn(there.sc), maps.Clone(state.Tags(t.tx, r.arn(t.sc))))
	})
}

// putVersion stores a version of a secret and of its replicas.
func (t *txn) putVersion(r *secretRecord, v *versionRecord) {
	t.versions.Put(t.tx, t.sc, versionKey(r, v.ID), v)
	t.replicas(r, func(there *txn, to replica) {
		there.versions.Put(t.tx, there.sc, versionKey(r, v.ID), v.under(to.KmsKey))
	})
}

func (t *txn) dropVersion(r *secretRecord, id string) {
	t.versions.Delete(t.tx, t.sc, versionKey(r, id))
	t.replicas(r, func(there *txn, _ replica) { there.versions.Delete(t.tx, there.sc, versionKey(r, id)) })
}

// removeReplicas removes the replicas in some regions; the caller stores the secret.
func (t *txn) removeReplicas(r *secretRecord, in func(region string) bool) {
	t.replicas(r, func(there *txn, to replica) {
		if c, ok := there.secrets.Get(t.tx, there.sc, r.Name); ok && in(to.Region) {
			there.erase(c)
		}
	})
	r.Replicas = slices.DeleteFunc(r.Replicas, func(to replica) bool { return in(to.Region) })
	if len(r.Replicas) == 0 {
		r.Replicas, r.Primary = nil, ""
	}
}

func (r *secretRecord) replicationStatus() []ReplicationStatusType {
	var out []ReplicationStatusType
	for _, to := range r.Replicas {
		status := ReplicationStatusType{Region: new(to.Region), KmsKeyId: new(to.KmsKey), Status: new("InSync"), StatusMessage: new("Replication succeeded")}
		if to.KmsKey == "" {
			status.KmsKeyId = new(defaultKey)
		}
		if to.Failed != "" {
			status.Status, status.StatusMessage = new("Failed"), new(to.Failed)
		}
		out = append(out, status)
	}
	return out
}

// ReplicateSecretToRegions gives a secret replicas in other regions.
func (s *Service) ReplicateSecretToRegions(ctx context.Context, in *ReplicateSecretToRegionsInput) (*ReplicateSecretToRegionsOutput, error) {
	if len(in.AddReplicaRegions) == 0 {
		return nil, constraint("addReplicaRegions", "Member must have length greater than or equal to 1")
	}
	if err := s.checkReplicas(ctx, in.AddReplicaRegions); err != nil {
		return nil, err
	}
	out := &ReplicateSecretToRegionsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(in.SecretId)
		if err != nil {
			return err
		}
		for _, a := range in.AddReplicaRegions {
			if slices.ContainsFunc(r.Replicas, func(to replica) bool { return to.Region == *a.Region && to.Failed == "" }) {
				return invalid("The secret %s is already replicated to the region %s.", r.arn(t.sc), *a.Region)
			}
		}
		t.addReplicas(r, in.AddReplicaRegions, flag(in.ForceOverwriteReplicaSecret))
		t.put(r)
		out.ARN, out.ReplicationStatus = new(r.arn(t.sc)), r.replicationStatus()
		return nil
	})
}

// RemoveRegionsFromReplication deletes replicas of a secret.
func (s *Service) RemoveRegionsFromReplication(ctx context.Context, in *RemoveRegionsFromReplicationInput) (*RemoveRegionsFromReplicationOutput, error) {
	if len(in.RemoveReplicaRegions) == 0 {
		return nil, constraint("removeReplicaRegions", "Member must have length greater than or equal to 1")
	}
	out := &RemoveRegionsFromReplicationOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		if err != nil {
			return err
		}
		for _, region := range in.RemoveReplicaRegions {
			if !slices.ContainsFunc(r.Replicas, func(to replica) bool { return to.Region == region }) {
				return invalid("The secret %s has no replica in the region %s.", r.arn(t.sc), region)
			}
		}
		t.removeReplicas(r, func(region string) bool { return slices.Contains(in.RemoveReplicaRegions, region) })
		t.put(r)
		out.ARN, out.ReplicationStatus = new(r.arn(t.sc)), r.replicationStatus()
		return nil
	})
}
