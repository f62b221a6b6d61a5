package datachannel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// keys stand for KMS: what they seal is the key with its context in front.
type keys struct {
	plain []byte
	err   error
}

func (k keys) DataKey(_ context.Context, id string, size int, about map[string]string) (plain, sealed []byte, err error) {
	if id != "alias/exec" || size != len(k.plain) || !maps.Equal(about, Context("session-1", "ecs:c_t_r")) {
		return nil, nil, fmt.Errorf("asked for %s, %d, %v", id, size, about)
	}
	return k.plain, append([]byte("sealed "), k.plain...), k.err
}

func TestEncryptedSession(t *testing.T) {
	key := bytes.Repeat([]byte("0123456789abcdef"), 4)
	encryption := &Encryption{KeyID: "alias/exec", Open: func(_ context.Context, sealed []byte) ([]byte, error) {
		plain, ok := bytes.CutPrefix(sealed, []byte("sealed "))
		if !ok {
			return nil, errors.New("not sealed")
		}
		return plain, nil
	}}
	echo := func(_ context.Context, term Terminal) (int, error) {
		line := make([]byte, 5)
		if _, err := io.ReadFull(term.Input, line); err != nil {
			return 0, err
		}
		_, err := io.WriteString(term.Output, strings.Repeat("x", 5000)+string(line))
		return 3, err
	}
	url, ended := serveEncrypted(t, encryption, echo)
	target := Target{URL: url, Token: "secret", ID: "session-1", Command: "ecs:c_t_r", Keys: keys{plain: key}}
	var out bytes.Buffer
	code, known, err := Dial(t.Context(), http.DefaultClient, target, Console{Input: strings.NewReader("hello"), Output: &out})
	if err != nil || code != 3 || !known {
		t.Errorf("%d, %v, %v", code, known, err)
	}
	if want := "This session is encrypted using AWS KMS.\r\n" + strings.Repeat("x", 5000) + "hello"; out.String() != want {
		t.Errorf("%d bytes: %.60q", out.Len(), out.String())
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		change func(*Target)
		want   string
	}{
		"no keys":       {func(t *Target) { t.Keys = nil }, "Unsupported action KMSEncryption"},
		"keys refuse":   {func(t *Target) { t.Keys = keys{key, errors.New("AccessDenied")} }, "making the session's data key: AccessDenied"},
		"another task":  {func(t *Target) { t.Command = "ecs:other" }, "making the session's data key: asked for"},
		"key too short": {func(t *Target) { t.Keys = keys{plain: key[:32]} }, "making the session's data key"},
	} {
		other := target
		test.change(&other)
		if _, _, err := Dial(t.Context(), http.DefaultClient, other, Console{Output: io.Discard}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		if err := <-ended; err == nil {
			t.Errorf("%s: the server knows of no failure", name)
		}
	}
	encryption.Open = func(context.Context, []byte) ([]byte, error) { return bytes.Repeat([]byte{1}, dataKeySize), nil }
	if _, _, err := Dial(t.Context(), http.DefaultClient, target, Console{Output: io.Discard}); err == nil || !strings.Contains(err.Error(), "not encrypted with the session's key") {
		t.Errorf("another key on the other side: %v", err)
	}
	<-ended
}
