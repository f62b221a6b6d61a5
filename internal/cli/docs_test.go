package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestDocs checks each call of atoll in the documentation: its command and flags exist, and in examples its arguments are allowed.
func TestDocs(t *testing.T) {
	t.Parallel()
	files := []string{"../../README.md", "../../blueprint/README.md", "../../examples/guestbook/README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/adr/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	calls := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calledIn(string(raw)) {
			calls++
			if err := c.check(newRoot(System())); err != nil {
				t.Errorf("%s: atoll %s: %v", filepath.Base(file), strings.Join(c.words, " "), err)
			}
		}
	}
	if calls < 50 {
		t.Errorf("only %d calls were found", calls)
	}
}

// called is a call of atoll in a text.
type called struct {
	words   []string
	example bool // a line that a reader runs, no mention
}

var (
	calls = regexp.MustCompile(`(?:^|[\s("])(?:\./)?(?:bin/)?atoll ([a-z][^|>)"#;…]*)`)
	spans = regexp.MustCompile("`[^`]*`")
)

// calledIn gives the calls in the fenced blocks and in the code spans of a Markdown text.
func calledIn(text string) (all []called) {
	fenced := ""
	for line := range strings.Lines(text) {
		if language, ok := strings.CutPrefix(strings.TrimSpace(line), "```"); ok {
			if fenced != "" {
				language = ""
			}
			fenced = language
			continue
		}
		switch {
		case fenced == "console" && strings.HasPrefix(line, "$ "), fenced == "sh":
			for _, m := range calls.FindAllStringSubmatch(strings.TrimPrefix(line, "$ "), -1) {
				all = append(all, called{words: strings.Fields(m[1]), example: true})
			}
		case fenced == "":
			for _, span := range spans.FindAllString(line, -1) {
				for _, m := range calls.FindAllStringSubmatch(strings.NewReplacer("`", "", "[", "", "]", "").Replace(span), -1) {
					all = append(all, called{words: strings.Fields(m[1])})
				}
			}
		}
	}
	return all
}

func (c called) check(root *cobra.Command) error {
	root.InitDefaultCompletionCmd()
	for i := range c.words {
		if c.words[i] == "N" { // stands for a number
			c.words[i] = "1"
		}
	}
	cmd, rest, err := root.Find(c.words)
	if err != nil {
		return err
	}
	if cmd == root || cmd.HasSubCommands() && len(rest) > 0 {
		return errors.New("no such command")
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if !c.example {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
