package rds

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Values of parameters can be formulas: {DBInstanceClassMemory/9531392}, LEAST({…},5000), SUM, GREATEST, IF, and log (of base 2).
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html

// variables gives what formulas can ask of an instance. AWS takes what RDS itself needs from the memory, in a way that it does not tell;
// here all of the class's memory counts.
func (r *instanceRecord) variables() map[string]float64 {
	c, _ := findClass(r.Class)
	replica := 0.0
	if r.Source != "" {
		replica = 1
	}
	return map[string]float64{"DBInstanceClassMemory": float64(c.memory()), "DBInstanceVCPU": float64(c.vcpus()), "AllocatedStorage": float64(r.Storage.Size << 30),
		"EndPointPort": float64(r.Port), "TrueIfReplica": replica}
}

// evaluate gives the value of a parameter, with formulas computed.
func evaluate(value string, variables map[string]float64) (string, error) {
	if !strings.ContainsAny(value, "{") {
		return value, nil
	}
	f := formula{rest: value, variables: variables}
	n, err := f.sum()
	if err == nil && f.next() != 0 {
		err = fmt.Errorf("%q is left over", f.rest)
	}
	if err != nil {
		return "", fmt.Errorf("the formula %s: %w", value, err)
	}
	return strconv.FormatInt(int64(math.Trunc(n)), 10), nil
}

type formula struct {
	rest      string
	variables map[string]float64
}

func (f *formula) next() byte {
	f.rest = strings.TrimLeft(f.rest, " $")
	if f.rest == "" {
		return 0
	}
	return f.rest[0]
}

func (f *formula) take(c byte) bool {
	if f.next() != c {
		return false
	}
	f.rest = f.rest[1:]
	return true
}

func (f *formula) sum() (float64, error) {
	n, err := f.product()
	for err == nil {
		var m float64
		switch {
		case f.take('+'):
			m, err = f.product()
			n += m
		case f.take('-'):
			m, err = f.product()
			n -= m
		default:
			return n, nil
		}
	}
	return n, err
}

func (f *formula) product() (float64, error) {
	n, err := f.factor()
	for err == nil {
		var m float64
		switch {
		case f.take('*'):
			m, err = f.factor()
			n *= m
		case f.take('/'):
			m, err = f.factor()
			if err == nil && m == 0 {
				return 0, errors.New("division by zero")
			}
			n /= m
		default:
			return n, nil
		}
	}
	return n, err
}

func (f *formula) factor() (float64, error) {
	for _, pair := range []string{"{}", "()"} {
		if f.take(pair[0]) {
			n, err := f.sum()
			if err == nil && !f.take(pair[1]) {
				err = fmt.Errorf("%q is missing", pair[1:])
			}
			if pair == "{}" {
				n = math.Trunc(n)
			}
			return n, err
		}
	}
	f.next()
	end := strings.IndexFunc(f.rest, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '.' })
	if end < 0 {
		end = len(f.rest)
	}
	word := f.rest[:end]
	f.rest = f.rest[end:]
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		return n, nil
	}
	if n, ok := f.variables[word]; ok {
		return n, nil
	}
	if !f.take('(') {
		return 0, fmt.Errorf("%q is no number, variable or function", word)
	}
	var args []float64
	for {
		n, err := f.sum()
		if err != nil {
			return 0, err
		}
		args = append(args, n)
		if !f.take(',') {
			break
		}
	}
	if !f.take(')') {
		return 0, errors.New("a parenthesis is missing")
	}
	switch {
	case word == "GREATEST":
		return slices.Max(args), nil
	case word == "LEAST":
		return slices.Min(args), nil
	case word == "SUM":
		sum := 0.0
		for _, n := range args {
			sum += n
		}
		return sum, nil
	case word == "IF" && len(args) == 3:
		if args[0] != 0 {
			return args[1], nil
		}
		return args[2], nil
	case word == "log" && len(args) == 1 && args[0] > 0:
		return math.Log2(args[0]), nil
	}
	return 0, fmt.Errorf("%s does not take these arguments", word)
}

// vcpus gives the number of a class's virtual CPUs.
func (c class) vcpus() int64 {
	if n, ok := strings.CutSuffix(c.size, "xlarge"); ok {
		many, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			many = 1
		}
		return 4 * many
	}
	return 2
}

// memory gives a class's memory in bytes. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
func (c class) memory() int64 {
	const gib = 1 << 30
	switch {
	case c.size == "micro":
		return gib
	case c.size == "small":
		return 2 * gib
	case c.size == "medium":
		return 4 * gib
	case strings.HasPrefix(c.family, "r"):
		return c.vcpus() * 8 * gib
	case strings.HasPrefix(c.family, "x2ie"):
		return c.vcpus() * 32 * gib
	case strings.HasPrefix(c.family, "x"):
		return c.vcpus() * 16 * gib
	}
	return c.vcpus() * 4 * gib
}
