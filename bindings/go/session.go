package mtsession

// #include "bridge.h"
import "C"

import (
	"fmt"
	"iter"
	"runtime"
	"unsafe"
)

// Session is all that a client must remember of one account. Any goroutine may use it, several at
// once.
//
// Close it when you are done: that saves, lets go of the file, and tells whether it worked. A
// session that is garbage without having been closed is saved and closed too, but nobody hears of
// a failure, and at the end of the program it does not happen at all.
type Session struct {
	c      *C.mts_session
	custom *custom // nil unless made by Custom
}

// Open opens the session file at path, or creates it (mode 0600). A file that any Telethon since
// 0.16 wrote opens here; what is created here opens in Telethon. The path is taken as it is: no
// suffix is added.
//
// [ErrOwned]: another client has it open (see [Shared]). [ErrFormat]: the file is something else;
// the message says what. Whatever fails, the file stays as it was.
//
// Telethon: SQLiteSession(path).
func Open(path string, options ...Option) (*Session, error) {
	return open(options, func(o *C.mts_options, out **C.mts_session, err **C.mts_error) C.mts_status {
		return C.mts_session_open(chars(path), C.size_t(len(path)), o, out, err)
	})
}

// Memory makes a session that lives in memory only. Options that mean a file are refused.
//
// Telethon: MemorySession().
func Memory(options ...Option) (*Session, error) {
	return open(options, func(o *C.mts_options, out **C.mts_session, err **C.mts_error) C.mts_status {
		return C.mts_session_memory(o, out, err)
	})
}

// FromString makes a memory session from Telethon's string session ("1…"), which holds the home
// data center and its auth key. An empty text makes an empty session.
//
// [ErrFormat]: it is no such string; the message says why, and names the library that it looks
// like. The text itself never appears in an error.
//
// Telethon: StringSession(text).
func FromString(text string, options ...Option) (*Session, error) {
	return open(options, func(o *C.mts_options, out **C.mts_session, err **C.mts_error) C.mts_status {
		return C.mts_session_from_string(chars(text), C.size_t(len(text)), o, out, err)
	})
}

// FromPacked makes a memory session from the bytes behind Telethon's string session: data center
// (1 byte), IPv4 or IPv6 address (4 or 16), port (2, big-endian), auth key (256). For callers who
// encode them in their own way.
//
// Telethon: a subclass of StringSession with its own decode.
func FromPacked(packed []byte, options ...Option) (*Session, error) {
	return open(options, func(o *C.mts_options, out **C.mts_session, err **C.mts_error) C.mts_status {
		return C.mts_session_from_packed(octets(packed), C.size_t(len(packed)), o, out, err)
	})
}

func open(
	options []Option,
	call func(*C.mts_options, **C.mts_session, **C.mts_error) C.mts_status,
) (*Session, error) {
	if loaded := C.mts_abi_version(); loaded != C.MTS_ABI_VERSION {
		return nil, &Error{Status: ErrVersion, Message: fmt.Sprintf(
			"the mtsession library that was loaded has ABI %d, this program was built for ABI %d; "+
				"install the one it was built with", loaded, C.MTS_ABI_VERSION)}
	}
	o, wrong := chosen(options)
	if wrong != nil {
		return nil, wrong
	}
	var c *C.mts_session
	var err *C.mts_error
	if failed := failure(call(o, &c, &err), &err); failed != nil {
		return nil, failed
	}
	s := &Session{c: c}
	// In a goroutine, since it may save, and clean-ups of the whole program wait for each other.
	runtime.AddCleanup(s, func(c *C.mts_session) { go C.mts_session_free(c) }, c)
	return s, nil
}

// result makes a Go error of what a call on the session answered. Since every call ends here, the
// session is alive until then: its clean-up cannot come in between.
func (s *Session) result(status C.mts_status, err **C.mts_error) error {
	return s.explained(failure(status, err))
}

func (s *Session) explained(failed error) error {
	if s.custom != nil {
		failed = s.custom.explain(failed)
	}
	runtime.KeepAlive(s)
	return failed
}

// Save writes everything that waits in memory: entities, update states, files, salts, plain
// values. One transaction of one instant: all of it, or nothing. When it fails, everything stays in
// memory and the next save tries again. (Data center, keys, takeout and identity need no save: they
// are durable when their setter returns.)
//
// Telethon: save().
func (s *Session) Save() error {
	var err *C.mts_error
	return s.result(C.mts_session_save(s.c, &err), &err)
}

// Close saves and lets go of the file and its owner lock. Other goroutines may be inside calls: it
// waits for them; later calls return [ErrClosed], but for the notices and, unless the session is one
// of [Custom], Delete. Closing twice is fine; after a failure it may be tried again.
//
// Telethon: close().
func (s *Session) Close() error {
	var err *C.mts_error
	return s.closed(s.result(C.mts_session_close(s.c, &err), &err))
}

