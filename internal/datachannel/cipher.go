package datachannel

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Keys gives data keys of KMS's, for sessions that are encrypted.
type Keys interface {
	// DataKey makes a data key of so many bytes, and gives it plain and encrypted.
	DataKey(ctx context.Context, keyID string, size int, encryptionContext map[string]string) (plain, sealed []byte, err error)
}

// Encryption is how the agent's side encrypts a session.
type Encryption struct {
	KeyID string // of KMS's key: its id or ARN
	// Open decrypts the data key that the client has made, with Context of the session.
	Open func(ctx context.Context, sealed []byte) ([]byte, error)
}

// Context is the encryption context of a session's data key. target is ecs:CLUSTER_TASKID_RUNTIMEID.
func Context(session, target string) map[string]string {
	return map[string]string{"aws:ssm:SessionId": session, "aws:ssm:TargetId": target}
}

// dataKeySize is the size of a session's data key, in bytes: the one half is for what the agent sends, the other for what the client does.
const dataKeySize = 64

// secret encrypts the data of a session by AES-GCM, with the nonce in front.
type secret struct{ sends, takes cipher.AEAD }

// newSecret takes a data key; agent says on which side.
func newSecret(key []byte, agent bool) (*secret, error) {
	if len(key) != dataKeySize {
		return nil, fmt.Errorf("the session's data key has %d bytes, and should have %d", len(key), dataKeySize)
	}
	var half [2]cipher.AEAD
	for i := range half {
		block, err := aes.NewCipher(key[i*dataKeySize/2 : (i+1)*dataKeySize/2])
		if err != nil {
			return nil, err
		}
		if half[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
	}
	if agent {
		return &secret{half[0], half[1]}, nil
	}
	return &secret{half[1], half[0]}, nil
}

func (s *secret) seal(b []byte) []byte { return s.sends.Seal(nil, nil, b, nil) }

func (s *secret) open(b []byte) ([]byte, error) {
	plain, err := s.takes.Open(nil, nil, b, nil)
	if err != nil {
		return nil, errors.New("what has come is not encrypted with the session's key")
	}
	return plain, nil
}

// riddle is what the agent has the client decrypt and encrypt again, so that both know that they have the same key.
func riddle() []byte {
	b := make([]byte, 64)
	_, _ = rand.Read(b) // it does not fail
	return b
}
