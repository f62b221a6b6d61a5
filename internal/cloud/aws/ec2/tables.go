package ec2

import "atoll/internal/cloud/state"

// tables are the service's records. A resource's file has its record type and its index functions.
type tables struct {
	regions        state.Table[regionRecord]
	tokens         state.Table[tokenRecord]
	vpcs           state.Table[vpcRecord]
	subnets        state.Table[subnetRecord]
	gateways       state.Table[internetGatewayRecord]
	egressGateways state.Table[egressOnlyGatewayRecord]
	routeTables    state.Table[routeTableRecord]
	groups         state.Table[securityGroupRecord]
	rules          state.Table[securityGroupRuleRecord]
	acls           state.Table[networkACLRecord]
	addresses      state.Table[addressRecord]
	natGateways    state.Table[natGatewayRecord]
	interfaces     state.Table[interfaceRecord]
	endpoints      state.Table[endpointRecord]
	flowLogs       state.Table[flowLogRecord]
	prefixLists    state.Table[prefixListRecord]
	dhcpOptions    state.Table[dhcpOptionsRecord]
}

func newTables(st *state.Store) tables {
	return tables{
		tokens:         state.NewTable[tokenRecord](st, "ec2.token"),
		regions:        state.NewTable[regionRecord](st, "ec2.region"),
		vpcs:           table[vpcRecord](st, "vpc"),
		subnets:        table(st, "subnet", state.WithIndex("vpc", func(r *subnetRecord) []string { return []string{r.VpcID} })),
		gateways:       table(st, "internet-gateway", state.WithIndex("vpc", func(r *internetGatewayRecord) []string { return some(r.VpcID) })),
		egressGateways: table(st, "egress-only-internet-gateway", state.WithIndex("vpc", func(r *egressOnlyGatewayRecord) []string { return []string{r.VpcID} })),
		routeTables: table(st, "route-table",
			state.WithIndex("vpc", func(r *routeTableRecord) []string { return []string{r.VpcID} }),
			state.WithIndex("association", (*routeTableRecord).associationIDs),
			state.WithIndex("subnet", (*routeTableRecord).subnetIDs)),
		groups: table(st, "security-group", state.WithIndex("vpc", func(r *securityGroupRecord) []string { return []string{r.VpcID} })),
		rules: table(st, "security-group-rule",
			state.WithIndex("group", func(r *securityGroupRuleRecord) []string { return []string{r.GroupID} }),
			state.WithIndex("source", func(r *securityGroupRuleRecord) []string { return some(r.ReferencedGroupID) }),
			state.WithIndex("prefix-list", func(r *securityGroupRuleRecord) []string { return some(r.PrefixListID) })),
		acls: table(st, "network-acl",
			state.WithIndex("vpc", func(r *networkACLRecord) []string { return []string{r.VpcID} }),
			state.WithIndex("subnet", (*networkACLRecord).subnetIDs)),
		addresses: table(st, "elastic-ip",
			state.WithIndex("association", func(r *addressRecord) []string { return some(r.AssociationID) }),
			state.WithIndex("public", func(r *addressRecord) []string { return []string{r.PublicIP} })),
		natGateways: table(st, "natgateway",
			state.WithIndex("vpc", func(r *natGatewayRecord) []string { return []string{r.VpcID} }),
			state.WithIndex("subnet", func(r *natGatewayRecord) []string { return some(r.SubnetID) })),
		interfaces: table(st, "network-interface",
			state.WithIndex("vpc", func(r *interfaceRecord) []string { return []string{r.VpcID} }),
			state.WithIndex("subnet", func(r *interfaceRecord) []string { return []string{r.SubnetID} }),
			state.WithIndex("group", func(r *interfaceRecord) []string { return r.GroupIDs }),
			state.WithIndex("address", (*interfaceRecord).places),
			state.WithIndex("public", func(r *interfaceRecord) []string { return some(r.PublicIP) })),
		endpoints:   table(st, "vpc-endpoint", state.WithIndex("vpc", func(r *endpointRecord) []string { return []string{r.VpcID} })),
		flowLogs:    table(st, "vpc-flow-log", state.WithIndex("resource", func(r *flowLogRecord) []string { return []string{r.ResourceID} })),
		prefixLists: table[prefixListRecord](st, "prefix-list"),
		dhcpOptions: table[dhcpOptionsRecord](st, "dhcp-options"),
	}
}

// table makes the table of a resource type, with its ARNs.
func table[T any](st *state.Store, kind string, opts ...state.TableOption[T]) state.Table[T] {
	opts = append(opts, state.WithARN(func(sc state.Scope, id string, _ *T) string { return arn(sc, kind, id) }))
	return state.NewTable(st, "ec2."+kind, opts...)
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
