package logs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Line is what a structured log line says: JSON objects as slog, zap, zerolog, pino, logrus and structlog write them.
type Line struct {
	Level, Text string
	Rest        string // what else there is: key=value, in the line's own order
}

// Parse reads a structured line. It is false for one that is no JSON object, or says nothing under the usual keys.
func Parse(message string) (Line, bool) {
	if !strings.HasPrefix(message, "{") {
		return Line{}, false
	}
	d := json.NewDecoder(strings.NewReader(message))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return Line{}, false
	}
	var l Line
	said := false
	var rest []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Line{}, false
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return Line{}, false
		}
		name := fmt.Sprint(key)
		switch {
		case slices.Contains([]string{"time", "timestamp", "ts", "@timestamp"}, name): // the event has one
		case l.Level == "" && slices.Contains([]string{"level", "severity", "lvl"}, name):
			l.Level = strings.ToUpper(plain(v))
			if word, ok := pinoLevels()[l.Level]; ok {
				l.Level = word
			}
		case l.Text == "" && slices.Contains([]string{"msg", "message", "event"}, name):
			l.Text, said = plain(v), true
		default:
			rest = append(rest, name+"="+value(v))
		}
	}
	if _, err := d.Token(); err != nil || strings.TrimSpace(message[d.InputOffset():]) != "" || !said {
		return Line{}, false
	}
	l.Rest = strings.Join(rest, " ")
	return l, true
}

// pinoLevels are the numbers that pino and bunyan have for levels.
func pinoLevels() map[string]string {
	return map[string]string{"10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARN", "50": "ERROR", "60": "FATAL"}
}

// plain gives a text without its quotes, and anything else as it is.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// value gives a value as logfmt has it: quoted where it would not stand as one word.
func value(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil {
		return string(v)
	}
	if s == "" || strings.ContainsAny(s, " \t\n\"=") {
		return strconv.Quote(s)
	}
	return s
}
