package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"atoll/internal/explain"
	"atoll/internal/reach"
)

type explainCommand struct {
	environment
	port     int
	protocol string
}

func newExplain(env Env) *cobra.Command {
	var f explainCommand
	cmd := &cobra.Command{
		Use: "explain ENVIRONMENT FROM TO", Short: "Tell whether one part of an environment reaches another, and what allows or blocks it", Args: cobra.ExactArgs(3),
		Long: `Follow a connection from one part of an environment to another, hop by hop: security groups, network ACLs, routes, NAT and internet
gateways, there and back; and name the rule that allows or blocks it. Where it is blocked, it says what is missing, which setting makes
it, and ends with exit code 5.

FROM and TO: a service or a job by its name, lb (the load balancer), db (the database), internet, an IP address, or eni-...
Without --port it is the port on which the other part takes connections, 443 for the internet. Of a service without running tasks, a task
as it would start one is looked at.`,
		Example: "  atoll explain dev web db\n  atoll explain dev internet lb\n  atoll explain prod worker 198.51.100.7 --port 587 --target aws",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args[0], args[1], args[2])
		},
	}
	f.flags(cmd, env)
	cmd.Flags().IntVar(&f.port, "port", 0, "port (default: the one on which TO takes connections)")
	cmd.Flags().StringVar(&f.protocol, "protocol", "tcp", "tcp, udp or icmp")
	return cmd
}

func (f *explainCommand) run(ctx context.Context, env Env, name, from, to string) error {
	if f.port < 0 || f.port > 65535 {
		return &problem{err: fmt.Errorf("--port %d is no port", f.port), try: "a number from 1 to 65535", code: exitUsage}
	}
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	a, err := explain.Ask(ctx, e, settings, explain.Question{From: from, To: to, Port: f.port, Protocol: f.protocol})
	if err != nil {
		return err
	}
	if f.asJSON {
		err = writeJSON(env, a)
	} else {
		writeAnswer(env.Stdout, a)
	}
	switch {
	case err != nil:
		return err
	case a.Unknown:
		return &silent{exitFailed}
	case !a.Allowed:
		return &silent{exitBlocked}
	}
	return nil
}

// verdict words an answer, and a hop's mark.
func verdict(allowed, unknown bool) (word, mark string) {
	switch {
	case allowed:
		return "allowed", "✓"
	case unknown:
		return "cannot be told", "?"
	}
	return "blocked", "✗"
}

func writeAnswer(w io.Writer, a *explain.Answer) {
	what := a.Protocol
	if a.Port != 0 {
		what = fmt.Sprintf("%s %d", a.Protocol, a.Port)
	}
	word, _ := verdict(a.Allowed, a.Unknown)
	fmt.Fprintf(w, "%s → %s, %s: %s\n", a.From, a.To, what, word)
	for _, note := range a.Notes {
		fmt.Fprintf(w, "  (%s)\n", note)
	}
	if a.Failing > 0 && a.Failing < a.Ways {
		fmt.Fprintf(w, "  (on %d of %d ways between their interfaces; the others are open)\n", a.Failing, a.Ways)
	}
	fmt.Fprintln(w)
	back := false
	for _, h := range a.Hops {
		if h.Return && !back {
			back = true
			fmt.Fprintln(w, "  and back")
		}
		_, mark := verdict(h.Verdict == reach.Allowed, h.Verdict == reach.Unknown)
		fmt.Fprintf(w, "  %s %-20s %s\n", mark, strings.TrimSpace(strings.ReplaceAll(string(h.Kind), "-", " ")+" "+h.Direction), h.Reason)
	}
	for _, x := range a.Advice {
		fmt.Fprintf(w, "\nMissing: %s\nTry:     %s\n", x.Lacks, x.Mend)
	}
}
