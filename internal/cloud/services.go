package cloud

import (
	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// services makes every service of the cloud, over one store. What one needs of another it is given here.
func (c *Cloud) services(store *state.Store, keys *auth.Keys) ([]wire.Service, error) {
	return []wire.Service{}, nil
}
