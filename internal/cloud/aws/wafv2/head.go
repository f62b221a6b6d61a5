package wafv2

import (
	"iter"
	"regexp"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// The kinds of resources, as they stand in ARNs.
const (
	kindACL      = "webacl"
	kindGroup    = "rulegroup"
	kindIPSet    = "ipset"
	kindRegexSet = "regexpatternset"
)

const (
	scopeRegional   = "REGIONAL"
	scopeCloudFront = "CLOUDFRONT"
)

// head is what all resources have. They stand under SCOPE/NAME.
type head struct {
	Scope, Name, ID string
	Lock            string // changes with each change
	Description     string
}

func (h *head) key() string { return h.Scope + "/" + h.Name }

func (h *head) arn(sc state.Scope, kind string) string {
	scope := "regional"
	if h.Scope == scopeCloudFront {
		scope = "global"
	}
	return strings.Join([]string{"arn:aws:wafv2", sc.Region, sc.Account, scope + "/" + kind + "/" + h.Name + "/" + h.ID}, ":")
}

var (
	entityNames  = regexp.MustCompile(`^[\w\-]{1,128}$`)
	descriptions = regexp.MustCompile(`^[\w+=:#@/\-,\.][\w+=:#@/\-,\.\s]+[\w+=:#@/\-,\.]$`)
)

// maxEach bounds the resources of each kind in a scope; regex pattern sets have a lower one.
const (
	maxEach      = 100
	maxRegexSets = 10
)

// checkScope checks a scope. What is for CloudFront lives in us-east-1.
func (t *txn) checkScope(scope string) error {
	switch {
	case scope != scopeRegional && scope != scopeCloudFront:
		return invalid("SCOPE_VALUE", scope, "The scope is not valid.")
	case scope == scopeCloudFront && t.sc.Region != "us-east-1":
		return invalid("SCOPE_VALUE", scope, "The scope is not valid. The scope CLOUDFRONT must be used in the Region us-east-1.")
	}
	return nil
}

// newHead makes the head of a new resource.
func (t *txn) newHead(scope, name string, description *string) (head, error) {
	h := head{Scope: scope, Name: name, ID: t.d.IDs.UUID(), Lock: t.d.IDs.UUID(), Description: text(description)}
	if err := t.checkScope(scope); err != nil {
		return h, err
	}
	if !entityNames.MatchString(name) {
		return h, invalid("ENTITY_NAME", name, `The name is not valid. It must have 1 to 128 letters, digits, hyphens and underscores.`)
	}
	return h, checkDescription(description)
}

func checkDescription(description *string) error {
	if description != nil && (len(*description) > 256 || !descriptions.MatchString(*description)) {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", *description, descriptions)
	}
	return nil
}

// kind is one kind of resource.
type kind[T any] struct {
	table  state.Table[T]
	name   string
	headOf func(*T) *head
	most   int
}

// add stores a new resource.
func (k kind[T]) add(t *txn, r *T, tags []Tag) error {
	h := k.headOf(r)
	if _, exists := k.table.Get(t.tx, t.sc, h.key()); exists {
		return duplicate()
	}
	n := 0
	for range k.table.Prefix(t.tx, t.sc, h.Scope+"/") {
		n++
	}
	if n >= k.most {
		return limitExceeded()
	}
	k.table.Put(t.tx, t.sc, h.key(), r)
	return t.tag(h.arn(t.sc, k.name), tags)
}

// find gives the resource of a scope, a name and an id.
func (k kind[T]) find(t *txn, scope, name, id *string) (*T, error) {
	if err := t.checkScope(text(scope)); err != nil {
		return nil, err
	}
	r, ok := k.table.Get(t.tx, t.sc, text(scope)+"/"+text(name))
	if !ok || k.headOf(r).ID != text(id) {
		return nil, nonexistent()
	}
	return r, nil
}

// byARN gives the resource of an ARN.
func (k kind[T]) byARN(t *txn, arn string) (*T, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "wafv2" {
		return nil, invalid("RESOURCE_ARN", arn, "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.")
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 4 || path[1] != k.name {
		return nil, invalid("RESOURCE_ARN", arn, "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.")
	}
	scope := scopeRegional
	if path[0] == "global" {
		scope = scopeCloudFront
	}
	r, ok := k.table.Get(t.tx, t.sc, scope+"/"+path[2])
	if !ok || k.headOf(r).arn(t.sc, k.name) != arn {
		return nil, nonexistent()
	}
	return r, nil
}

// change runs a change of a resource whose lock token the caller knows, and gives the next token.
func (k kind[T]) change(t *txn, scope, name, id, lock *string, fn func(r *T) error) (*string, error) {
	r, err := k.find(t, scope, name, id)
	if err != nil {
		return nil, err
	}
	h := k.headOf(r)
	if err := h.check(lock); err != nil {
		return nil, err
	}
	if err := fn(r); err != nil {
		return nil, err
	}
	h.Lock = t.d.IDs.UUID()
	k.table.Put(t.tx, t.sc, h.key(), r)
	return &h.Lock, nil
}

func (h *head) check(lock *string) error {
	if text(lock) != h.Lock {
		return wire.Errorf("WAFOptimisticLockException", "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it. Reapply your changes.")
	}
	return nil
}

// remove deletes a resource whose lock token the caller knows, unless used says that it is in use.
func (k kind[T]) remove(t *txn, scope, name, id, lock *string, used func(arn string) bool) error {
	r, err := k.find(t, scope, name, id)
	if err != nil {
		return err
	}
	h := k.headOf(r)
	if err := h.check(lock); err != nil {
		return err
	}
	if used(h.arn(t.sc, k.name)) {
		return inUse()
	}
	k.table.Delete(t.tx, t.sc, h.key())
	return nil
}

// list gives a page of a scope's resources, and the marker of the next.
func (k kind[T]) list(t *txn, scope *string, marker *string, limit *int64, each func(h *head, arn string)) (*string, error) {
	if err := t.checkScope(text(scope)); err != nil {
		return nil, err
	}
	size, after, err := page(marker, limit)
	if err != nil {
		return nil, err
	}
	found, next := state.Page(k.after(t, *scope+"/", after), size, nil)
	for _, r := range found {
		each(k.headOf(r), k.headOf(r).arn(t.sc, k.name))
	}
	return state.Token(next), nil
}

func (k kind[T]) after(t *txn, prefix, after string) iter.Seq2[string, *T] {
	return k.table.PrefixFrom(t.tx, t.sc, prefix, after)
}

func page(marker *string, limit *int64) (size int, after string, err error) {
	size = 100
	if limit != nil {
		if *limit < 1 || *limit > 100 {
			return 0, "", wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100", *limit)
		}
		size = int(*limit)
	}
	if text(marker) == "" {
		return size, "", nil
	}
	after, err = state.After(marker, invalid("NEXT_MARKER", *marker, "The marker is not valid."))
	return size, after, err
}

func (s *Service) aclKind() kind[aclRecord] {
	return kind[aclRecord]{s.acls, kindACL, func(r *aclRecord) *head { return &r.head }, maxEach}
}

func (s *Service) groupKind() kind[groupRecord] {
	return kind[groupRecord]{s.groups, kindGroup, func(r *groupRecord) *head { return &r.head }, maxEach}
}

func (s *Service) ipSetKind() kind[ipSetRecord] {
	return kind[ipSetRecord]{s.ipSets, kindIPSet, func(r *ipSetRecord) *head { return &r.head }, maxEach}
}

func (s *Service) regexSetKind() kind[regexSetRecord] {
	return kind[regexSetRecord]{s.regexSets, kindRegexSet, func(r *regexSetRecord) *head { return &r.head }, maxRegexSets}
}

// referenced reports whether rules refer to a resource.
func (t *txn) referenced(arn string) bool {
	for range t.acls.By(t.tx, t.sc, "reference", arn) {
		return true
	}
	for range t.groups.By(t.tx, t.sc, "reference", arn) {
		return true
	}
	return false
}
