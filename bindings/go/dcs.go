package mtsession

// #include "bridge.h"
import "C"

import (
	"fmt"
	"log/slog"
	"strconv"
	"unsafe"
)

// DCFlags are the flags of a [DC], as the server's configuration has them.
type DCFlags uint32

// The flags of a way to a data center.
const (
	// DCIPv6: the host is an IPv6 address.
	DCIPv6 DCFlags = C.MTS_DC_IPV6
	// DCMediaOnly: for media only.
	DCMediaOnly DCFlags = C.MTS_DC_MEDIA_ONLY
	// DCTCPOOnly: speaks obfuscated TCP only.
	DCTCPOOnly DCFlags = C.MTS_DC_TCPO_ONLY
	// DCCDN: a content delivery data center.
	DCCDN DCFlags = C.MTS_DC_CDN
	// DCStatic: the address is static.
	DCStatic DCFlags = C.MTS_DC_STATIC
	// DCThisPortOnly: only this port is to be used.
	DCThisPortOnly DCFlags = C.MTS_DC_THIS_PORT_ONLY
)

// DC is a way to reach a data center.
type DC struct {
	// ID is the number of the data center, 1 and up. A home data center may have 0, where a file
	// tells the address but not the number.
	ID int32
	// Host is an IPv4 address, an IPv6 address without brackets, or a host name.
	Host string
	Port uint16
	// Flags are 0 for the home data center.
	Flags DCFlags
	// Secret of an obfuscated endpoint, at most 32 bytes; nil for none.
	Secret []byte
}

func dcOf(c *C.mts_dc) DC {
	dc := DC{ID: int32(c.id), Port: uint16(c.port), Flags: DCFlags(c.flags)}
	dc.Host = C.GoStringN(&c.host[0], C.int(c.host_len))
	if c.secret_len > 0 {
		dc.Secret = C.GoBytes(unsafe.Pointer(&c.secret), C.int(c.secret_len))
	}
	return dc
}

// Lists of data centers and salts are short: they mostly come in one page.
const pageOfFew = 32

// DCOptions returns the ways to the data centers, in the order in which they were put.
//
// Telethon: none; it asks the server each time.
func (s *Session) DCOptions() ([]DC, error) {
	var all []DC
	records := make([]C.mts_dc, pageOfFew)
	for page := (C.mts_page{}); ; {
		var err *C.mts_error
		failed := s.result(C.mts_session_dc_options(s.c, page.next, &records[0], pageOfFew,
			C.sizeof_mts_dc, &page, &err), &err)
		if failed != nil && failed != ErrDone {
			return nil, failed
		}
		for i := range records[:page.count] {
			all = append(all, dcOf(&records[i]))
		}
		if failed == ErrDone {
			return all, nil
		}
	}
}

// PutDCOptions replaces the ways to the data centers by these (none removes all), durably.
//
// Telethon: none.
func (s *Session) PutDCOptions(options []DC) error {
	records := make([]C.mts_dc, len(options))
	for i, dc := range options {
		c := &records[i]
		// C's struct has room for that many, and no more.
		if len(dc.Host) > len(c.host)-1 || len(dc.Secret) > len(c.secret) {
			return wrongArgument(fmt.Sprintf("record %d: a host has at most %d bytes and a secret %d, "+
				"not %d and %d", i, len(c.host)-1, len(c.secret), len(dc.Host), len(dc.Secret)))
		}
		c.id, c.port, c.flags = C.int32_t(dc.ID), C.uint32_t(dc.Port), C.uint32_t(dc.Flags)
		c.host_len = C.uint32_t(copy(unsafe.Slice((*byte)(unsafe.Pointer(&c.host)), len(c.host)), dc.Host))
		c.secret_len = C.uint32_t(copy(unsafe.Slice((*byte)(&c.secret[0]), len(c.secret)), dc.Secret))
	}
	var err *C.mts_error
	return s.result(C.mts_session_put_dc_options(s.c, unsafe.SliceData(records),
		C.size_t(len(records)), C.sizeof_mts_dc, &err), &err)
}

// KeySlot says which of a data center's keys is meant.
type KeySlot uint32

