package wafv2

import (
	"cmp"
	"slices"
	"strings"
)

// transformations are the types of text transformations.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html
var transformations = []string{"NONE", "COMPRESS_WHITE_SPACE", "HTML_ENTITY_DECODE", "LOWERCASE", "CMD_LINE", "URL_DECODE", "BASE64_DECODE", "HEX_DECODE",
	"MD5", "REPLACE_COMMENTS", "ESCAPE_SEQ_DECODE", "SQL_HEX_DECODE", "CSS_DECODE", "JS_DECODE", "NORMALIZE_PATH", "NORMALIZE_PATH_WIN", "REMOVE_NULLS",
	"REPLACE_NULLS", "BASE64_DECODE_EXT", "URL_DECODE_UNI", "UTF8_TO_UNICODE"}

const maxTransformations = 10

// transform checks the text transformations of a request component, and counts those that are new in this web ACL or group.
func (c *checker) transform(component string, list []TextTransformation) error {
	if n := len(list); n < 1 || n > maxTransformations {
		return invalid("TEXT_TRANSFORMATION", "TextTransformations", "1 to %d text transformations must be given.", maxTransformations)
	}
	priorities := map[int64]bool{}
	for _, x := range list {
		if !slices.Contains(transformations, *x.Type) {
			return invalid("TEXT_TRANSFORMATION", *x.Type, "The text transformation is not valid.")
		}
		if *x.Priority < 0 || priorities[*x.Priority] {
			return invalid("TEXT_TRANSFORMATION", "Priority", "The priority of each text transformation must be a number of its own, from 0 on.")
		}
		priorities[*x.Priority] = true
	}
	// What comes first is part of what the next one is applied to.
	sorted := slices.SortedFunc(slices.Values(list), func(a, b TextTransformation) int { return cmp.Compare(*a.Priority, *b.Priority) })
	done := component
	for _, x := range sorted {
		if *x.Type == "NONE" {
			continue
		}
		done += "|" + *x.Type
		c.transforms[done] = true
	}
	return nil
}

// inspect checks what a statement looks at, and adds its cost.
func (c *checker) inspect(cost int64, f *FieldToMatch, list []TextTransformation, parsed []PreParseTextTransformation) error {
	if err := preParse(parsed); err != nil {
		return err
	}
	component, err := checkField(f)
	if err != nil {
		return err
	}
	if f.JsonBody != nil {
		cost *= 2
	}
	if f.AllQueryArguments != nil {
		cost += costAllArguments
	}
	c.base += cost
	return c.transform(component, list)
}

// checkField checks a request component and gives it a name.
func checkField(f *FieldToMatch) (string, error) {
	var found []string
	var checks []error
	add := func(given bool, name string, check func() error) {
		if given {
			found, checks = append(found, name), append(checks, check())
		}
	}
	fine := func() error { return nil }
	add(f.SingleHeader != nil, "header", func() error { return checkHeaderName(f.SingleHeader.Name) })
	add(f.SingleQueryArgument != nil, "argument", func() error { return checkHeaderName(f.SingleQueryArgument.Name) })
	add(f.AllQueryArguments != nil, "arguments", fine)
	add(f.UriPath != nil, "path", fine)
	add(f.QueryString != nil, "query", fine)
	add(f.Body != nil, "body", func() error { return checkOversize(f.Body.OversizeHandling, true) })
	add(f.Method != nil, "method", fine)
	add(f.JsonBody != nil, "json", func() error { return checkJSONBody(f.JsonBody) })
	add(f.Headers != nil, "headers", func() error { return checkHeadersField(f.Headers) })
	add(f.Cookies != nil, "cookies", func() error { return checkCookies(f.Cookies) })
	add(f.HeaderOrder != nil, "order", func() error { return checkOversize(f.HeaderOrder.OversizeHandling, false) })
	add(f.JA3Fingerprint != nil, "ja3", func() error { return checkFallback("FALLBACK_BEHAVIOR", f.JA3Fingerprint.FallbackBehavior) })
	add(f.JA4Fingerprint != nil, "ja4", func() error { return checkFallback("FALLBACK_BEHAVIOR", f.JA4Fingerprint.FallbackBehavior) })
	add(f.UriFragment != nil, "fragment", func() error {
		if f.UriFragment.FallbackBehavior == nil {
			return nil
		}
		return checkFallback("FALLBACK_BEHAVIOR", f.UriFragment.FallbackBehavior)
	})
	if len(found) != 1 {
		return "", oneValue("FIELD_TO_MATCH", "FieldToMatch")
	}
	name := found[0]
	switch {
	case f.SingleHeader != nil:
		name += ":" + strings.ToLower(*f.SingleHeader.Name)
	case f.SingleQueryArgument != nil:
		name += ":" + strings.ToLower(*f.SingleQueryArgument.Name)
	}
	return name, checks[0]
}

