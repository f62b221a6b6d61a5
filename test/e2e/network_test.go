//go:build e2e

package e2e

import (
	"path/filepath"
	"reflect"
	"testing"
)

// networkAlone is an environment without services, jobs and a database.
const networkAlone = `
project     = "shop"
environment = "net"
region      = "eu-west-1"
network     = { nat_gateways = "single", flow_logs = { retention_days = 7 } }
database    = null
`

// TestNetwork takes the blueprint's network through its life: nothing of it is special to the local cloud, and no wait of the
// provider is taken out.
func TestNetwork(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	before := c.inventory()
	s := copyBlueprint(t, c)
	s.write("net.tfvars", networkAlone)
	s.args = []string{"-var-file=net.tfvars"}
	s.init()
	s.apply()
	s.unchanged()

	c.kill()
	s.unchanged()

	s.args = append(s.args, `-var=tags={Owner="platform"}`)
	for address, actions := range s.plan() {
		if !reflect.DeepEqual(actions, []string{"update"}) {
			t.Errorf("another tag: %s is planned as %v, want update", address, actions)
		}
	}
	s.applyPlan()
	s.unchanged()

	private := `-var=network={nat_gateways="single",flow_logs={retention_days=7},private_subnets={a="10.0.96.0/20"}}`
	s.args = append(s.args, private)
	actions := s.plan()
	const subnet = `module.network.aws_subnet.private["a"]`
	if got := actions[subnet]; !reflect.DeepEqual(got, []string{"delete", "create"}) {
		t.Errorf("another range: %s is planned as %v, want delete and create", subnet, got)
	}
	s.applyPlan()
	s.unchanged()

	s.destroy()
	c.inventory().same(t, before)
}

// TestBlueprintTests runs the blueprint's own tests, those that apply among them.
func TestBlueprintTests(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	before := c.inventory()
	s := copyBlueprint(t, c)
	blueprint := filepath.Dir(s.dir)
	for _, dir := range []string{"environment", "modules/network"} {
		s.dir = filepath.Join(blueprint, dir)
		s.init()
		s.terraform("test", "-no-color").must(0)
	}
	c.inventory().same(t, before)
}
