package ecs

import (
	"slices"
	"strings"
)

// checkHostPorts finds two containers that want one port, where they share a network.
func checkHostPorts(containers []ContainerDefinition) error {
	type port struct {
		number   int64
		protocol string
	}
	var seen []port
	for _, c := range containers {
		for _, p := range c.PortMappings {
			wanted := port{number(p.HostPort), *p.Protocol}
			if wanted.number == 0 {
				continue // the instance chooses one
			}
			if slices.Contains(seen, wanted) {
				return refused("Port %d with protocol %s is used more than once by the containers of the task definition.", wanted.number, wanted.protocol)
			}
			seen = append(seen, wanted)
		}
	}
	var named []string
	for _, c := range containers {
		for _, p := range c.PortMappings {
			if name := text(p.Name); name != "" {
				if slices.Contains(named, name) {
					return refused("The port mapping name '%s' is used more than once in the task definition.", name)
				}
				named = append(named, name)
			}
		}
	}
	return nil
}

// checkReferences checks what containers say of each other.
func checkReferences(containers []ContainerDefinition) error {
	byName := map[string]*ContainerDefinition{}
	for i, c := range containers {
		byName[*c.Name] = &containers[i]
	}
	depends, links := map[string][]string{}, map[string][]string{}
	for _, c := range containers {
		for _, on := range c.DependsOn {
			other, ok := byName[*on.ContainerName]
			if err := oneOf("dependsOn.condition", on.Condition, "COMPLETE", "HEALTHY", "START", "SUCCESS"); err != nil {
				return err
			}
			switch {
			case !ok:
				return refused("Cannot depend on container + '%s' because it does not exist", *on.ContainerName)
			case (*on.Condition == "SUCCESS" || *on.Condition == "COMPLETE") && *other.Essential:
				return refused("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
			case *on.Condition == "HEALTHY" && other.HealthCheck == nil:
				return refused("A dependency container with HEALTHY condition must have a health check")
			}
			depends[*c.Name] = append(depends[*c.Name], *on.ContainerName)
		}
		for _, link := range c.Links {
			name, _, _ := strings.Cut(link, ":")
			if _, ok := byName[name]; !ok {
				return refused("Cannot link to container '%s' because it does not exist.", name)
			}
			links[*c.Name] = append(links[*c.Name], name)
		}
		for _, from := range c.VolumesFrom {
			if _, ok := byName[text(from.SourceContainer)]; !ok {
				return refused("Cannot mount the volumes of container '%s' because it does not exist.", text(from.SourceContainer))
			}
		}
	}
	if cyclic(depends) {
		return refused("Container dependencies should not have a cycle")
	}
	if cyclic(links) {
		return refused("Container links should not have a cycle")
	}
	return nil
}

// cyclic says whether a graph leads from somewhere back to itself.
func cyclic(edges map[string][]string) bool {
	const (
		entered = 1
		left    = 2
	)
	state := map[string]int{}
	var visit func(node string) bool
	visit = func(node string) bool {
		switch state[node] {
		case entered:
			return true
		case left:
			return false
		}
		state[node] = entered
		if slices.ContainsFunc(edges[node], visit) {
			return true
		}
		state[node] = left
		return false
	}
	for node := range edges {
		if visit(node) {
			return true
		}
	}
	return false
}

func checkProxy(p *ProxyConfiguration, containers []ContainerDefinition) error {
	if p == nil || slices.ContainsFunc(containers, func(c ContainerDefinition) bool { return *c.Name == *p.ContainerName }) {
		return nil
	}
	return refused("The proxy container '%s' does not exist in the task definition.", *p.ContainerName)
}
