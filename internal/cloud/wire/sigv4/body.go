package sigv4

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// emptySHA256 is the hash of nothing, a part of what chunk signatures cover.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// What stands in x-amz-content-sha256 for a payload in the aws-chunked coding.
const (
	streamSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// maxChunk bounds a chunk's size; AWS's SDKs send 64 KiB to 1 MiB.
const maxChunk = 64 << 20

// Body is the payload of an S3 request, out of its aws-chunked coding where it has one. A payload that is not what was signed
// shows as an *Error from Read, at the chunk's end or at EOF.
type Body struct {
	read    func(p []byte) (int, error)
	trailer http.Header
	size    int64
}

func (b *Body) Read(p []byte) (int, error) { return b.read(p) }

// Trailer gives the headers that came after the payload. It is complete once Read gave io.EOF.
func (b *Body) Trailer() http.Header { return b.trailer }

// Size is the payload's length in bytes as the request declares it, -1 if it does not.
func (b *Body) Size() int64 { return b.size }

// Body gives the payload of a verified S3 request.
func (v *Verifier) Body(r *http.Request, sig *Signature, creds Credentials) (*Body, error) {
	b := &Body{trailer: http.Header{}, size: r.ContentLength}
	streaming := strings.HasPrefix(sig.PayloadHash, "STREAMING-")
	if !streaming && !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		b.read = plainReader(r.Body, sig.PayloadHash)
		return b, nil
	}
	size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return nil, &Error{Code: "MissingContentLength", Message: "You must provide the X-Amz-Decoded-Content-Length HTTP header.", Status: http.StatusLengthRequired}
	}
	b.size = size
	c := &chunked{r: bufio.NewReaderSize(r.Body, 32<<10), left: size, trailer: b.trailer}
	switch sig.PayloadHash {
	case streamUnsignedTrailer:
		c.withTrailer, c.announced = true, announced(r)
	case streamSignedTrailer:
		c.withTrailer, c.signed, c.announced = true, true, announced(r)
	case streamSigned:
		c.signed = true
	default:
		return nil, badRequest("InvalidRequest", "The value of x-amz-content-sha256 is not valid for a chunked body.")
	}
	if c.signed {
		c.hash = sha256.New()
		c.previous = sig.Value
		key := v.key(creds, sig.Scope)
		c.sign = func(algorithm, content string) string {
			text := algorithm + "\n" + sig.date + "\n" + sig.scope() + "\n" + c.previous + "\n" + content
			return hex.EncodeToString(mac(key, []byte(text)))
		}
	}
	b.read = c.Read
	return b, nil
}

// announced gives the names of the headers that a request says will follow its payload.
func announced(r *http.Request) []string {
	var names []string
	for _, value := range r.Header["X-Amz-Trailer"] {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, http.CanonicalHeaderKey(name)) {
				names = append(names, http.CanonicalHeaderKey(name))
			}
		}
	}
	return names
}

