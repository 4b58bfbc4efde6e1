package mtsession

// #include "bridge.h"
import "C"

import (
	"iter"
	"math"
	"unsafe"
)

// StateFields says which values of an [UpdateState] are meant.
type StateFields uint32

// The values of an update state.
const (
	// StatePts: Pts is meant.
	StatePts StateFields = C.MTS_STATE_PTS
	// StateQts: Qts is meant.
	StateQts StateFields = C.MTS_STATE_QTS
	// StateDate: Date is meant.
	StateDate StateFields = C.MTS_STATE_DATE
	// StateSeq: Seq is meant.
	StateSeq StateFields = C.MTS_STATE_SEQ
	// StateAll: Pts, Qts, Date and Seq are meant.
	StateAll = StatePts | StateQts | StateDate | StateSeq
	// StateAccessHash: the channel's access hash is known. Ignored when set.
	StateAccessHash StateFields = C.MTS_STATE_ACCESS_HASH
)

// UpdateState is how far the updates of the account, or of one channel, have been read.
type UpdateState struct {
	// ID is 0 for the account, else the bare id of a channel.
	ID int64
	// AccessHash is the channel's, where Fields says so. Ignored when set.
	AccessHash int64
	// Date of the last event, unix seconds.
	Date int64
	// Pts counts the events of messages read so far.
	Pts int32
	// Qts counts the events of secret chats and bots read so far; 0 for a channel.
	Qts int32
	// Seq is the sequence number of the last event; 0 for a channel.
	Seq int32
	// Fields says which values are meant. Set: the others stay as they are (0 where there was no
	// state), and at least one must be meant. Returned: all, and [StateAccessHash] where the hash is
	// known.
	Fields StateFields
}

// UpdateState returns how far the updates of id have been read: 0 for the account, else the bare id
// of a channel, whose access hash comes along. [ErrNotFound]: no state is kept.
//
// Telethon: get_update_state(id).
func (s *Session) UpdateState(id int64) (UpdateState, error) {
	if s.custom != nil {
		return s.updateStateCallingBack(id)
	}
	var state UpdateState
	var err *C.mts_error
	failed := s.result(C.mtsgo_update_state(s.c, C.int64_t(id),
		(*C.mts_update_state)(unsafe.Pointer(&state)), &err), &err)
	return state, failed
}

func (s *Session) updateStateCallingBack(id int64) (UpdateState, error) {
	var state UpdateState
	var err *C.mts_error
	failed := s.result(C.mtsgo_update_state_calling_back(s.c, C.int64_t(id),
		(*C.mts_update_state)(unsafe.Pointer(&state)), &err), &err)
	return state, failed
}

// UpdateStates are all update states by ascending id, the account's (0) first. They are read page
// by page and nothing stays open in between. An error ends it.
//
// Telethon: get_update_states().
func (s *Session) UpdateStates() iter.Seq2[UpdateState, error] {
	return s.UpdateStatesAfter(math.MinInt64)
}

// UpdateStatesAfter are the update states with an id above after; see [Session.UpdateStates].
//
// Telethon: none.
func (s *Session) UpdateStatesAfter(after int64) iter.Seq2[UpdateState, error] {
	return func(yield func(UpdateState, error) bool) {
		records := make([]UpdateState, 128)
		for page := (C.mts_page{next: C.int64_t(after)}); ; {
			var err *C.mts_error
			failed := s.result(C.mts_session_update_states(s.c, page.next,
				(*C.mts_update_state)(unsafe.Pointer(&records[0])), C.size_t(len(records)),
				C.sizeof_mts_update_state, &page, &err), &err)
			if failed != nil && failed != ErrDone {
				yield(UpdateState{}, failed)
				return
			}
			for _, state := range records[:page.count] {
				if !yield(state, nil) {
					return
				}
			}
			if failed == ErrDone {
				return
			}
		}
	}
}

// SetFlag changes how update states are set.
type SetFlag uint32

// MustExist: every state must be there already; [ErrNotFound] says that one is not, and that nothing
// was set.
const MustExist SetFlag = C.MTS_SET_MUST_EXIST

// SetUpdateState sets one update state; see [Session.SetUpdateStates].
//
// Telethon: set_update_state(id, state).
func (s *Session) SetUpdateState(state UpdateState, flags ...SetFlag) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_update_state(s.c,
		(*C.mts_update_state)(unsafe.Pointer(&state)), C.sizeof_mts_update_state, anyOf(flags),
		&err), &err)
}

// SetUpdateStates sets update states: all of them, or none where one is bad. They wait in memory
// for the next save, which never saves them ahead of entities that were put before them. A pts of 0
// for the account is refused, and so is a negative id.
//
// Telethon: set_update_state(id, state) for each.
func (s *Session) SetUpdateStates(states []UpdateState, flags ...SetFlag) error {
	var err *C.mts_error
	return s.result(C.mts_session_set_update_states(s.c,
		(*C.mts_update_state)(unsafe.Pointer(unsafe.SliceData(states))), C.size_t(len(states)),
		C.sizeof_mts_update_state, anyOf(flags), &err), &err)
}

// RemoveUpdateState removes an update state: the channel was left, say. [ErrNotFound]: there was
// none.
//
// Telethon: none.
func (s *Session) RemoveUpdateState(id int64) error {
	var err *C.mts_error
	return s.result(C.mts_session_remove_update_state(s.c, C.int64_t(id), &err), &err)
}
