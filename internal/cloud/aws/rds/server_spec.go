package rds

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// spec gives what the instance's server is to be.
func (t *txn) spec(r *instanceRecord) (Server, error) {
	e, _ := findEngine(r.Engine)
	major, err := strconv.Atoi(e.version(r.Version).major)
	if err != nil {
		return Server{}, fmt.Errorf("the version %s of %s: %w", r.Version, r.Engine, err)
	}
	settings, err := r.settingsInForce(e.version(r.Version).family)
	if err != nil {
		return Server{}, &ServerError{"incompatible-parameters", err}
	}
	s := Server{
		Name: r.ResourceID, Major: major, Hosts: []string{address(t.sc, r.ID)}, Settings: settings, ForceTLS: truth(settings["rds.force_ssl"]),
		SCRAM: settings["rds.accepted_password_auth_method"] == "scram", User: r.Username, Password: r.Password, Database: r.DBName,
		Logical: truth(settings["rds.logical_replication"]), Archive: r.Retention > 0, Standby: r.MultiAZ && r.Source == "",
		Exists: r.Server.Ran, Restarts: r.Server.Restarts, Switches: r.Server.Switches,
	}
	if o := r.Server.Origin; o != nil {
		s.Snapshot, s.Replay, s.Until = o.Snapshot, o.Replay, o.Until
	}
	if r.Source != "" {
		if from, ok := t.instances.Get(t.tx, t.sc, r.Source); ok {
			s.Source = from.ResourceID
		}
	}
	return s, nil
}

// settingsInForce gives RDS's own defaults and what the parameter group had when it was applied, with formulas computed. Parameters
// that cannot be changed describe RDS's machines, and are left out.
func (r *instanceRecord) settingsInForce(family string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range parameters(family) {
		if p.system && !p.fixed && p.value != "" {
			values[p.name] = p.value
		}
	}
	maps.Copy(values, r.Applied)
	out, variables := map[string]string{}, r.variables()
	for name, value := range values {
		n, err := evaluate(value, variables)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		if n != "" {
			out[name] = n
		}
	}
	return out, nil
}

func truth(value string) bool {
	switch strings.ToLower(value) {
	case "1", "on", "true", "yes":
		return true
	}
	return false
}
