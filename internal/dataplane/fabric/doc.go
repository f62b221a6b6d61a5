// Package fabric is the network between the addresses of virtual networks. It carries TCP flows, DNS questions and UDP to the outside,
// between what runs on this machine: a flow is looked at when it begins, by a Policy that knows security groups, network ACLs and
// routes, and is then connected to whoever serves the interface that it leads to. Nothing of it is seen by the machine's own network:
// no addresses, bridges, routes or rules are added to it.
//
// What runs in containers gets a network namespace with one interface that has its address in the virtual network: one of this process
// (Attach, Linux only), or one that another process is in, which carries its packets over a stream (AttachStream, RunNetwork). All that
// it sends ends in a TCP/IP stack of this process, which asks the policy for each new flow. A blocked flow gets no answer, as from a
// security group. Flows towards a namespace are connected within it by the kernel, and come from its own address; those over a stream by the
// stack, and come from where they come from.
//
// As with security groups, a flow that is under way goes on when a rule that let it begin is taken away.
//
// The policy may have a flow counted (Tally): it then knows at any time how many bytes went either way, and learns of the flow's end.
//
// What is not carried: ICMP, UDP between interfaces, IPv6, and fragments of datagrams larger than the MTU.
package fabric
