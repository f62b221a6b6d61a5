package proxy

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// rule is a Rule, ready to match.
type rule struct {
	*Rule
	conditions []condition
	host, url  *rewrite
	groups     []*group // those of Forward, with their weights
	total      int      // of the weights
}

type rewrite struct {
	regex   *regexp.Regexp
	replace string
}

func newRule(r *Rule, groups map[string]*group) (*rule, error) {
	out := &rule{Rule: r}
	for i := range r.Conditions {
		c, err := newCondition(&r.Conditions[i])
		if err != nil {
			return nil, err
		}
		out.conditions = append(out.conditions, c)
	}
	var err error
	if out.host, err = newRewrite(r.Host); err != nil {
		return nil, err
	}
	if out.url, err = newRewrite(r.URL); err != nil {
		return nil, err
	}
	if r.Forward != nil {
		for _, w := range r.Forward.Groups {
			g := groups[w.Group]
			if g == nil {
				return nil, errors.New("a rule forwards to the group " + w.Group + ", which is not there")
			}
			out.groups = append(out.groups, g)
			out.total += w.Weight
		}
	}
	return out, nil
}

func (r *rule) met(q *request) bool {
	for i := range r.conditions {
		if !r.conditions[i].met(q) {
			return false
		}
	}
	return true
}

// group gives the group that a number from 0 to 1 falls to, by the weights; nil where all weights are 0.
func (r *rule) group(at float64) *group {
	n := int(at * float64(r.total))
	for i, w := range r.Forward.Groups {
		if n < w.Weight {
			return r.groups[i]
		}
		n -= w.Weight
	}
	return nil
}

// references gives $1 the form that cannot run into the letters that follow.
var references = regexp.MustCompile(`\$(\d+)`)

func newRewrite(r *Rewrite) (*rewrite, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // a rule need not rewrite
	}
	re, err := regexp.Compile(r.Regex)
	if err != nil {
		return nil, err
	}
	return &rewrite{re, references.ReplaceAllString(r.Replace, "$${$1}")}, nil
}

// apply replaces the first match; a text without one stays as it is.
func (w *rewrite) apply(text string) string {
	at := w.regex.FindStringSubmatchIndex(text)
	if at == nil {
		return text
	}
	out := append([]byte(nil), text[:at[0]]...)
	out = w.regex.ExpandString(out, w.replace, text, at)
	return string(append(out, text[at[1]:]...))
}

// errTransform means that a rewrite made something that cannot be sent.
var errTransform = errors.New("the rewritten request is not valid")

// rewriteURL gives the URL that a target gets.
func (w *rewrite) rewriteURL(u *url.URL) (*url.URL, error) {
	text := u.RequestURI()
	next := w.apply(text)
	if next == text {
		return u, nil
	}
	out, err := url.ParseRequestURI(next)
	if err != nil || !strings.HasPrefix(next, "/") {
		return nil, errTransform
	}
	return out, nil
}

// location gives the URL that a redirect leads to, in its parts. port is the listener's.
func (r *Redirect) location(q *request, protocol string, port int) (scheme, host, at, rest string) {
	fill := strings.NewReplacer("#{protocol}", protocol, "#{host}", q.host, "#{port}", strconv.Itoa(port),
		"#{path}", strings.TrimPrefix(q.path, "/"), "#{query}", q.URL.RawQuery)
	rest = fill.Replace(r.Path)
	if query := fill.Replace(r.Query); query != "" {
		rest += "?" + query
	}
	return strings.ToLower(fill.Replace(r.Protocol)), fill.Replace(r.Host), fill.Replace(r.Port), rest
}
