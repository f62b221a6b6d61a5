package rds

import (
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
