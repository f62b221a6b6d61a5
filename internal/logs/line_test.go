package logs_test

import (
	"testing"

	"atoll/internal/logs"
)

func TestParse(t *testing.T) {
	for message, want := range map[string]logs.Line{
		`{"time":"2026-01-01T00:00:00Z","level":"info","msg":"hello","a":1,"b":"two words","c":"x","d":{"e":[1,2]},"f":""}`: {Level: "INFO", Text: "hello", Rest: `a=1 b="two words" c=x d={"e":[1,2]} f=""`},
		`{"severity":"ERROR","message":"gone"}`:            {Level: "ERROR", Text: "gone"},
		`{"level":30,"msg":"pino","id":9007199254740993} `: {Level: "INFO", Text: "pino", Rest: "id=9007199254740993"},
		`{"event":"structlog","event_id":7}`:               {Text: "structlog", Rest: "event_id=7"},
	} {
		if got, ok := logs.Parse(message); !ok || got != want {
			t.Errorf("%s is %t, %+v", message, ok, got)
		}
	}
	for _, message := range []string{"", "plain", "{", `{"a":1}`, `{"msg":"cut`, `{"msg":"x"} and more`, `[1]`, `{"msg":"x",}`} {
		if got, ok := logs.Parse(message); ok {
			t.Errorf("%s is read as %+v", message, got)
		}
	}
}
