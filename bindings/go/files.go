package mtsession

// #include "bridge.h"
import "C"

import "unsafe"

// FileKind is what a file was sent as.
type FileKind uint32

// The kinds of sent files.
const (
	// FileDocument: a document.
	FileDocument FileKind = C.MTS_FILE_DOCUMENT
	// FilePhoto: a photo.
	FilePhoto FileKind = C.MTS_FILE_PHOTO
)

// File is a file that was sent before and need not be uploaded again.
type File struct {
	// MD5 is the digest of its content.
	MD5 [16]byte
	// Size in bytes.
	Size int64
	// ID that the server knows it by.
	ID int64
	// AccessHash for this account.
	AccessHash int64
	Kind       FileKind
}

// CacheFile remembers a file that was sent. It waits in memory for the next save.
//
// Telethon: cache_file(md5, size, instance).
func (s *Session) CacheFile(file File) error {
	// Not the Go struct itself, in which nobody says what C's reserved field is.
	c := C.mts_file{
		size:        C.int64_t(file.Size),
		id:          C.int64_t(file.ID),
		access_hash: C.int64_t(file.AccessHash),
		kind:        C.uint32_t(file.Kind),
	}
	copy(unsafe.Slice((*byte)(&c.md5[0]), len(c.md5)), file.MD5[:])
	var err *C.mts_error
	return s.result(C.mts_session_cache_file(s.c, &c, C.sizeof_mts_file, &err), &err)
}

// File returns a file that was sent before, by the MD5 digest of its content, its size and kind.
// [ErrNotFound]: not sent yet.
//
// Telethon: get_file(md5, size, cls).
func (s *Session) File(md5 [16]byte, size int64, kind FileKind) (File, error) {
	var file File
	var err *C.mts_error
	failed := s.result(C.mts_session_file(s.c, octets(md5[:]), C.int64_t(size), C.uint32_t(kind),
		(*C.mts_file)(unsafe.Pointer(&file)), C.sizeof_mts_file, &err), &err)
	return file, failed
}