func checkHeaderName(name *string) error {
	if n := len(*name); n < 1 || n > 64 {
		return invalid("HEADER_NAME", *name, "The name must have 1 to 64 characters.")
	}
	return nil
}

func checkOversize(handling *string, mayMiss bool) error {
	if handling == nil && mayMiss {
		return nil
	}
	if !slices.Contains([]string{"CONTINUE", "MATCH", "NO_MATCH"}, text(handling)) {
		return invalid("OVERSIZE_HANDLING", text(handling), "The oversize handling must be CONTINUE, MATCH or NO_MATCH.")
	}
	return nil
}

func checkMatchScope(field, scope string) error {
	if !slices.Contains([]string{"ALL", "KEY", "VALUE"}, scope) {
		return invalid(field, scope, "The match scope must be ALL, KEY or VALUE.")
	}
	return nil
}

func checkJSONBody(b *JsonBody) error {
	if (b.MatchPattern.All == nil) == (len(b.MatchPattern.IncludedPaths) == 0) {
		return oneValue("JSON_MATCH_PATTERN", "JsonMatchPattern")
	}
	for _, p := range b.MatchPattern.IncludedPaths {
		if !strings.HasPrefix(p, "/") || len(p) > 512 {
			return invalid("JSON_MATCH_PATTERN", p, "The path must be a JSON pointer.")
		}
	}
	if v := b.InvalidFallbackBehavior; v != nil && !slices.Contains([]string{"MATCH", "NO_MATCH", "EVALUATE_AS_STRING"}, *v) {
		return invalid("BODY_PARSING_FALLBACK_BEHAVIOR", *v, "The fallback behavior is not valid.")
	}
	if err := checkMatchScope("JSON_MATCH_SCOPE", *b.MatchScope); err != nil {
		return err
	}
	return checkOversize(b.OversizeHandling, true)
}

func checkHeadersField(h *Headers) error {
	p := h.MatchPattern
	if one := boolCount(p.All != nil, len(p.IncludedHeaders) > 0, len(p.ExcludedHeaders) > 0); one != 1 {
		return oneValue("HEADER_MATCH_PATTERN", "HeaderMatchPattern")
	}
	if err := checkMatchScope("MAP_MATCH_SCOPE", *h.MatchScope); err != nil {
		return err
	}
	return checkOversize(h.OversizeHandling, false)
}

func checkCookies(k *Cookies) error {
	p := k.MatchPattern
	if one := boolCount(p.All != nil, len(p.IncludedCookies) > 0, len(p.ExcludedCookies) > 0); one != 1 {
		return oneValue("COOKIE_MATCH_PATTERN", "CookieMatchPattern")
	}
	if err := checkMatchScope("MAP_MATCH_SCOPE", *k.MatchScope); err != nil {
		return err
	}
	return checkOversize(k.OversizeHandling, false)
}

func boolCount(values ...bool) int {
	n := 0
	for _, v := range values {
		if v {
			n++
		}
	}
	return n
}
