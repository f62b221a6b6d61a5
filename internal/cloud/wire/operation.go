package wire

import (
	"context"
	"reflect"
	"strings"
	"sync"
)

// Operation is one entry of a service's operation table: the handler, and what authorisation and audit need to know of it.
type Operation struct {
	Name     string
	Mutating bool   // writes, as opposed to reads
	Action   string // IAM action, such as "ec2:CreateVpc"; empty means SIGNINGNAME:NAME
	Unsigned bool   // AWS answers it without a signature, such as sts:AssumeRoleWithWebIdentity

	in, out   reflect.Type
	handle    func(ctx context.Context, in any) (any, error)
	resources func(ctx context.Context, in any) []string
	shapes    func() (in, out *shape)
}

// Read makes the entry of an operation that changes nothing. The name comes from the input type's: DescribeVpcsInput.
func Read[I, O any](h func(context.Context, *I) (*O, error), opts ...Option) Operation {
	return operation(h, false, opts)
}

// Write makes the entry of an operation that changes something.
func Write[I, O any](h func(context.Context, *I) (*O, error), opts ...Option) Operation {
	return operation(h, true, opts)
}

func operation[I, O any](h func(context.Context, *I) (*O, error), mutating bool, opts []Option) Operation {
	in, out := reflect.TypeFor[I](), reflect.TypeFor[O]()
	op := Operation{
		Name:     strings.TrimSuffix(in.Name(), "Input"),
		Mutating: mutating,
		in:       in,
		out:      out,
		handle: func(ctx context.Context, v any) (any, error) {
			o, err := h(ctx, v.(*I))
			if err != nil {
				return nil, err
			}
			return o, nil
		},
		shapes: sync.OnceValues(func() (*shape, *shape) { return compile(in), compile(out) }),
	}
	for _, o := range opts {
		o(&op)
	}
	return op
}

// Option adds to an operation's entry.
type Option func(*Operation)

// Action names the IAM actions's name where it differs from the operation's, such as s3:ListBucket for HeadBucket.
func Action(name string) Option { return func(op *Operation) { op.Action = name } }

// Unsigned marks an operation that AWS answers without a signature.
func Unsigned() Option { return func(op *Operation) { op.Unsigned = true } }

// On says which resource ARNs a call is about, for authorisation and audit. Without it, or where f gives none, a call is about "*".
func On[I any](f func(ctx context.Context, in *I) []string) Option {
	return func(op *Operation) {
		op.resources = func(ctx context.Context, in any) []string { return f(ctx, in.(*I)) }
	}
}

// Resources gives the ARNs that a call with this input is about.
func (op *Operation) Resources(ctx context.Context, in any) []string {
	if op.resources != nil {
		if arns := op.resources(ctx, in); len(arns) > 0 {
			return arns
		}
	}
	return []string{"*"}
}

// With gives the entry with another handler behind the same input and output types, for tools that replay recorded calls. in is a
// pointer to the input; the handler's answer must be a pointer to the output.
func (op Operation) With(handle func(ctx context.Context, in any) (any, error)) Operation {
	op.handle = handle
	return op
}

// Types gives the structures of the operation's input and output.
func (op *Operation) Types() (in, out reflect.Type) { return op.in, op.out }