// The slots.
const (
	// SlotPermanent: the permanent auth key.
	SlotPermanent KeySlot = C.MTS_SLOT_PERMANENT
	// SlotTemporary: the temporary auth key bound to it.
	SlotTemporary KeySlot = C.MTS_SLOT_TEMPORARY
	// SlotMediaTemporary: the temporary auth key of the media connection.
	SlotMediaTemporary KeySlot = C.MTS_SLOT_MEDIA_TEMPORARY
)

// Key is a key of one data center. Printed or logged it does not show the key itself.
type Key struct {
	DC   int32
	Slot KeySlot
	// Created is when it was made, unix seconds; 0 when not known.
	Created int64
	// Expires is when it stops to be valid, unix seconds; 0 for never.
	Expires int64
	// UserID is the user it is authorised for; 0 when none or not known.
	UserID int64
	// Key is 256 bytes. Secret: clear your copy.
	Key []byte
}

// Format prints the key without its secret, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "key of data center %d, slot %d", k.DC, k.Slot)
}

// LogValue logs the key without its secret.
func (k Key) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(k))
}

// Key returns the key of a data center in a slot. That of the home data center is the same as
// [Session.AuthKey] returns. [ErrNotFound]: there is none.
//
// Telethon: none; it imports the login anew each time.
func (s *Session) Key(dc int32, slot KeySlot) (Key, error) {
	var c C.mts_key
	defer clear(c.key[:])
	var err *C.mts_error
	failed := s.result(C.mts_session_key(s.c, C.int32_t(dc), C.uint32_t(slot), &c,
		C.sizeof_mts_key, &err), &err)
	if failed != nil {
		return Key{}, failed
	}
	return Key{
		DC:      int32(c.dc),
		Slot:    KeySlot(c.slot),
		Created: int64(c.created),
		Expires: int64(c.expires),
		UserID:  int64(c.user_id),
		Key:     C.GoBytes(unsafe.Pointer(&c.key), AuthKeyLen),
	}, nil
}

// PutKey sets the key of a data center, durably.
//
// Telethon: none.
func (s *Session) PutKey(key Key) error {
	if len(key.Key) != AuthKeyLen {
		return wrongArgument("an auth key has 256 bytes, not " + strconv.Itoa(len(key.Key)))
	}
	c := C.mts_key{
		dc:      C.int32_t(key.DC),
		slot:    C.uint32_t(key.Slot),
		created: C.int64_t(key.Created),
		expires: C.int64_t(key.Expires),
		user_id: C.int64_t(key.UserID),
	}
	defer clear(c.key[:])
	copy(unsafe.Slice((*byte)(&c.key[0]), AuthKeyLen), key.Key)
	var err *C.mts_error
	return s.result(C.mts_session_put_key(s.c, &c, C.sizeof_mts_key, &err), &err)
}

// ForgetKey forgets a key of a data center, durably. [ErrNotFound]: there was none.
//
// Telethon: none.
func (s *Session) ForgetKey(dc int32, slot KeySlot) error {
	var err *C.mts_error
	return s.result(C.mts_session_forget_key(s.c, C.int32_t(dc), C.uint32_t(slot), &err), &err)
}

// Salt is a server salt.
type Salt struct {
	Salt int64
	// Since is the first unix second of its validity.
	Since int64
	// Until is the unix second at which it ends.
	Until int64
}

// Salts returns the salts of a data center.
//
// Telethon: none; it keeps one salt while it runs.
func (s *Session) Salts(dc int32) ([]Salt, error) {
	var all []Salt
	records := make([]Salt, pageOfFew)
	for page := (C.mts_page{}); ; {
		var err *C.mts_error
		failed := s.result(C.mts_session_salts(s.c, C.int32_t(dc), page.next,
			(*C.mts_salt)(unsafe.Pointer(&records[0])), pageOfFew, C.sizeof_mts_salt, &page, &err), &err)
		if failed != nil && failed != ErrDone {
			return nil, failed
		}
		all = append(all, records[:page.count]...)
		if failed == ErrDone {
			return all, nil
		}
	}
}

// PutSalts replaces the salts of a data center by these (none removes them). They wait for the
// next save.
//
// Telethon: none.
func (s *Session) PutSalts(dc int32, salts []Salt) error {
	var err *C.mts_error
	return s.result(C.mts_session_put_salts(s.c, C.int32_t(dc),
		(*C.mts_salt)(unsafe.Pointer(unsafe.SliceData(salts))), C.size_t(len(salts)),
		C.sizeof_mts_salt, &err), &err)
}
