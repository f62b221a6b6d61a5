package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

type openCommand struct{ environment }

func newOpen(env Env) *cobra.Command {
	var f openCommand
	cmd := &cobra.Command{
		Use: "open ENVIRONMENT", Short: "Open an environment in the browser", Args: cobra.ExactArgs(1),
		Long: `Open the URL at which an environment is reached in the browser. The URL is printed too: where there is no browser, that is all.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	return cmd
}

func (f *openCommand) run(ctx context.Context, env Env, name string) error {
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	url, err := f.urlOf(ctx, env, e, settings)
	if err != nil {
		return err
	}
	if url == "" {
		return advise(fmt.Errorf("%s has no load balancer that takes requests", name), "give a service routing = { paths = [\"/*\"] }, and run atoll up %s", name)
	}
	opened := false
	if browser := f.browser(env); browser != nil {
		_, err := env.Machine.Run(ctx, nil, append(browser, url)...)
		if opened = err == nil; !opened {
			say(env, "The browser did not open: %v", err)
		}
	}
	if f.asJSON {
		return writeJSON(env, map[string]any{"url": url, "opened": opened})
	}
	fmt.Fprintln(env.Stdout, url)
	return nil
}

// browser gives the program that opens URLs; nil without one. On Linux that needs a screen.
func (f *openCommand) browser(env Env) []string {
	var program []string
	switch {
	case env.Machine.Getenv("BROWSER") != "":
		program = []string{env.Machine.Getenv("BROWSER")}
	case runtime.GOOS == "darwin":
		program = []string{"open"}
	case runtime.GOOS == "windows":
		program = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case env.Machine.Getenv("DISPLAY") != "" || env.Machine.Getenv("WAYLAND_DISPLAY") != "":
		program = []string{"xdg-open"}
	default:
		return nil
	}
	if _, err := env.Machine.LookPath(program[0]); err != nil {
		return nil
	}
	return program
}
