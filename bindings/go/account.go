package mtsession

// #include "bridge.h"
import "C"

import "unsafe"

// AuthKeyLen is the length of every auth key, in bytes.
const AuthKeyLen = C.MTS_AUTH_KEY_LEN

// DC returns the home data center. [ErrNotFound]: none is set yet.
//
// Telethon: dc_id, server_address, port.
func (s *Session) DC() (DC, error) {
	var c C.mts_dc
	var err *C.mts_error
	failed := s.result(C.mts_session_dc(s.c, &c, C.sizeof_mts_dc, &err), &err)
	return dcOf(&c), failed
}

// SetDC sets the home data center, durably. The auth key stays: where the login moved, set both
// with [Session.SetHome]. host is an IPv4 or IPv6 address or a name.
//
// Telethon: set_dc(id, host, port).
func (s *Session) SetDC(id int32, host string, port uint16) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_dc(s.c, C.int32_t(id), chars(host), C.size_t(len(host)),
		C.uint32_t(port), &err), &err)
}

// SetHome moves the login: data center dc, whose address is taken from [Session.PutDCOptions], and
// its auth key become home in one step, durably. The old home's key is kept ([Session.Key]).
// [ErrArgument]: no address of that data center is known; put its options first.
//
// Telethon: set_dc and auth_key = …, which is two steps.
func (s *Session) SetHome(dc int32, key []byte) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_home(s.c, C.int32_t(dc), octets(key), C.size_t(len(key)),
		&err), &err)
}

// AuthKey returns a copy of the 256 bytes of the home data center's auth key; clear it when you
// are done with it. [ErrNotFound]: not logged in.
//
// Telethon: auth_key.
func (s *Session) AuthKey() ([]byte, error) {
	key := make([]byte, AuthKeyLen)
	var err *C.mts_error
	if failed := s.result(C.mts_session_auth_key(s.c, octets(key), &err), &err); failed != nil {
		return nil, failed
	}
	return key, nil
}

// SetAuthKey sets the auth key of the home data center, 256 bytes, durably: it is on the disk when
// this returns. Where no home data center is known yet the key is kept all the same, but there is no
// string session until [Session.SetDC] told it.
//
// Telethon: auth_key = … and save().
func (s *Session) SetAuthKey(key []byte) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_auth_key(s.c, octets(key), C.size_t(len(key)), &err), &err)
}

// ClearAuthKey removes the auth key of the home data center, durably: the session is logged out.
// Entities and update states stay.
//
// Telethon: auth_key = None and save().
func (s *Session) ClearAuthKey() error {
	var err *C.mts_error
	return s.result(C.mts_session_clear_auth_key(s.c, &err), &err)
}

// AuthKeyID returns the id of the home data center's auth key, bytes 12 to 20 of its SHA-1 as a
// little-endian number: what goes on the wire before each message. It tells keys apart and reveals
// none. [ErrNotFound]: not logged in.
//
// Telethon: auth_key.key_id.
func (s *Session) AuthKeyID() (uint64, error) {
	var id C.uint64_t
	var err *C.mts_error
	failed := s.result(C.mts_session_auth_key_id(s.c, &id, &err), &err)
	return uint64(id), failed
}

// TmpAuthKey returns a copy of the temporary auth key of the home data center. [ErrNotFound]:
// there is none.
//
// Telethon: tmp_auth_key.
func (s *Session) TmpAuthKey() ([]byte, error) {
	key := make([]byte, AuthKeyLen)
	var err *C.mts_error
	if failed := s.result(C.mts_session_tmp_auth_key(s.c, octets(key), &err), &err); failed != nil {
		return nil, failed
	}
	return key, nil
}

// SetTmpAuthKey sets the temporary auth key of the home data center. It is stored, durably, only
// where [StoreTmpAuthKey] asked for it.
//
// Telethon: tmp_auth_key = ….
func (s *Session) SetTmpAuthKey(key []byte) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_tmp_auth_key(s.c, octets(key), C.size_t(len(key)), &err), &err)
}

// ClearTmpAuthKey removes the temporary auth key of the home data center.
//
// Telethon: tmp_auth_key = None.
func (s *Session) ClearTmpAuthKey() error {
	var err *C.mts_error
	return s.result(C.mts_session_clear_tmp_auth_key(s.c, &err), &err)
}

// TakeoutID returns the id of the takeout that is not finished yet. [ErrNotFound]: there is none.
//
// Telethon: takeout_id.
func (s *Session) TakeoutID() (int64, error) {
	var id C.int64_t
	var err *C.mts_error
	failed := s.result(C.mts_session_takeout_id(s.c, &id, &err), &err)
	return int64(id), failed
}

// SetTakeoutID remembers an unfinished takeout, durably.
//
// Telethon: takeout_id = ….
func (s *Session) SetTakeoutID(id int64) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_takeout_id(s.c, C.int64_t(id), &err), &err)
}

// ClearTakeoutID forgets the takeout, durably: it is finished.
//
// Telethon: takeout_id = None.
func (s *Session) ClearTakeoutID() error {
	var err *C.mts_error
	return s.result(C.mts_session_clear_takeout_id(s.c, &err), &err)
}

// IdentityFlags are the flags of an [Identity].
type IdentityFlags uint32

// The flags of an identity.
const (
	// IdentityBot: the account is a bot.
	IdentityBot IdentityFlags = C.MTS_IDENTITY_BOT
	// IdentityTestMode: the account lives on the test servers.
	IdentityTestMode IdentityFlags = C.MTS_IDENTITY_TEST_MODE
)

// Identity is who is logged in. The zero value says that nothing is known.
type Identity struct {
	// UserID is the account's own user id; 0 when not known.
	UserID int64
	// APIID is the api id the key was made with; 0 when not known.
	APIID int32
	Flags IdentityFlags
}

// Identity returns who is logged in; the zero value where nothing is known.
//
// Telethon: the row with id 0 in entities, for the user id.
func (s *Session) Identity() (Identity, error) {
	var identity Identity
	var err *C.mts_error
	failed := s.result(C.mts_session_identity(s.c, (*C.mts_identity)(unsafe.Pointer(&identity)),
		C.sizeof_mts_identity, &err), &err)
	return identity, failed
}

// SetIdentity sets who is logged in, durably. Another user id than the one before means another
// account: its entities, update states and files are dropped, for their hashes are of no use to
// this one.
//
// Telethon: process_entities with the own user.
func (s *Session) SetIdentity(identity Identity) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_identity(s.c, (*C.mts_identity)(unsafe.Pointer(&identity)),
		C.sizeof_mts_identity, &err), &err)
}
