package ssm

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// Types of parameters.
const (
	typeString = "String"
	typeList   = "StringList"
	typeSecure = "SecureString"
)

// Tiers of parameters.
const (
	tierStandard    = "Standard"
	tierAdvanced    = "Advanced"
	tierIntelligent = "Intelligent-Tiering"
)

// parameterRecord is a parameter; its id is its name without a leading slash, as in its ARN.
type parameterRecord struct {
	Name    string
	Current versionRecord
	Labels  map[string]int64 // versions by label
	Expires time.Time
}

// versionRecord is a version of a parameter; its id is the parameter's, a colon, and its number in ten digits.
type versionRecord struct {
	Number      int64
	Type        string
	Value       string // empty of secure strings
	Sealed      []byte // of secure strings
	Key         string // as it was given
	Description string
	Pattern     string
	Tier        string
	Policies    []policy
	DataType    string
	Modified    time.Time
	User        string // ARN
}

// countRecord is how many parameters of a tier there are, by the tier's name.
type countRecord struct{ N int }

func arnPrefix(sc state.Scope) string {
	return "arn:aws:ssm:" + sc.Region + ":" + sc.Account + ":parameter/"
}

// idOf gives the id of a parameter by its name.
func idOf(name string) string { return strings.TrimPrefix(name, "/") }

func (t *txn) arn(p *parameterRecord) string { return arnPrefix(t.sc) + idOf(p.Name) }

func versionKey(p *parameterRecord, number int64) string {
	return fmt.Sprintf("%s:%010d", idOf(p.Name), number)
}

// find gives a parameter by its name or ARN; one that has expired is gone.
func (t *txn) find(name string) (*parameterRecord, bool) {
	id, isARN := strings.CutPrefix(name, arnPrefix(t.sc))
	if strings.ContainsRune(name, 0) {
		return nil, false
	}
	p, ok := t.parameters.Get(t.tx, t.sc, idOf(id))
	return p, ok && (isARN || p.Name == name) && !p.expired(t.now)
}

func (p *parameterRecord) expired(now time.Time) bool {
	return !p.Expires.IsZero() && !p.Expires.After(now)
}

// parameter finds a parameter, or says that it is not there.
func (t *txn) parameter(name string) (*parameterRecord, error) {
	p, ok := t.find(name)
	switch {
	case ok:
		return p, nil
	case strings.HasPrefix(name, "/aws/service/"):
		return nil, errorf("ParameterNotFound", "Parameter %s not found: atoll's local cloud has none of AWS's public parameters.", name)
	case strings.HasPrefix(name, "/aws/reference/secretsmanager/"):
		return nil, errorf("ParameterNotFound", "Parameter %s not found: atoll's local cloud gives secrets by Secrets Manager alone.", name)
	}
	return nil, errorf("ParameterNotFound", "Parameter %s not found.", name)
}

// selected finds the version behind a name or an ARN that may have a selector: a colon, and a version's number or label.
func (t *txn) selected(name string) (*parameterRecord, *versionRecord, error) {
	name, selector := split(name)
	p, err := t.parameter(name)
	if err != nil {
		return nil, nil, err
	}
	if selector == "" {
		return p, &p.Current, nil
	}
	number, labelled := p.Labels[selector]
	if !labelled {
		number, err = strconv.ParseInt(selector, 10, 64)
	}
	if v, ok := t.versions.Get(t.tx, t.sc, versionKey(p, number)); ok && err == nil {
		return p, v, nil
	}
	if err != nil {
		return nil, nil, errorf("ParameterVersionNotFound", "Systems Manager could not find the label %s of %s. Verify the label and try again.", selector, p.Name)
	}
	return nil, nil, errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, p.Name)
}

// split takes the selector off a name or an ARN.
func split(name string) (base, selector string) {
	if i := strings.Index(name, ":parameter/"); i >= 0 {
		rest, selector, _ := strings.Cut(name[i+1:], ":")
		return name[:i+1] + rest, selector
	}
	base, selector, _ = strings.Cut(name, ":")
	return base, selector
}