// plainReader checks a payload against the hash that was signed, if one was.
func plainReader(r io.Reader, want string) func(p []byte) (int, error) {
	if len(want) != sha256.Size*2 {
		return r.Read
	}
	h := sha256.New()
	return func(p []byte) (int, error) {
		n, err := r.Read(p)
		h.Write(p[:n])
		if errors.Is(err, io.EOF) && !strings.EqualFold(hex.EncodeToString(h.Sum(nil)), want) {
			return n, badRequest("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
		return n, err
	}
}

// chunked reads the aws-chunked coding: SIZE[;chunk-signature=HEX]CRLF DATA CRLF …, a last chunk of size 0, and trailers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
type chunked struct {
	r           *bufio.Reader
	left        int64 // of the declared payload
	inChunk     int64
	signature   string // of the chunk at hand
	previous    string
	signed      bool
	withTrailer bool
	hash        hash.Hash
	sign        func(algorithm, content string) string
	trailer     http.Header
	announced   []string // canonical names of the headers that the trailer must have
	done        bool
	err         error
}

func (c *chunked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.next(p)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && !c.done {
		err = incomplete()
	}
	c.err = err
	return n, err
}

func incomplete() error {
	return badRequest("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func (c *chunked) next(p []byte) (int, error) {
	if c.inChunk == 0 {
		if err := c.head(); err != nil {
			return 0, err
		}
		if c.inChunk == 0 {
			return 0, c.finish()
		}
	}
	if int64(len(p)) > c.inChunk {
		p = p[:c.inChunk]
	}
	n, err := c.r.Read(p)
	if c.signed {
		c.hash.Write(p[:n])
	}
	c.inChunk -= int64(n)
	if err != nil {
		return n, err
	}
	if c.inChunk > 0 {
		return n, nil
	}
	if line, err := c.line(); err != nil || line != "" {
		return n, errors.Join(badRequest("InvalidRequest", "A chunk is longer than it says."), err)
	}
	return n, c.check()
}

// head reads a chunk's first line.
func (c *chunked) head() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, ext, _ := strings.Cut(line, ";")
	parsed, err := strconv.ParseUint(strings.TrimSpace(size), 16, 64)
	if err != nil || parsed > maxChunk {
		return badRequest("InvalidRequest", "A chunk's size is not a hexadecimal number, or too large.")
	}
	n := int64(parsed)
	if n > c.left {
		return badRequest("IncompleteBody", "The body is longer than X-Amz-Decoded-Content-Length says.")
	}
	c.left -= n
	c.inChunk = n
	if c.signed {
		c.signature = strings.TrimPrefix(strings.TrimSpace(ext), "chunk-signature=")
	}
	return nil
}

// check verifies the signature of a chunk that was read whole.
func (c *chunked) check() error {
	if !c.signed {
		return nil
	}
	want := c.sign(algorithm+"-PAYLOAD", emptySHA256+"\n"+hex.EncodeToString(c.hash.Sum(nil)))
	c.hash.Reset()
	return c.compare(want, c.signature)
}

func (c *chunked) compare(want, got string) error {
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return refuse("SignatureDoesNotMatch", "The signature of a chunk does not match what was computed.")
	}
	c.previous = want
	return nil
}

// finish reads what follows the last chunk. It gives io.EOF if all is well.
func (c *chunked) finish() error {
	if c.left > 0 {
		return incomplete()
	}
	if err := c.check(); err != nil {
		return err
	}
	var signedTrailer strings.Builder
	for range 64 {
		line, err := c.line()
		if errors.Is(err, io.EOF) && line == "" {
			break
		}
		if err != nil {
			return err
		}
		if line == "" {
			break
		}
		if !c.withTrailer {
			return badRequest("InvalidRequest", "The body has a trailer that was not announced.")
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return malformedTrailer()
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "x-amz-trailer-signature" {
			sum := sha256.Sum256([]byte(signedTrailer.String()))
			if err := c.compare(c.sign0(hex.EncodeToString(sum[:])), value); err != nil {
				return err
			}
			return c.end()
		}
		signedTrailer.WriteString(name + ":" + value + "\n")
		c.trailer.Set(name, value)
	}
	if c.signed && c.withTrailer {
		return refuse("SignatureDoesNotMatch", "The trailer's signature is missing.")
	}
	return c.end()
}

// end gives io.EOF if the trailer has the headers that x-amz-trailer announced, and no others.
func (c *chunked) end() error {
	for _, name := range c.announced {
		if c.trailer[name] == nil {
			return malformedTrailer()
		}
	}
	if len(c.announced) > 0 && len(c.trailer) > len(c.announced) {
		return malformedTrailer()
	}
	c.done = true
	return io.EOF
}

func malformedTrailer() error {
	return badRequest("MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}

func (c *chunked) sign0(content string) string {
	if c.sign == nil {
		return ""
	}
	return c.sign(algorithm+"-TRAILER", content)
}

// line reads up to CRLF; lines are short in this coding.
func (c *chunked) line() (string, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return "", badRequest("InvalidRequest", "A chunk's head is too long.")
		}
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
