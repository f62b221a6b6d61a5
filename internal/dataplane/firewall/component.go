package firewall

import (
	"maps"
	"net/textproto"
	"slices"
	"strings"
)

// component is a Component, ready to be looked at.
type component struct{ Component }

// Limits of what is looked at of headers and of cookies, each in bytes and in number.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html
const (
	mapBytes = 8 << 10
	mapCount = 200
)

// inspect says whether any text of the component passes a test. A component that the request does not have passes none.
func (c *component) inspect(j *judging, test func(text string) bool) truth {
	oversize := false
	texts := func(yield func(string) bool) { oversize = c.texts(j, yield) }
	switch c.Part {
	case Body, JSONBody, Headers, Cookies:
		// Oversize handling comes before the inspection.
		all := slices.Collect(texts)
		if oversize && c.Oversize != "CONTINUE" {
			return truthOf(c.Oversize == "MATCH")
		}
		if c.Part == JSONBody {
			return c.inspectJSON(j, test)
		}
		for _, text := range all {
			if test(c.transform(text)) {
				return yes
			}
		}
		return no
	}
	for text := range texts {
		if test(c.transform(text)) {
			return yes
		}
	}
	return no
}

func (c *component) transform(text string) string {
	for _, t := range c.Transforms {
		text = t.apply(text)
	}
	return text
}

// texts gives the texts of the component up to its limits, and whether there is more.
func (c *component) texts(j *judging, yield func(string) bool) (oversize bool) {
	switch c.Part {
	case Path:
		yield(j.r.Path)
	case Query:
		yield(j.r.Query)
	case Method:
		yield(j.r.Method)
	case Body:
		yield(j.readBody())
		return j.more
	case JSONBody:
		j.readBody()
		return j.more
	case SingleHeader:
		each(j.header(c.Name), yield)
	case Argument, Arguments:
		for _, a := range j.arguments() {
			if (c.Part == Arguments || strings.EqualFold(a.name, c.Name)) && !yield(a.value) {
				return false
			}
		}
	case Headers:
		return c.pairs(j.headers, yield)
	case Cookies:
		return c.pairs(j.cookies, yield)
	}
	return false
}

func each(values []string, yield func(string) bool) {
	for _, v := range values {
		if !yield(v) {
			return
		}
	}
}

// pairs gives the keys and values that the component asks for.
func (c *component) pairs(all func(yield func(key, value string) bool), yield func(string) bool) (oversize bool) {
	size, n := 0, 0
	for key, value := range all {
		n, size = n+1, size+len(key)+len(value)
		if n > mapCount || size > mapBytes {
			return true
		}
		if len(c.Include) > 0 && !containsFold(c.Include, key) || containsFold(c.Exclude, key) {
			continue
		}
		if c.Scope != "VALUE" && !yield(key) || c.Scope != "KEY" && !yield(value) {
			return false
		}
	}
	return false
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// header gives the values of a header.
func (j *judging) header(name string) []string {
	if strings.EqualFold(name, "host") {
		return []string{j.r.Host}
	}
	return j.r.Header[textproto.CanonicalMIMEHeaderKey(name)]
}

// headers gives all headers by name; their order on the wire is lost.
func (j *judging) headers(yield func(key, value string) bool) {
	if !yield("host", j.r.Host) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(j.r.Header)) {
		for _, v := range j.r.Header[name] {
			if !yield(strings.ToLower(name), v) {
				return
			}
		}
	}
}

func (j *judging) cookies(yield func(key, value string) bool) {
	for _, line := range j.r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if (key != "" || value != "") && !yield(key, value) {
				return
			}
		}
	}
}

// argument is an argument of the query string, as the client wrote it.
type argument struct{ name, value string }

func (j *judging) arguments() []argument {
	if !j.queried {
		j.queried = true
		for part := range strings.SplitSeq(j.r.Query, "&") {
			if part != "" {
				name, value, _ := strings.Cut(part, "=")
				j.args = append(j.args, argument{name, value})
			}
		}
	}
	return j.args
}

func (j *judging) readBody() string {
	if !j.bodyRead && j.r.Body != nil {
		first, more := j.r.Body()
		j.body, j.more = string(first), more
	}
	j.bodyRead = true
	return j.body
}
