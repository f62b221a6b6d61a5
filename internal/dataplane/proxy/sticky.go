package proxy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The names of the cookies of stickiness. Those for requests from other sites have the same value, and say SameSite=None.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#sticky-sessions
const (
	cookieTarget     = "AWSALB"
	cookieTargetCORS = "AWSALBCORS"
	cookieGroup      = "AWSALBTG"
	cookieGroupCORS  = "AWSALBTGCORS"
	cookieApp        = "AWSALBAPP-0"
)

// newSeal gives the cipher of cookies' values. Its key follows from what it is for, so that cookies outlive a restart: they hide
// nothing from whoever has the program, as the rehearsal has no secret to keep here.
func newSeal(purpose string) cipher.AEAD {
	key := sha256.Sum256([]byte("cookies of " + purpose))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return seal
}

// sealed gives the cookie value that says what until when.
func sealed(seal cipher.AEAD, what string, until time.Time) string {
	nonce := make([]byte, seal.NonceSize(), 128)
	_, _ = rand.Read(nonce) // it does not fail
	plain := strconv.FormatInt(until.Unix(), 10) + " " + what
	return base64.StdEncoding.EncodeToString(seal.Seal(nonce, nonce, []byte(plain), nil))
}

// unsealed gives what a cookie says that has not expired.
func unsealed(seal cipher.AEAD, value string, now time.Time) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(raw) < seal.NonceSize() {
		return "", false
	}
	plain, err := seal.Open(nil, raw[:seal.NonceSize()], raw[seal.NonceSize():], nil)
	if err != nil {
		return "", false
	}
	until, what, _ := strings.Cut(string(plain), " ")
	seconds, err := strconv.ParseInt(until, 10, 64)
	return what, err == nil && now.Before(time.Unix(seconds, 0))
}

// cookie gives what one of several cookies of a request says, the first that is valid.
func cookie(r *http.Request, seal cipher.AEAD, now time.Time, names ...string) (string, bool) {
	if len(r.Header["Cookie"]) == 0 {
		return "", false
	}
	for _, name := range names {
		for _, c := range r.CookiesNamed(name) {
			if what, ok := unsealed(seal, c.Value, now); ok {
				return what, true
			}
		}
	}
	return "", false
}

// setCookie adds a cookie to an answer, and the one for other sites if it has a name.
func setCookie(h http.Header, name, cors, value string, until time.Time, secure bool) {
	tail := "; Expires=" + until.UTC().Format(http.TimeFormat) + "; Path=/"
	h.Add("Set-Cookie", name+"="+value+tail)
	if cors == "" {
		return
	}
	tail += "; SameSite=None"
	if secure {
		tail += "; Secure"
	}
	h.Add("Set-Cookie", cors+"="+value+tail)
}

// wanted gives the choice of the target that a request's cookie names, nil without a valid one.
func (g *group) wanted(r *http.Request, s Stickiness) func(t *target) bool {
	names := []string{cookieTarget, cookieTargetCORS}
	if s.Cookie != "" {
		if _, err := r.Cookie(s.Cookie); err != nil { // the session of the application has ended
			return nil
		}
		names = []string{cookieApp}
	}
	what, ok := cookie(r, g.seal, g.p.clock.Now(), names...)
	if !ok {
		return nil
	}
	return func(t *target) bool { return t.address.String() == what }
}

// stick adds the cookie of stickiness to a target's answer.
func (g *group) stick(h http.Header, t *target, s Stickiness, secure bool) {
	until := g.p.clock.Now().Add(s.Duration)
	if s.Cookie == "" {
		setCookie(h, cookieTarget, cookieTargetCORS, sealed(g.seal, t.address.String(), until), until, secure)
		return
	}
	for _, line := range h["Set-Cookie"] {
		if strings.HasPrefix(line, s.Cookie+"=") {
			setCookie(h, cookieApp, "", sealed(g.seal, t.address.String(), until), until, secure)
			return
		}
	}
}
