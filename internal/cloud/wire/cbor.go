package wire

import (
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// cborCodec reads and writes RPC v2 CBOR bodies: maps keyed by member name, timestamps as tag 1 around a float.
type cborCodec struct {
	dec cbor.DecMode
	enc cbor.EncMode
}

func newCBOR() (cborCodec, error) {
	dec, err := cbor.DecOptions{
		MaxNestedLevels: maxDepth,
		TimeTag:         cbor.DecTagOptional,
		DefaultMapType:  reflect.TypeFor[map[string]any](),
	}.DecMode()
	if err != nil {
		return cborCodec{}, err
	}
	enc, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical, Time: cbor.TimeUnixDynamic, TimeTag: cbor.EncTagRequired}.EncMode()
	return cborCodec{dec: dec, enc: enc}, err
}

func (c cborCodec) decode(s *shape, v reflect.Value, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var tree any
	if err := c.dec.Unmarshal(body, &tree); err != nil {
		return fault("", "not CBOR: %v", err)
	}
	return assign(s, v, tree, "", 0)
}

func (c cborCodec) encode(s *shape, v reflect.Value) ([]byte, error) {
	return c.enc.Marshal(plain(s, v))
}

// plain turns a value into maps, lists and scalars that the CBOR library writes.
func plain(s *shape, v reflect.Value) any {
	switch s.kind {
	case kindStruct:
		v = reflect.Indirect(v)
		m := make(map[string]any, len(s.fields))
		for i := range s.fields {
			f := &s.fields[i]
			if fv := v.Field(f.index); !absent(fv) {
				m[f.name] = plain(f.shape, fv)
			}
		}
		return m
	case kindList:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(s.elem, v.Index(i))
		}
		return list
	case kindMap:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = plain(s.elem, it.Value())
		}
		return m
	case kindTime:
		t := reflect.Indirect(v).Interface().(time.Time)
		return cbor.Tag{Number: 1, Content: float64(t.UnixMilli()) / 1000}
	}
	return reflect.Indirect(v).Interface()
}