// Delete closes the session and removes what keeps it: the file with its side files, or the
// entities and the account record of a custom storage. What waits unsaved is dropped. Where it
// fails, the session goes on. A session that is closed already is removed as well; [ErrOwned]:
// another client has opened it since. Not so one of [Custom], which returns [ErrClosed]: closed, it
// no longer claims its storage.
//
// Telethon: delete().
func (s *Session) Delete() error {
	var err *C.mts_error
	return s.closed(s.result(C.mts_session_delete(s.c, &err), &err))
}

// closed lets go of a custom storage after the session has. (The library does so when the session
// is freed, but nobody knows when it will be collected.)
func (s *Session) closed(failed error) error {
	if failed == nil && s.custom != nil {
		return s.custom.close()
	}
	return failed
}

// CloneTo copies everything, what waits unsaved included, into a new session file at path, which
// appears when it is complete, and returns that copy, open. The original stays open and as it was.
// A copy is for keeping: the server ends the login of two clients on one auth key.
//
// [ErrExists]: there is something at path already.
//
// Telethon: clone(), which copies nothing but options.
func (s *Session) CloneTo(path string, options ...Option) (*Session, error) {
	if path == "" {
		return nil, wrongArgument("CloneTo: the path is empty")
	}
	return s.clone(path, options)
}

// CloneToMemory copies everything into a new session in memory; see [Session.CloneTo].
func (s *Session) CloneToMemory(options ...Option) (*Session, error) {
	return s.clone("", options)
}

func (s *Session) clone(path string, options []Option) (*Session, error) {
	clone, failed := open(options, func(
		o *C.mts_options, out **C.mts_session, err **C.mts_error,
	) C.mts_status {
		var c *C.char // NULL is memory
		if path != "" {
			c = chars(path)
		}
		return C.mts_session_clone_to(s.c, c, C.size_t(len(path)), o, out, err)
	})
	return clone, s.explained(failed)
}

// ToString gives the login as Telethon's string session ("1…"), 353 characters for an IPv4 address
// and 369 for IPv6. It is as secret as the auth key in it.
//
// [ErrNotFound]: there is no data center or no auth key to write. [ErrArgument]: the host is a
// name, and the format has room for an address only.
//
// Telethon: StringSession.save(session).
func (s *Session) ToString() (string, error) {
	var buffer *C.mts_buffer
	var err *C.mts_error
	failed := s.result(C.mts_session_to_string(s.c, &buffer, &err), &err)
	text := taken(buffer)
	// Not string(text), which would leave one more copy of the secret behind.
	return unsafe.String(unsafe.SliceData(text), len(text)), failed
}

// ToPacked gives the bytes behind [Session.ToString], for callers who encode them in their own way;
// see [FromPacked].
//
// Telethon: a subclass of StringSession with its own encode.
func (s *Session) ToPacked() ([]byte, error) {
	var buffer *C.mts_buffer
	var err *C.mts_error
	failed := s.result(C.mts_session_to_packed(s.c, &buffer, &err), &err)
	return taken(buffer), failed
}

// taken copies a buffer and frees it; nil of none.
func taken(buffer *C.mts_buffer) []byte {
	if buffer == nil {
		return nil
	}
	defer C.mts_buffer_free(buffer)
	return C.GoBytes(unsafe.Pointer(C.mts_buffer_data(buffer)), C.int(C.mts_buffer_len(buffer)))
}

// NoticeKind says what a [Notice] is about.
type NoticeKind int32

// The kinds of notices.
const (
	// NoticeSaveFailed: a save that the session made by itself failed. Everything is still in memory.
	NoticeSaveFailed NoticeKind = C.MTS_NOTICE_SAVE_FAILED
	// NoticeStorage: the storage met something odd: a damaged cell that was skipped, an import.
	NoticeStorage NoticeKind = C.MTS_NOTICE_STORAGE
	// NoticeChangedElsewhere: somebody else wrote the storage; what had been read of it is read again.
	NoticeChangedElsewhere NoticeKind = C.MTS_NOTICE_CHANGED_ELSEWHERE
	// NoticeDropped: older notices were dropped, because nobody fetched them.
	NoticeDropped NoticeKind = C.MTS_NOTICE_DROPPED
)

// Notice is something you should hear of but did not ask for: what other libraries log.
type Notice struct {
	Kind NoticeKind
	// Text is one line for a person.
	Text string
}

// Notices takes the notices that have come since it was last called. Ask now and then. An error
// ends it.
//
// Telethon: its logging.
func (s *Session) Notices() iter.Seq2[Notice, error] {
	return func(yield func(Notice, error) bool) {
		text := make([]byte, 512)
		for {
			var kind C.int32_t
			var needed C.size_t
			var err *C.mts_error
			status := C.mts_session_next_notice(s.c, &kind, (*C.char)(unsafe.Pointer(octets(text))),
				C.size_t(len(text)), &needed, &err)
			switch failed := s.result(status, &err); failed {
			case nil:
				// Without the NUL at its end.
				if !yield(Notice{NoticeKind(kind), string(text[:needed-1])}, nil) {
					return
				}
			case ErrTooSmall:
				text = make([]byte, needed)
			case ErrDone:
				return
			default:
				yield(Notice{}, failed)
				return
			}
		}
	}
}