// value gives a version's value; that of a secure string as it is stored, in base64, unless it is to be decrypted.
func (t *txn) value(p *parameterRecord, v *versionRecord, decrypt bool) (string, error) {
	if v.Type != typeSecure {
		return v.Value, nil
	}
	if !decrypt {
		return base64.StdEncoding.EncodeToString(v.Sealed), nil
	}
	plaintext, err := t.d.Keys.Open(t.tx, t.sc, v.Sealed, t.encryptionContext(p))
	if err != nil {
		return "", errorf("InvalidKeyId", "%v", err)
	}
	return string(plaintext), nil
}

// encryptionContext is what binds a secure string's ciphertext to its parameter.
// https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html#parameter-store-encryption-context
func (t *txn) encryptionContext(p *parameterRecord) map[string]string {
	return map[string]string{"PARAMETER_ARN": t.arn(p)}
}

func (t *txn) render(p *parameterRecord, v *versionRecord, decrypt bool) (*Parameter, error) {
	value, err := t.value(p, v, decrypt)
	if err != nil {
		return nil, err
	}
	return &Parameter{Name: new(p.Name), Type: new(v.Type), Value: new(value), Version: new(v.Number), LastModifiedDate: new(v.Modified),
		ARN: new(t.arn(p)), DataType: new(v.DataType)}, nil
}

// GetParameter gives a parameter.
func (s *Service) GetParameter(ctx context.Context, in *GetParameterInput) (*GetParameterOutput, error) {
	out := &GetParameterOutput{}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.Parameter, err = t.get(*in.Name, flag(in.WithDecryption))
		return err
	})
}

func (t *txn) get(name string, decrypt bool) (*Parameter, error) {
	p, v, err := t.selected(name)
	if err != nil {
		return nil, err
	}
	out, err := t.render(p, v, decrypt)
	if _, selector := split(name); err == nil && selector != "" {
		out.Selector = new(":" + selector)
	}
	return out, err
}

// GetParameters gives parameters by their names; those that are not there are named in the answer.
func (s *Service) GetParameters(ctx context.Context, in *GetParametersInput) (*GetParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &GetParametersOutput{Parameters: []Parameter{}, InvalidParameters: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, name := range in.Names {
			if _, _, err := t.selected(name); err != nil {
				out.InvalidParameters = append(out.InvalidParameters, name)
				continue
			}
			p, err := t.get(name, flag(in.WithDecryption))
			if err != nil {
				return err
			}
			out.Parameters = append(out.Parameters, *p)
		}
		return nil
	})
}

func checkNames(names []string) error {
	if len(names) < 1 || len(names) > 10 {
		return constraint("names", "Member must have length between 1 and 10")
	}
	return nil
}

// DeleteParameter deletes a parameter.
func (s *Service) DeleteParameter(ctx context.Context, in *DeleteParameterInput) (*DeleteParameterOutput, error) {
	return &DeleteParameterOutput{}, s.update(ctx, func(t *txn) error {
		p, err := t.parameter(*in.Name)
		if err == nil {
			t.delete(p)
		}
		return err
	})
}

// DeleteParameters deletes parameters; those that are not there are named in the answer.
func (s *Service) DeleteParameters(ctx context.Context, in *DeleteParametersInput) (*DeleteParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	return out, s.update(ctx, func(t *txn) error {
		for _, name := range in.Names {
			if p, ok := t.find(name); ok {
				t.delete(p)
				out.DeletedParameters = append(out.DeletedParameters, name)
			} else {
				out.InvalidParameters = append(out.InvalidParameters, name)
			}
		}
		return nil
	})
}

func (t *txn) delete(p *parameterRecord) {
	for id := range t.versions.Prefix(t.tx, t.sc, idOf(p.Name)+":") {
		t.versions.Delete(t.tx, t.sc, id)
	}
	t.parameters.Delete(t.tx, t.sc, idOf(p.Name))
	t.count(p.Current.Tier, -1)
}

// count notes that there are more or fewer parameters of a tier, and gives how many there are.
func (t *txn) count(tier string, change int) int {
	c, ok := t.counts.Get(t.tx, t.sc, tier)
	if !ok {
		c = &countRecord{}
	}
	c.N += change
	t.counts.Put(t.tx, t.sc, tier, c)
	return c.N
}
