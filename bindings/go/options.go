package mtsession

// #include "bridge.h"
import "C"

import (
	"fmt"
	"math"
	"time"
)

// Option changes how a session is opened.
type Option func(*options)

type options struct {
	c   C.mts_options
	err error
}

func chosen(all []Option) (*C.mts_options, error) {
	var o options
	o.c.size = C.sizeof_mts_options
	for i, option := range all {
		if option == nil {
			return nil, wrongArgument(fmt.Sprintf("option %d is nil", i))
		}
		option(&o)
	}
	return &o.c, o.err
}

func flag(flag C.uint32_t) Option {
	return func(o *options) { o.c.flags |= flag }
}

// ReadOnly: never write. A file of an older schema is shown in the new shape and stays as it is. The
// session is not claimed, and may have an owner: do not connect with its auth key beside him.
func ReadOnly() Option { return flag(C.MTS_OPEN_READ_ONLY) }

// Shared: do not claim the session for this process. Several such clients may then share the file;
// credentials that two of them change at once answer [ErrBusy].
func Shared() Option { return flag(C.MTS_OPEN_SHARED) }

// Existing: fail with [ErrIO] where there is no file, instead of creating one.
func Existing() Option { return flag(C.MTS_OPEN_EXISTING) }

// Schema8: create a new file with schema 8 (Telethon 1.43 and later) instead of 7 (1.17 and later,
// which newer ones raise by themselves). Only schema 8 has a place of its own for the temporary
// auth key. Existing files keep their schema.
func Schema8() Option { return flag(C.MTS_OPEN_SCHEMA_8) }

// StoreTmpAuthKey: store the temporary auth key too (Telethon's store_tmp_auth_key_on_disk);
// otherwise it lives in memory only.
func StoreTmpAuthKey() Option { return flag(C.MTS_OPEN_STORE_TMP_AUTH_KEY) }

// NoEntities: take no entities in until [Session.SetSaveEntities] (Telethon's save_entities).
func NoEntities() Option { return flag(C.MTS_OPEN_NO_ENTITIES) }

// BusyTimeout is how long to wait for another program that is writing the file; 5 seconds without
// it. It counts in whole milliseconds, at least one.
func BusyTimeout(wait time.Duration) Option {
	return duration("BusyTimeout", wait, func(c *C.mts_options, ms C.uint32_t) {
		c.busy_timeout_ms = ms
	})
}

// MaxEntities is how many entities are held in memory before the least used leave it; 100000
// without it.
func MaxEntities(count int) Option {
	return number("MaxEntities", count, func(c *C.mts_options, n C.uint32_t) { c.max_entities = n })
}

// MaxDirty is the number of unsaved rows at which a put saves by itself; 10000 without it.
func MaxDirty(rows int) Option {
	return number("MaxDirty", rows, func(c *C.mts_options, n C.uint32_t) { c.max_dirty = n })
}

// MaxDirtyAge is the age of the oldest unsaved row at which a put saves by itself; a minute
// without it. It counts in whole milliseconds, at least one; more than 49 days are never.
func MaxDirtyAge(age time.Duration) Option {
	return duration("MaxDirtyAge", age, func(c *C.mts_options, ms C.uint32_t) {
		c.max_dirty_age_ms = ms
	})
}

func journal(journal C.uint32_t) Option {
	return func(o *options) { o.c.journal = journal }
}

// JournalRollback: a rollback journal, which is the default. The file alone is the session at all
// times, and what was saved survives the loss of power. After saves within a second of each other an
// empty -journal stands beside it, until a later save or closing removes it. It is in nobody's way.
func JournalRollback() Option { return journal(C.MTS_JOURNAL_ROLLBACK) }

// JournalWAL: a write-ahead log, several times faster for those who save at every update. What was
// saved survives the loss of power. While the session is open, its file is whole only together with
// the -wal file beside it: a copy of both that is made while something is saved is sure of the
// credentials only, if the file was copied first (a clone is sure of all). It is entered at the first
// write and left at close; where it would be dangerous (a network file system, a file with several
// names, a shared session) a notice says so and the rollback journal serves. Others may read and write
// the file meanwhile; only, the log is not begun anew until this session next saves, or reads the file.
func JournalWAL() Option { return journal(C.MTS_JOURNAL_WAL) }

// JournalWALProcessSafe: as [JournalWAL], faster still. What was saved survives the death of the
// process, but what was saved since the last credential may be lost with the power. Credentials are
// never.
func JournalWALProcessSafe() Option { return journal(C.MTS_JOURNAL_WAL_PROCESS_SAFE) }

func number(name string, value int, set func(*C.mts_options, C.uint32_t)) Option {
	return func(o *options) {
		if value < 1 {
			o.err = wrongArgument(fmt.Sprintf("%s(%d): at least 1 is needed", name, value))
			return
		}
		set(&o.c, C.uint32_t(min(value, math.MaxUint32)))
	}
}

func duration(name string, value time.Duration, set func(*C.mts_options, C.uint32_t)) Option {
	return func(o *options) {
		if value < 0 {
			o.err = wrongArgument(fmt.Sprintf("%s(%v): a time cannot be negative", name, value))
			return
		}
		set(&o.c, C.uint32_t(min(max(value.Milliseconds(), 1), math.MaxUint32)))
	}
}
