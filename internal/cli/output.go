package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"atoll/internal/terraform"
)

type output struct{ environment }

func newOutput(env Env) *cobra.Command {
	var f output
	cmd := &cobra.Command{
		Use: "output ENVIRONMENT [NAME]", Short: "Print what an environment gives: its URL, names, ARNs", Args: cobra.RangeArgs(1, 2),
		Long:    "Print an environment's outputs, or one of them. A text is printed as it is; lists and objects as JSON.",
		Example: "  atoll output dev\n  curl \"$(atoll output dev url)\"\n  atoll output prod --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args) },
	}
	f.flags(cmd, env)
	return cmd
}

func (f *output) run(ctx context.Context, env Env, args []string) error {
	quiet := env
	return f.with(ctx, quiet, args[0], func(o *opened) error {
		outputs, err := o.Outputs(ctx)
		if err != nil {
			return err
		}
		if len(outputs) == 0 {
			return advise(fmt.Errorf("%s has no outputs: nothing was applied yet", args[0]), "atoll up %s", args[0])
		}
		if len(args) == 2 {
			return f.one(env, outputs, args[1])
		}
		if f.asJSON {
			return writeJSON(env, values(outputs, true))
		}
		for _, name := range slices.Sorted(maps.Keys(outputs)) {
			text, ok := scalar(outputs[name])
			if !ok {
				text = string(outputs[name].Value)
			}
			fmt.Fprintf(env.Stdout, "%-22s %s\n", name, text)
		}
		return nil
	})
}

func (f *output) one(env Env, outputs map[string]terraform.Output, name string) error {
	o, ok := outputs[name]
	if !ok {
		return &problem{err: fmt.Errorf("there is no output %q", name), try: "one of: " + strings.Join(slices.Sorted(maps.Keys(outputs)), ", "), code: exitUsage}
	}
	text, plain := scalar(o)
	if f.asJSON || !plain {
		return writeJSON(env, o.Value)
	}
	fmt.Fprintln(env.Stdout, text)
	return nil
}

// scalar gives the text of an output that is neither a list nor an object.
func scalar(o terraform.Output) (string, bool) {
	var v any
	if err := json.Unmarshal(o.Value, &v); err != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, true
	case float64, bool:
		return string(o.Value), true
	}
	return "", false
}
