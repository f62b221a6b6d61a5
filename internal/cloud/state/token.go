package state

import "encoding/base64"

// Token gives the token of the page after one that ends with an id; nil for "", which means that no page follows. Clients must not
// read anything out of it.
func Token(last string) *string {
	if last == "" {
		return nil
	}
	return new(base64.RawURLEncoding.EncodeToString([]byte(last)))
}

// After gives the id after which the page of a token begins: "" without a token, which means the first page. For what Token never
// gave, it gives the refusal.
func After(token *string, refusal error) (string, error) {
	if token == nil {
		return "", nil
	}
	last, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || len(last) == 0 {
		return "", refusal
	}
	return string(last), nil
}
