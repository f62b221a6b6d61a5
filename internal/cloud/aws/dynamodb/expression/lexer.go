package expression

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenName  // #name
	tokenValue // :value
	tokenIndex // digits
	tokenSign  // punctuation and operators
)

// token is a piece of an expression, from start to end in its text.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

func (t token) shown() string {
	if t.kind == tokenEnd {
		return "<EOF>"
	}
	return t.text
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// scan splits an expression. A byte that begins no token becomes one of its own, which no rule takes.
func scan(text string) []token {
	tokens := make([]token, 0, 16)
	for i := 0; i < len(text); {
		c := text[i]
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			i++
			continue
		}
		start, kind := i, tokenSign
		i++
		switch {
		case c == '#' || c == ':':
			for i < len(text) && wordByte(text[i]) {
				i++
			}
			if i > start+1 {
				kind = tokenName
				if c == ':' {
					kind = tokenValue
				}
			}
		case digit(c):
			kind = tokenIndex
			for i < len(text) && wordByte(text[i]) {
				if !digit(text[i]) {
					kind = tokenSign
				}
				i++
			}
		case wordByte(c):
			kind = tokenWord
			for i < len(text) && wordByte(text[i]) {
				i++
			}
		case c == '<' && i < len(text) && (text[i] == '>' || text[i] == '='), c == '>' && i < len(text) && text[i] == '=':
			i++
		case c >= 0x80:
			for i < len(text) && text[i] >= 0x80 {
				i++
			}
		}
		tokens = append(tokens, token{kind, text[start:i], start, i})
	}
	return append(tokens, token{kind: tokenEnd, start: len(text), end: len(text)})
}
