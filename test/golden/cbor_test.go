package golden

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

const cborType = "application/cbor"

// parseCBOR reads a document into what parseJSON gives for the same in JSON: times as seconds, binary data in base64.
func parseCBOR(t *testing.T, body string) any {
	t.Helper()
	if body == "" {
		return nil
	}
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := mode.Unmarshal([]byte(body), &tree); err != nil {
		t.Fatalf("no CBOR: %v in %x", err, body)
	}
	return plain(t, tree)
}

func plain(t *testing.T, v any) any {
	t.Helper()
	switch x := v.(type) {
	case map[string]any:
		for k, item := range x {
			x[k] = plain(t, item)
		}
		return x
	case []any:
		for i, item := range x {
			x[i] = plain(t, item)
		}
		return x
	case time.Time:
		return float64(x.Unix())
	case []byte:
		return base64.StdEncoding.EncodeToString(x)
	case uint64:
		return float64(x)
	case int64:
		return float64(x)
	case nil, string, bool, float64:
		return x
	}
	t.Fatalf("a %T in a document", v)
	return nil
}

// cborLeaves collects the scalars of a document.
func cborLeaves(t *testing.T, body string) []leaf {
	t.Helper()
	return jsonLeaves(numbers(parseCBOR(t, body)))
}

// numbers puts numbers in the form that jsonLeaves reads.
func numbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, item := range x {
			x[k] = numbers(item)
		}
	case []any:
		for i, item := range x {
			x[i] = numbers(item)
		}
	case float64:
		if x == float64(int64(x)) {
			return json.Number(fmt.Sprint(int64(x)))
		}
		return json.Number(fmt.Sprint(x))
	}
	return v
}
