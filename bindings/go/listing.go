package mtsession

// #include "bridge.h"
import "C"

import "iter"

// SessionInfo is what is in one session file.
type SessionInfo struct {
	// Name of the file without ".session".
	Name string
	// Path of the file.
	Path string
	// Format says who wrote it, like "Telethon 7".
	Format string
	// DC is the home data center; 0 when not known.
	DC int32
	// Host is its address, Port its port.
	Host string
	Port uint16
	// UserID is the account's own user id; 0 when not known.
	UserID int64
	// AuthKeyID is the id of the auth key ([Session.AuthKeyID]); 0 without one.
	AuthKeyID uint64
	// Entities and UpdateStates are how many of them it holds.
	Entities, UpdateStates uint64
	// Err is why it could not be read, an [*Error]; nil if it could.
	Err error
}

// ListSessions are the sessions of a directory (its files *.session, not those of folders in it),
// by name, with what is in them; they are read, never written. A file that cannot be read is listed
// with the reason. An error ends it.
//
// Telethon: list_sessions().
func ListSessions(directory string) iter.Seq2[SessionInfo, error] {
	return func(yield func(SessionInfo, error) bool) {
		records := make([]C.mts_session_info, 64)
		heap := make([]byte, 8<<10)
		for after := ""; ; {
			var page C.mts_page
			var err *C.mts_error
			failed := failure(C.mts_list_sessions(chars(directory), C.size_t(len(directory)),
				chars(after), C.size_t(len(after)), &records[0], C.size_t(len(records)),
				C.sizeof_mts_session_info, octets(heap), C.size_t(len(heap)), &page, &err), &err)
			if failed == ErrTooSmall {
				heap = make([]byte, page.heap_needed)
				continue
			}
			if failed != nil && failed != ErrDone {
				yield(SessionInfo{}, failed)
				return
			}
			texts := string(heap[:page.heap_len])
			for i := range records[:page.count] {
				info := infoOf(&records[i], texts)
				if !yield(info, nil) {
					return
				}
				after = info.Name
			}
			if failed == ErrDone {
				return
			}
		}
	}
}

func infoOf(c *C.mts_session_info, texts string) SessionInfo {
	cut := func(text C.mts_text) string { return texts[text.off:][:text.len] }
	info := SessionInfo{
		Name:         cut(c.name),
		Path:         cut(c.path),
		Format:       cut(c.format),
		DC:           int32(c.dc),
		Host:         cut(c.host),
		Port:         uint16(c.port),
		UserID:       int64(c.user_id),
		AuthKeyID:    uint64(c.auth_key_id),
		Entities:     uint64(c.entities),
		UpdateStates: uint64(c.update_states),
	}
	if c.status != C.MTS_OK {
		info.Err = &Error{Status: Status(c.status), Message: cut(c.problem)}
	}
	return info
}
