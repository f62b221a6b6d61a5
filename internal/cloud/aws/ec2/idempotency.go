package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"atoll/internal/cloud/wire"
)

// tokenRecord is the answer that was given to a call with a client token.
type tokenRecord struct {
	Request string // hash of the input
	Answer  json.RawMessage
}

// once runs a change whose call may carry a client token: the same token again gives the same answer and changes nothing, and
// with other parameters IdempotentParameterMismatch.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
func once[I, O any](ctx context.Context, s *Service, op string, dryRun *bool, clientToken *string, in *I, out *O, fn func(t *txn) error) error {
	return s.update(ctx, dryRun, func(t *txn) error {
		if text(clientToken) == "" {
			return fn(t)
		}
		asked, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("hashing %s: %w", op, err)
		}
		sum := sha256.Sum256(asked)
		hash, key := hex.EncodeToString(sum[:]), op+"/"+*clientToken
		if r, ok := s.tokens.Get(t.tx, t.sc, key); ok {
			if r.Request != hash {
				return wire.Errorf("IdempotentParameterMismatch", "The client token %s was used before with other parameters.", *clientToken)
			}
			return json.Unmarshal(r.Answer, out)
		}
		if err := fn(t); err != nil {
			return err
		}
		answer, err := json.Marshal(out)
		if err != nil {
			return fmt.Errorf("keeping the answer of %s: %w", op, err)
		}
		s.tokens.Put(t.tx, t.sc, key, &tokenRecord{Request: hash, Answer: answer})
		return nil
	})
}
