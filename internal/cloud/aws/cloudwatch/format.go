package cloudwatch

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// stamp writes a time as CloudWatch does in alarms' data and messages: 2019-10-02T17:04:40.989+0000.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000-0700") }

// decimal writes a number as CloudWatch's Java does: 10.0, 0.25, 1.0E7.
func decimal(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		s := strconv.FormatFloat(f, 'E', -1, 64)
		digits, exponent, _ := strings.Cut(s, "E")
		if !strings.Contains(digits, ".") {
			digits += ".0"
		}
		exponent = strings.TrimPrefix(exponent, "+")
		negative := strings.HasPrefix(exponent, "-")
		exponent = strings.TrimLeft(strings.TrimPrefix(exponent, "-"), "0")
		if negative {
			exponent = "-" + exponent
		}
		return digits + "E" + exponent
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// encode writes JSON of what is made of strings, finite numbers and maps of them.
func encode(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }
