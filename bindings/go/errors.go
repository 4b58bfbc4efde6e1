package mtsession

// #include "bridge.h"
import "C"

import (
	"strings"
	"syscall"
)

// Status is what a call answers. Every status but [OK] is an error that [errors.Is] finds:
//
//	if errors.Is(err, mtsession.ErrNotFound) { … }
//
// Those with a positive number are answers and no failures, and come as they are; a failure comes
// as an [*Error] that tells more.
type Status int32

// The statuses, with the numbers of the C header.
const (
	// OK: done. It never comes as an error.
	OK Status = C.MTS_OK
	// ErrNotFound: there is no such thing in the session. No failure.
	ErrNotFound Status = C.MTS_NOT_FOUND
	// ErrDone: this was the last page. The methods of this package never return it.
	ErrDone Status = C.MTS_DONE
	// ErrTooSmall: a buffer is too small. The methods of this package never return it.
	ErrTooSmall Status = C.MTS_TOO_SMALL
	// ErrAmbiguous: several peers fit. No failure: the one seen last comes with it.
	ErrAmbiguous Status = C.MTS_AMBIGUOUS
	// ErrArgument: something was passed that cannot be meant.
	ErrArgument Status = C.MTS_E_ARGUMENT
	// ErrIO: the operating system refused: no such folder, no permission, disk full. The
	// [syscall.Errno] behind it is found by [errors.Is] and [errors.As] too.
	ErrIO Status = C.MTS_E_IO
	// ErrStorage: the storage failed in a way that has no status of its own.
	ErrStorage Status = C.MTS_E_STORAGE
	// ErrCorrupt: it is a session, but damaged.
	ErrCorrupt Status = C.MTS_E_CORRUPT
	// ErrBusy: somebody else is writing the file, or changed the same credential first: try again.
	ErrBusy Status = C.MTS_E_BUSY
	// ErrOwned: another client has this session open.
	ErrOwned Status = C.MTS_E_OWNED
	// ErrFormat: the file, directory or string is not a session that can be read here.
	ErrFormat Status = C.MTS_E_FORMAT
	// ErrVersion: the session was written by a newer version than is known here, or the library
	// that was loaded is another than this package was made for.
	ErrVersion Status = C.MTS_E_VERSION
	// ErrReadOnly: the session was opened read-only, or its file or folder may not be written.
	ErrReadOnly Status = C.MTS_E_READ_ONLY
	// ErrExists: something stands where the result should go.
	ErrExists Status = C.MTS_E_EXISTS
	// ErrSecret: a wrong passphrase. Reserved for formats that have one: nothing returns it yet.
	ErrSecret Status = C.MTS_E_SECRET
	// ErrCallback: a method of a [Storage] failed or broke a rule, or called its own session.
	ErrCallback Status = C.MTS_E_CALLBACK
	// ErrUnsupported: this session or storage cannot do that.
	ErrUnsupported Status = C.MTS_E_UNSUPPORTED
	// ErrClosed: the session was closed.
	ErrClosed Status = C.MTS_E_CLOSED
	// ErrInternal: a bug in mtsession. Please report it.
	ErrInternal Status = C.MTS_E_INTERNAL
)

// Version is the version of the library that is loaded, like "0.1.0".
func Version() string { return C.GoString(C.mts_version()) }

// Name is the status's name in the C header, like "MTS_E_BUSY".
func (s Status) Name() string {
	return C.GoString(C.mts_status_name(C.int32_t(s)))
}

// Error is the status in words, like "mtsession: not found".
func (s Status) Error() string {
	words := strings.TrimPrefix(strings.TrimPrefix(s.Name(), "MTS_"), "E_")
	return "mtsession: " + strings.ToLower(strings.ReplaceAll(words, "_", " "))
}

// Error is a failure. It never holds a secret.
type Error struct {
	// Status says what kind of failure it is; [errors.Is] finds it too.
	Status Status
	// Message is one line for a person: what failed, on which path or value, and what to do.
	Message string
	// SQLiteCode is SQLite's extended result code behind the failure, 0 if it had no part in it.
	SQLiteCode int
	// Errno is the operating system's error behind the failure, 0 if it had no part in it.
	Errno syscall.Errno

	cause error
}

// Error is the message, with "mtsession: " before it.
func (e *Error) Error() string {
	return "mtsession: " + e.Message
}

// Unwrap gives the status, the operating system's error if there is one (so that [errors.Is] knows
// [io/fs.ErrPermission]), and the error that a [Storage] returned.
func (e *Error) Unwrap() []error {
	behind := []error{e.Status}
	if e.Errno != 0 {
		behind = append(behind, e.Errno)
	}
	if e.cause != nil {
		behind = append(behind, e.cause)
	}
	return behind
}

func wrongArgument(message string) error {
	return &Error{Status: ErrArgument, Message: message}
}

// failure makes a Go error of what a call answered. It does not allocate for an answer that is no
// failure: numbers that small need no memory of their own in an interface.
func failure(status C.mts_status, err **C.mts_error) error {
	switch {
	case status == C.MTS_OK:
		return nil
	case status > 0:
		return Status(status)
	}
	e := &Error{Status: Status(status), Message: Status(status).Name()}
	if *err != nil {
		e.Message = C.GoString(C.mts_error_message(*err))
		e.SQLiteCode = int(C.mts_error_sqlite_code(*err))
		e.Errno = syscall.Errno(C.mts_error_errno(*err))
		C.mts_error_free(*err)
	}
	return e
}
