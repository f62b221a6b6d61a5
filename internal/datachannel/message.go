package datachannel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The types of messages.
const (
	input  = "input_stream_data"
	output = "output_stream_data"
	ack    = "acknowledge"
	closed = "channel_closed"
)

// Kind says what a message's payload is.
type Kind uint32

// The kinds of payloads.
const (
	Data              Kind = 1 // what is typed, or printed
	Size              Kind = 3 // of the terminal, in JSON
	HandshakeRequest  Kind = 5
	HandshakeResponse Kind = 6
	HandshakeComplete Kind = 7
	ChallengeRequest  Kind = 8
	ChallengeResponse Kind = 9
	Flag              Kind = 10
	ExitCode          Kind = 12
)

// terminate is the flag with which a client ends a session.
const terminate = 2

// Message is a message. Its form: the header's length (4 bytes), type (32, filled up with blanks), version (4), time of creation in
// milliseconds (8), sequence number (8), flags (8), id (16, its latter half first), SHA-256 of the payload (32), kind (4), the payload's
// length (4), payload. Numbers are big-endian.
type Message struct {
	Type     string
	Created  time.Time
	Sequence int64
	Flags    uint64
	ID       [16]byte
	Kind     Kind
	Payload  []byte
}

const (
	typeLength   = 32
	headerLength = 4 + typeLength + 4 + 8 + 8 + 8 + 16 + 32 + 4
	payloadAt    = headerLength + 4
	version      = 1
	// AcknowledgeFlags says that a message begins and ends its sequence.
	acknowledgeFlags = 3
)

// Marshal writes the message in its binary form.
func (m *Message) Marshal() []byte {
	b := make([]byte, 0, payloadAt+len(m.Payload))
	b = binary.BigEndian.AppendUint32(b, headerLength)
	b = append(b, m.Type...)
	b = append(b, bytes.Repeat([]byte{' '}, typeLength-len(m.Type))...)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Created.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(m.Sequence))
	b = binary.BigEndian.AppendUint64(b, m.Flags)
	b = append(append(b, m.ID[8:]...), m.ID[:8]...)
	digest := sha256.Sum256(m.Payload)
	b = append(b, digest[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(m.Kind))
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Payload)))
	return append(b, m.Payload...)
}

// Unmarshal reads a message. Its payload is part of b. Headers that are longer, as later versions may have them, are read as far as they are known;
// those without a kind are read as well.
func Unmarshal(b []byte) (*Message, error) {
	if len(b) < 4 {
		return nil, errors.New("the message is shorter than its header")
	}
	header := int64(binary.BigEndian.Uint32(b))
	if header < headerLength-4 || header+4 > int64(len(b)) {
		return nil, fmt.Errorf("the message's header cannot be %d bytes of %d", header, len(b))
	}
	m := &Message{
		Type: string(bytes.Trim(b[4:4+typeLength], " \x00")), Created: time.UnixMilli(int64(binary.BigEndian.Uint64(b[40:]))).UTC(),
		Sequence: int64(binary.BigEndian.Uint64(b[48:])), Flags: binary.BigEndian.Uint64(b[56:]),
	}
	copy(m.ID[8:], b[64:72])
	copy(m.ID[:8], b[72:80])
	if header >= headerLength {
		m.Kind = Kind(binary.BigEndian.Uint32(b[112:]))
	}
	length := int64(binary.BigEndian.Uint32(b[header:]))
	if m.Payload = b[header+4:]; int64(len(m.Payload)) != length {
		return nil, fmt.Errorf("the message's payload has %d bytes, and should have %d", len(m.Payload), length)
	}
	if digest := sha256.Sum256(m.Payload); length > 0 && !bytes.Equal(digest[:], b[80:112]) {
		return nil, errors.New("the message's payload does not fit its digest")
	}
	return m, nil
}

func idText(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// openInput opens a channel.
type openInput struct {
	MessageSchemaVersion, RequestId, TokenValue, ClientId, ClientVersion string
}

// acknowledged names a message that has been received.
type acknowledged struct {
	AcknowledgedMessageType           string
	AcknowledgedMessageId             string
	AcknowledgedMessageSequenceNumber int64
	IsSequentialMessage               bool
}

// TerminalSize is that of a terminal, in characters.
type TerminalSize struct {
	Columns uint16 `json:"cols"`
	Rows    uint16 `json:"rows"`
}

// handshakeRequest is what the agent asks of the client.
type handshakeRequest struct {
	AgentVersion           string
	RequestedClientActions []requestedAction
}

type requestedAction struct {
	ActionType       string
	ActionParameters json.RawMessage
}

type sessionType struct {
	SessionType string
	Properties  map[string]string
}

// handshakeResponse is what the client has done of it.
type handshakeResponse struct {
	ClientVersion          string
	ProcessedClientActions []processedAction
	Errors                 []string
}

type processedAction struct {
	ActionType   string
	ActionStatus int             // 1 done, 2 failed, 3 unknown
	ActionResult json.RawMessage `json:",omitempty"`
	Error        string
}

const (
	actionSession = "SessionType"
	actionEncrypt = "KMSEncryption"
	done          = 1
	failed        = 2
	unsupported   = 3
	interactive   = "InteractiveCommands"
)

// encryptRequest asks for a data key of KMS's; encryptResult has it, encrypted.
type encryptRequest struct{ KMSKeyID string }

type encryptResult struct{ KMSCipherTextKey []byte }

// challenge is a riddle, encrypted by who sends it.
type challenge struct{ Challenge []byte }

type handshakeComplete struct {
	HandshakeTimeToComplete time.Duration
	CustomerMessage         string
}

// channelClosed ends a session.
type channelClosed struct {
	MessageId, CreatedDate, DestinationId, SessionId, MessageType string
	SchemaVersion                                                 int
	Output                                                        string // why, if not as it should
	ExitCode                                                      *int   `json:",omitempty"` // of the command; AWS does not tell it
}
