package cloud

import (
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/clock"
)

func TestUnpackedKeep(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	u := newUnpacked(nil, now, nil)
	used, old := v1.Hash{Algorithm: "sha256", Hex: "aa"}, v1.Hash{Algorithm: "sha256", Hex: "bb"}
	u.note(used)
	check := func(wantUsed, wantOld bool) {
		t.Helper()
		if gotUsed, gotOld := u.keep(used), u.keep(old); gotUsed != wantUsed || gotOld != wantOld {
			t.Errorf("at %s: keeps %t and %t", now.Now().Format(time.TimeOnly), gotUsed, gotOld)
		}
	}
	now.Advance(30 * time.Minute)
	check(true, true) // the other one is from before, and first seen now
	u.note(used)
	now.Advance(30 * time.Minute)
	check(true, true)
	now.Advance(30 * time.Minute)
	check(false, false)
}
