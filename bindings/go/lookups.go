package mtsession

// #include "bridge.h"
import "C"

import (
	"strings"
	"unsafe"
)

// Look changes how a peer is looked up.
type Look uint32

// The ways to look.
const (
	// LookMemoryOnly: never ask the storage, only what is in memory.
	LookMemoryOnly Look = C.MTS_LOOK_MEMORY_ONLY
	// LookNames: a text that means nothing else may be a display name. (They are not unique, so this
	// is off by default.)
	LookNames Look = C.MTS_LOOK_NAMES
	// LookBareID: the id is bare, as on the wire, and of unknown kind; a channel, a chat and a user
	// are tried, in this order, which is Telethon's.
	LookBareID Look = C.MTS_LOOK_BARE_ID
)

// PeerKind is the kind of a peer.
type PeerKind uint32

// The kinds of peers.
const (
	// PeerUser: a user or a bot.
	PeerUser PeerKind = C.MTS_PEER_USER
	// PeerChat: a chat, that is a basic group.
	PeerChat PeerKind = C.MTS_PEER_CHAT
	// PeerChannel: a channel or supergroup.
	PeerChannel PeerKind = C.MTS_PEER_CHANNEL
)

// InputPeer is what a request needs to name a peer: inputPeerUser, inputPeerChat,
// inputPeerChannel.
type InputPeer struct {
	// ID is the marked id.
	ID int64
	// BareID is the id as on the wire.
	BareID int64
	// AccessHash is for this account. A chat needs none: 0, unless one was put for it.
	AccessHash int64
	// Seen is when the peer was last seen, unix seconds; 0 when not known.
	Seen int64
	Kind PeerKind
}

// InputPeer returns the peer that a text names, ready for a request. The text is what a person
// types or a program stores: "@name", "name", a t.me or tg:// link, a phone number, the marked id of
// a chat or channel ("-1001300400500"), "me" or "self"; with [LookNames] a display name too. Digits
// alone are a phone number: a user's id is for [Session.InputPeerByID], or "tg://user?id=…". It
// allocates nothing.
//
// [ErrNotFound]: nobody known is named so; ask the server. [ErrAmbiguous]: several peers bear that
// display name; the one seen last is returned beside the error. A chat needs not to be known: its
// id says it all.
//
// Telethon: get_input_entity(key).
func (s *Session) InputPeer(key string, how ...Look) (InputPeer, error) {
	return s.inputPeer(C.MTSGO_TEXT, 0, key, how)
}

// InputPeerByID returns the peer with this marked id, or with [LookBareID] this bare id; see
// [Session.InputPeer].
//
// Telethon: get_input_entity(id).
func (s *Session) InputPeerByID(id int64, how ...Look) (InputPeer, error) {
	return s.inputPeer(C.MTSGO_ID, id, "", how)
}

// InputPeerByUsername returns the peer with this username, with or without "@", in any case; see
// [Session.InputPeer].
//
// Telethon: get_input_entity("@name").
func (s *Session) InputPeerByUsername(username string, how ...Look) (InputPeer, error) {
	return s.inputPeer(C.MTSGO_USERNAME, 0, username, how)
}

// InputPeerByPhone returns the peer with this phone number; anything but digits is ignored; see
// [Session.InputPeer].
//
// Telethon: get_input_entity("+…").
func (s *Session) InputPeerByPhone(phone string, how ...Look) (InputPeer, error) {
	return s.inputPeer(C.MTSGO_PHONE, 0, phone, how)
}

// InputPeerByName returns the peer with exactly this display name; see [Session.InputPeer].
// [ErrAmbiguous] is common.
//
// Telethon: get_input_entity("First Last").
func (s *Session) InputPeerByName(name string, how ...Look) (InputPeer, error) {
	return s.inputPeer(C.MTSGO_NAME, 0, name, how)
}

