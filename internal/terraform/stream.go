package terraform

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Message is one line of the engine's JSON stream. Which members are set follows from Type.
// https://developer.hashicorp.com/terraform/internals/machine-readable-ui
type Message struct {
	Type       string      `json:"type"` // such as planned_change, apply_start, apply_complete, diagnostic
	Text       string      `json:"@message"`
	Level      string      `json:"@level"`
	Time       time.Time   `json:"@timestamp"`
	Change     *Change     `json:"change"`     // planned_change, resource_drift
	Hook       *Hook       `json:"hook"`       // apply_* and refresh_*
	Changes    *Counts     `json:"changes"`    // change_summary
	Diagnostic *Diagnostic `json:"diagnostic"` // diagnostic

	State json.RawMessage `json:"state"` // log: the whole state, where it could be written nowhere
}

// Change is what a plan means to do with a resource.
type Change struct {
	Resource Resource `json:"resource"`
	Action   string   `json:"action"` // noop, create, read, update, replace, delete, move, import, remove
	Reason   string   `json:"reason"` // such as cannot_update or tainted, where Action has one
}

// Hook tells of a resource at work.
type Hook struct {
	Resource Resource `json:"resource"`
	Action   string   `json:"action"`
	ID       string   `json:"id_value"`
	Elapsed  float64  `json:"elapsed_seconds"`
}

// Resource names an instance of a resource.
type Resource struct {
	Address string `json:"addr"`
	Module  string `json:"module"`
	Type    string `json:"resource_type"`
}

// Counts sum up a plan or what was applied.
type Counts struct {
	Add       int    `json:"add"`
	Change    int    `json:"change"`
	Remove    int    `json:"remove"`
	Operation string `json:"operation"` // plan, apply or destroy
}

// Diagnostic is an error or a warning of the engine or a provider.
type Diagnostic struct {
	Severity string `json:"severity"` // error or warning
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
	Range    *struct {
		File  string `json:"filename"`
		Start struct {
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
	Snippet *struct {
		Code string `json:"code"`
	} `json:"snippet"`
}

// String gives the diagnostic with its place and its line of code.
func (d *Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.Summary)
	switch {
	case d.Range != nil && d.Snippet != nil && d.Snippet.Code != "":
		fmt.Fprintf(&b, "\n  %s, line %d: %s", d.Range.File, d.Range.Start.Line, strings.TrimSpace(strings.SplitN(d.Snippet.Code, "\n", 2)[0]))
	case d.Range != nil:
		fmt.Fprintf(&b, "\n  %s, line %d", d.Range.File, d.Range.Start.Line)
	}
	if d.Address != "" {
		fmt.Fprintf(&b, "\n  %s", d.Address)
	}
	if detail := strings.TrimSpace(d.Detail); detail != "" {
		b.WriteString("\n" + detail)
	}
	return b.String()
}

// maxMessage bounds a line of the stream, in bytes: outputs come in one line.
const maxMessage = 64 << 20

// readStream hands each message to on, and gives the error diagnostics and the lines that are no messages.
func readStream(r io.Reader, on func(Message)) (failures []*Diagnostic, rest []string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMessage)
	for lines.Scan() {
		var m Message
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			rest = append(rest, lines.Text())
			continue
		}
		if m.Diagnostic != nil && m.Diagnostic.Severity == "error" {
			failures = append(failures, m.Diagnostic)
		}
		if on != nil {
			on(m)
		}
	}
	return failures, rest, lines.Err()
}
