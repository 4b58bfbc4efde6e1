package mtsession

// #include "bridge.h"
import "C"

// ValueFlag changes how an opaque value is kept.
type ValueFlag uint32

// ValueDurable: the change is on the disk when the call returns; otherwise it waits for the next
// save.
const ValueDurable ValueFlag = C.MTS_VALUE_DURABLE

// PutValue keeps bytes under a key: what a client must remember and this library need not
// understand (server configuration, contacts hash, its own settings), so that it needs no file of
// its own. A key has 1 to 255 bytes; those that begin with "mts:" are the library's own. A value
// has at most 8 MiB.
//
// Telethon: none.
func (s *Session) PutValue(key string, value []byte, flags ...ValueFlag) error {
	var err *C.mts_error
	return s.result(C.mts_session_put_value(s.c, chars(key), C.size_t(len(key)), octets(value),
		C.size_t(len(value)), anyOf(flags), &err), &err)
}

// Value returns the bytes under a key. [ErrNotFound]: there is no such value.
//
// Telethon: none.
func (s *Session) Value(key string) ([]byte, error) {
	for value := make([]byte, 512); ; {
		var needed C.size_t
		var err *C.mts_error
		failed := s.result(C.mts_session_value(s.c, chars(key), C.size_t(len(key)), octets(value),
			C.size_t(len(value)), &needed, &err), &err)
		switch failed {
		case nil:
			return value[:needed], nil
		case ErrTooSmall:
			value = make([]byte, needed)
		default:
			return nil, failed
		}
	}
}

// RemoveValue removes the bytes under a key. [ErrNotFound]: there were none.
//
// Telethon: none.
func (s *Session) RemoveValue(key string, flags ...ValueFlag) error {
	var err *C.mts_error
	return s.result(C.mts_session_remove_value(s.c, chars(key), C.size_t(len(key)), anyOf(flags),
		&err), &err)
}