func (s *Session) inputPeer(by C.int32_t, id int64, text string, how []Look) (InputPeer, error) {
	if s.custom != nil {
		return s.inputPeerCallingBack(by, id, strings.Clone(text), anyOf(how))
	}
	var peer InputPeer
	var err *C.mts_error
	failed := s.result(C.mtsgo_input_peer(s.c, by, C.int64_t(id), chars(text), C.size_t(len(text)),
		anyOf(how), (*C.mts_input_peer)(unsafe.Pointer(&peer)), &err), &err)
	return peer, failed
}

// Its own function, so that its variables alone live on the heap.
func (s *Session) inputPeerCallingBack(
	by C.int32_t, id int64, text string, how C.uint32_t,
) (InputPeer, error) {
	var peer InputPeer
	var err *C.mts_error
	failed := s.result(C.mtsgo_input_peer_calling_back(s.c, by, C.int64_t(id), chars(text),
		C.size_t(len(text)), how, (*C.mts_input_peer)(unsafe.Pointer(&peer)), &err), &err)
	return peer, failed
}

// Entity returns everything that is known of the peer that a text names; the text and the errors
// are those of [Session.InputPeer].
//
// Telethon: get_entity_rows_by_… for any key.
func (s *Session) Entity(key string, how ...Look) (Entity, error) {
	return s.entity(C.MTSGO_TEXT, 0, key, how)
}

// EntityByID returns everything that is known of the peer with this marked id, or with [LookBareID]
// this bare id; see [Session.Entity].
//
// Telethon: get_entity_rows_by_id(id, exact).
func (s *Session) EntityByID(id int64, how ...Look) (Entity, error) {
	return s.entity(C.MTSGO_ID, id, "", how)
}

// EntityByUsername returns everything that is known of the peer with this username; see
// [Session.Entity].
//
// Telethon: get_entity_rows_by_username(name).
func (s *Session) EntityByUsername(username string, how ...Look) (Entity, error) {
	return s.entity(C.MTSGO_USERNAME, 0, username, how)
}

// EntityByPhone returns everything that is known of the peer with this phone number; see
// [Session.Entity].
//
// Telethon: get_entity_rows_by_phone(phone).
func (s *Session) EntityByPhone(phone string, how ...Look) (Entity, error) {
	return s.entity(C.MTSGO_PHONE, 0, phone, how)
}

// EntityByName returns everything that is known of the peer with exactly this display name; see
// [Session.Entity]. [ErrAmbiguous] is common.
//
// Telethon: get_entity_rows_by_name(name).
func (s *Session) EntityByName(name string, how ...Look) (Entity, error) {
	return s.entity(C.MTSGO_NAME, 0, name, how)
}

func (s *Session) entity(by C.int32_t, id int64, text string, how []Look) (Entity, error) {
	// Most texts fit here, on the stack.
	var room [512]byte
	if s.custom != nil {
		return s.entityCallingBack(by, id, strings.Clone(text), anyOf(how), len(room))
	}
	for heap := room[:]; ; {
		var c C.mts_entity
		var page C.mts_page
		var err *C.mts_error
		failed := s.result(C.mtsgo_entity(s.c, by, C.int64_t(id), chars(text), C.size_t(len(text)),
			anyOf(how), &c, octets(heap), C.size_t(len(heap)), &page, &err), &err)
		if failed != ErrTooSmall {
			return entityOf(&c, cutOf(string(heap[:page.heap_len]))), failed
		}
		heap = make([]byte, page.heap_needed)
	}
}

func (s *Session) entityCallingBack(
	by C.int32_t, id int64, text string, how C.uint32_t, room int,
) (Entity, error) {
	for {
		heap := make([]byte, room)
		var c C.mts_entity
		var page C.mts_page
		var err *C.mts_error
		failed := s.result(C.mtsgo_entity_calling_back(s.c, by, C.int64_t(id), chars(text),
			C.size_t(len(text)), how, &c, octets(heap), C.size_t(len(heap)), &page, &err), &err)
		if failed != ErrTooSmall {
			return entityOf(&c, cutOf(string(heap[:page.heap_len]))), failed
		}
		room = int(page.heap_needed)
	}
}
