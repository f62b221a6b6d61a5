package rds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"atoll/internal/cloud/state"
)

// What other services may ask of RDS.

// ResolveName gives the address of the instance with an endpoint's name, of all accounts and regions.
func (s *Service) ResolveName(tx *state.Tx, name string) ([]netip.Addr, bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	id, _, ok := strings.Cut(name, ".")
	if !ok || !strings.HasSuffix(name, ".rds.amazonaws.com") {
		return nil, false
	}
	for _, sc := range s.instances.Scopes(tx) {
		if address(sc, id) != name {
			continue
		}
		r, ok := s.instances.Get(tx, sc, id)
		if !ok || len(r.Interfaces) == 0 {
			return nil, false
		}
		n, ok := s.d.Interfaces.Interface(tx, sc, r.Interfaces[0].ID)
		at, err := netip.ParseAddr(n.PrivateIP)
		if !ok || err != nil {
			return nil, false
		}
		return []netip.Addr{at}, true
	}
	return nil, false
}

// ErrNoInstance means that there is no instance with an ARN.
var ErrNoInstance = errors.New("there is no such DB instance")

// Dial opens a connection to the server of the instance with an ARN, past its network, for the owner of the machine that it runs on. AWS has no
// such way.
func (s *Service) Dial(ctx context.Context, arn string) (net.Conn, error) {
	_, id, _ := strings.Cut(arn, ":db:")
	var r *instanceRecord
	_ = s.d.Store.View(func(tx *state.Tx) error { // it does not fail
		for _, sc := range s.instances.Scopes(tx) {
			if instanceARN(sc, id) == arn {
				r, _ = s.instances.Get(tx, sc, id)
			}
		}
		return nil
	})
	switch {
	case r == nil:
		return nil, fmt.Errorf("%s: %w", arn, ErrNoInstance)
	case s.d.Servers == nil:
		return nil, errors.New("databases are records on this cloud, and do not run")
	case r.Engine != postgres:
		return nil, fmt.Errorf("databases of the engine %s are records on this cloud, and do not run", r.Engine)
	}
	c, err := s.d.Servers.Dial(ctx, r.ResourceID)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database %s: %w", id, err)
	}
	return c, nil
}
