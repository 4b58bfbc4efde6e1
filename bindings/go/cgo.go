package mtsession

// The one file with cgo's flags. The library is found by pkg-config, or linked in with
// -tags mtsession_static, which takes libmtsession.a from the linker's own folders or those of
// CGO_LDFLAGS=-L….
//
// noescape and nocallback keep what a call is given on the goroutine's stack, so that a look-up
// allocates nothing. Only a function that never calls back may have them: it would crash with the
// storage of a [Custom] session, since a stack may move during a call-back. The rest has neither,
// but for look-ups, where it matters: they are declared twice (bridge.h), and sessions with a
// storage in Go take the other declaration. A test compares the list with the header's comments.

/*
#cgo !mtsession_static pkg-config: mtsession
#cgo mtsession_static CFLAGS: -DMTS_STATIC
#cgo mtsession_static LDFLAGS: -l:libmtsession.a -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

#cgo noescape mtsgo_input_peer
#cgo nocallback mtsgo_input_peer
#cgo noescape mtsgo_entity
#cgo nocallback mtsgo_entity
#cgo noescape mtsgo_update_state
#cgo nocallback mtsgo_update_state
#cgo noescape mts_session_open
#cgo nocallback mts_session_open
#cgo noescape mts_session_memory
#cgo nocallback mts_session_memory
#cgo noescape mts_session_from_string
#cgo nocallback mts_session_from_string
#cgo noescape mts_session_from_packed
#cgo nocallback mts_session_from_packed
#cgo noescape mts_session_next_notice
#cgo nocallback mts_session_next_notice
#cgo noescape mts_list_sessions
#cgo nocallback mts_list_sessions
#cgo noescape mts_session_dc
#cgo nocallback mts_session_dc
#cgo noescape mts_session_dc_options
#cgo nocallback mts_session_dc_options
#cgo noescape mts_session_key
#cgo nocallback mts_session_key
#cgo noescape mts_session_salts
#cgo nocallback mts_session_salts
#cgo noescape mts_session_auth_key
#cgo nocallback mts_session_auth_key
#cgo noescape mts_session_auth_key_id
#cgo nocallback mts_session_auth_key_id
#cgo noescape mts_session_tmp_auth_key
#cgo nocallback mts_session_tmp_auth_key
#cgo noescape mts_session_takeout_id
#cgo nocallback mts_session_takeout_id
#cgo noescape mts_session_identity
#cgo nocallback mts_session_identity
#cgo noescape mts_session_save_entities
#cgo nocallback mts_session_save_entities
#cgo noescape mts_session_set_save_entities
#cgo nocallback mts_session_set_save_entities
#cgo noescape mts_session_file
#cgo nocallback mts_session_file
#cgo noescape mts_session_value
#cgo nocallback mts_session_value
#cgo noescape mts_session_to_string
#cgo nocallback mts_session_to_string
#cgo noescape mts_session_to_packed
#cgo nocallback mts_session_to_packed

#include "bridge.h"
*/
import "C"

import "unsafe"

// chars is the text for C, with no copy: C gets the length beside it and keeps nothing.
func chars(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

// octets is the same for bytes.
func octets(b []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b)))
}

// thread is a number of this thread. It says something where a goroutine keeps to its thread: in a
// call-back, and after [runtime.LockOSThread].
func thread() uintptr { return uintptr(C.mtsgo_thread()) }

// at is the record of that number in an array of C's, whose records may be longer than we know.
func at[T any](first *T, stride C.size_t, number int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(first), number*int(stride)))
}

// anyOf joins flags.
func anyOf[T ~uint32](flags []T) (all C.uint32_t) {
	for _, flag := range flags {
		all |= C.uint32_t(flag)
	}
	return all
}

// The library reads and writes these Go structs as its own; those that end in padding, where C has a
// reserved field, it only writes. An index that is not 0 does not compile. The first one is 0 on 64-bit
// systems alone: on others int64 may stand elsewhere, and int holds too little.
var (
	_ = [1]byte{}[unsafe.Sizeof(uintptr(0))-8]

	_ = [1]byte{}[unsafe.Sizeof(InputPeer{})-C.sizeof_mts_input_peer]
	_ = [1]byte{}[unsafe.Offsetof(InputPeer{}.BareID)-unsafe.Offsetof(C.mts_input_peer{}.bare_id)]
	_ = [1]byte{}[unsafe.Offsetof(InputPeer{}.AccessHash)-unsafe.Offsetof(C.mts_input_peer{}.access_hash)]
	_ = [1]byte{}[unsafe.Offsetof(InputPeer{}.Seen)-unsafe.Offsetof(C.mts_input_peer{}.seen)]
	_ = [1]byte{}[unsafe.Offsetof(InputPeer{}.Kind)-unsafe.Offsetof(C.mts_input_peer{}.kind)]

	_ = [1]byte{}[unsafe.Sizeof(UpdateState{})-C.sizeof_mts_update_state]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.AccessHash)-unsafe.Offsetof(C.mts_update_state{}.access_hash)]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.Date)-unsafe.Offsetof(C.mts_update_state{}.date)]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.Pts)-unsafe.Offsetof(C.mts_update_state{}.pts)]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.Qts)-unsafe.Offsetof(C.mts_update_state{}.qts)]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.Seq)-unsafe.Offsetof(C.mts_update_state{}.seq)]
	_ = [1]byte{}[unsafe.Offsetof(UpdateState{}.Fields)-unsafe.Offsetof(C.mts_update_state{}.fields)]

	_ = [1]byte{}[unsafe.Sizeof(Salt{})-C.sizeof_mts_salt]
	_ = [1]byte{}[unsafe.Offsetof(Salt{}.Since)-unsafe.Offsetof(C.mts_salt{}.since)]
	_ = [1]byte{}[unsafe.Offsetof(Salt{}.Until)-unsafe.Offsetof(C.mts_salt{}.until)]

	_ = [1]byte{}[unsafe.Sizeof(File{})-C.sizeof_mts_file]
	_ = [1]byte{}[unsafe.Offsetof(File{}.Size)-unsafe.Offsetof(C.mts_file{}.size)]
	_ = [1]byte{}[unsafe.Offsetof(File{}.ID)-unsafe.Offsetof(C.mts_file{}.id)]
	_ = [1]byte{}[unsafe.Offsetof(File{}.AccessHash)-unsafe.Offsetof(C.mts_file{}.access_hash)]
	_ = [1]byte{}[unsafe.Offsetof(File{}.Kind)-unsafe.Offsetof(C.mts_file{}.kind)]

	_ = [1]byte{}[unsafe.Sizeof(Identity{})-C.sizeof_mts_identity]
	_ = [1]byte{}[unsafe.Offsetof(Identity{}.APIID)-unsafe.Offsetof(C.mts_identity{}.api_id)]
	_ = [1]byte{}[unsafe.Offsetof(Identity{}.Flags)-unsafe.Offsetof(C.mts_identity{}.flags)]
)

// bareCall is the least that a call can do; the benchmark's measure. (A test cannot use cgo.)
func bareCall() { C.mts_error_free(nil) }
