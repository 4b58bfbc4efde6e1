package mtsession

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Storage is a storage of your own: what Telethon calls subclassing Session. The library decides
// what is stored, and merges; a storage stores whole records and finds them again.
//
// An error that a method returns comes back from the call that needed it: [errors.Is] and
// [errors.As] find it, and its text is part of the message. If it is or wraps a [Status] of a
// failure, that is the status of the call, otherwise [ErrCallback], as it is after a panic. A method
// that a storage has no use for returns [ErrUnsupported].
//
// Load, Find and List may say by [ErrNotFound] itself that there is nothing. What wraps it is a
// failure: it may be a table that was not found, and what a storage does not have is written anew.
//
// The methods may be called by any goroutine that uses the session. Commits come one at a time; Find
// and List may run beside a commit and beside each other. A method must not use its own session
// (such calls return [ErrCallback], or in Close [ErrClosed]).
//
// A storage that also has Lock() error is asked to claim what it keeps for this session, before
// Load; [ErrOwned] says that another client has it. One that is an [io.Closer] is closed when the
// session was closed or deleted; where that fails, [Session.Close] tries it again. A session that its
// own storage refers to is not garbage until it is closed.
type Storage interface {
	// Load returns the login, every update state and every value; nothing for a new session. Called
	// once, at the opening.
	Load() (Stored, error)
	// Commit stores all of the changes, or nothing. The same changes may come again after a failure.
	// They may be kept.
	Commit(changes *Changes) error
	// Find returns the entities that are asked for; none is no error.
	Find(query Query) ([]Entity, error)
	// List returns at most max entities with a marked id above after, those with the lowest ids.
	List(after int64, max int) ([]Entity, error)
}

// Stored is what a [Storage] loads when it is opened.
type Stored struct {
	// Account is the account record, as the last commit with one gave it; nil for none.
	Account []byte
	States  []UpdateState
	Values  map[string][]byte
}

// Query is what a [Storage] is asked to find.
type Query struct {
	By FindBy
	// ID is the marked id of [FindID].
	ID int64
	// Text of the other kinds. It is normalised: a username in lower case without "@" (compare it
	// with each of an entity's usernames), a phone number's digits.
	Text string
}

// FindBy says what a [Query] goes by.
type FindBy uint32

// What a query goes by.
const (
	// FindID: the entity with the marked id.
	FindID FindBy = C.MTS_FIND_ID
	// FindUsername: the entities with the username.
	FindUsername FindBy = C.MTS_FIND_USERNAME
	// FindPhone: the entities with the phone number.
	FindPhone FindBy = C.MTS_FIND_PHONE
	// FindName: the entities with exactly the display name.
	FindName FindBy = C.MTS_FIND_NAME
)

// Changes are what a [Storage] is to store: all of it, or nothing.
type Changes struct {
	// Durable: they must survive the loss of power once Commit has returned.
	Durable bool
	// OtherAccount: the account is another one now. Remove every entity before the rest is applied.
	OtherAccount bool
	// Account is the account record: opaque bytes that replace the stored ones, secret keys among
	// them. nil: it did not change.
	Account []byte
	// Entities are whole, each replacing the stored one of that id.
	Entities []Entity
	// Forget are the marked ids of entities to remove.
	Forget []int64
	// States replace the stored ones of their ids.
	States []UpdateState
	// ForgetStates are the ids of update states to remove.
	ForgetStates []int64
	// Values are to be stored. Sent files are among them, under keys "mts:file:…".
	Values map[string][]byte
	// ForgetValues are the keys of values to remove.
	ForgetValues []string
}

// Custom opens a session that a storage of your own keeps. Options that mean a file are refused.
// When this fails, the storage is still yours to close.
//
// Telethon: a subclass of Session.
func Custom(storage Storage, options ...Option) (*Session, error) {
	if storage == nil {
		return nil, wrongArgument("Custom: the storage is nil")
	}
	custom := &custom{storage: storage}
	handle := cgo.NewHandle(custom)
	s, failed := open(options, func(
		o *C.mts_options, out **C.mts_session, err **C.mts_error,
	) C.mts_status {
		return C.mtsgo_custom(C.uintptr_t(handle), o, out, err)
	})
	if failed != nil {
		handle.Delete()
		return nil, custom.explain(failed)
	}
	s.custom = custom
	return s, s.explained(nil)
}

// custom is what the library's callbacks reach by their cgo.Handle.
type custom struct {
	// using is held while a method runs, and alone while the storage is closed.
	using   sync.RWMutex
	storage Storage        // nil once it is closed: it may refer to its session, which then is garbage
	closing atomic.Uintptr // the thread on which the storage is being closed
	// failures are the errors of the storage, by the threads of the calls that wait for them.
	failures sync.Map
	waiting  atomic.Int64 // how many: where there are none, no call need ask for its thread
}

func (c *custom) close() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if closing := c.closing.Load(); closing != 0 && closing == thread() {
		return errInside
	}
	c.using.Lock()
	defer c.using.Unlock()
	if closer, ok := c.storage.(io.Closer); ok {
		c.closing.Store(thread())
		defer c.closing.Store(0)
		if err := closer.Close(); err != nil {
			return err
		}
	}
	c.storage = nil
	return nil
}

// run calls a method of the storage. It never waits for the closing, which may wait for the library,
// and that for this method.
func (c *custom) run(method func(Storage) error) error {
	if !c.using.TryRLock() {
		return errClosed
	}
	defer c.using.RUnlock()
	if c.storage == nil {
		return errClosed
	}
	return method(c.storage)
}

var (
	errInside = &Error{Status: ErrCallback, Message: "called from inside Close of the session's own storage"}
	// Who is late would meet what another session has claimed meanwhile.
	errClosed = &Error{Status: ErrClosed, Message: "its storage is closed; open the session again"}
)

// refusal is an error of the storage, and the status that the library was told for it.
type refusal struct {
	status Status
	err    error
}

// keep keeps an error of the storage for the call that waits, and that call's goroutine, in which the
// method runs, on this thread.
func (c *custom) keep(status Status, err error) {
	if _, again := c.failures.Swap(thread(), refusal{status, err}); !again {
		c.waiting.Add(1)
		runtime.LockOSThread()
	}
}

// explain puts the storage's own error behind that of a call, which may also have gone well in spite
// of it, or failed for a reason with another status. Every call ends here.
func (c *custom) explain(failed error) error {
	if c.waiting.Load() == 0 {
		return failed
	}
	// A goroutine that may leave its thread would take the error of the one that comes there next.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	kept, found := c.failures.LoadAndDelete(thread())
	if !found {
		return failed
	}
	c.waiting.Add(-1)
	runtime.UnlockOSThread() // for the one in keep
	cause := kept.(refusal)
	if e, ok := failed.(*Error); ok && e.Status == cause.status {
		e.cause = cause.err
	}
	return failed
}

// answer runs a method of a storage and tells the library how it went.
func answer(handle C.uintptr_t, out *C.mts_out, method func(Storage) error) (status C.int32_t) {
	c := cgo.Handle(handle).Value().(*custom)
	fail := func(code Status, err error) {
		// The prefix comes before the whole message.
		if text := strings.TrimPrefix(err.Error(), "mtsession: "); text != "" {
			C.mts_out_error(out, chars(text), C.size_t(len(text)))
		}
		c.keep(code, err)
		status = C.int32_t(code)
	}
	// A panic must not go through the library's frames.
	defer func() {
		if cause := recover(); cause != nil {
			fail(ErrCallback, fmt.Errorf("panic: %v", cause))
		}
	}()
	err := c.run(method)
	if err == nil {
		return C.MTS_OK
	}
	code := ErrCallback
	if errors.As(err, &code); code >= 0 {
		code = ErrCallback
	}
	fail(code, err)
	return status
}

//export mtsgoLock
func mtsgoLock(handle C.uintptr_t, out *C.mts_out) C.int32_t {
	return answer(handle, out, func(storage Storage) error {
		if locker, ok := storage.(interface{ Lock() error }); ok {
			return locker.Lock()
		}
		return nil
	})
}

//export mtsgoLoad
func mtsgoLoad(handle C.uintptr_t, out *C.mts_out) C.int32_t {
	return answer(handle, out, func(storage Storage) error {
		stored, err := storage.Load()
		if err != nil {
			return unlessNotFound(err)
		}
		// What the library refuses of this, it remembers for the call that waits.
		if stored.Account != nil {
			C.mts_out_account(out, octets(stored.Account), C.size_t(len(stored.Account)))
		}
		for i := range stored.States {
			C.mts_out_state(out, (*C.mts_update_state)(unsafe.Pointer(&stored.States[i])),
				C.sizeof_mts_update_state)
		}
		for key, value := range stored.Values {
			C.mts_out_value(out, chars(key), C.size_t(len(key)), octets(value), C.size_t(len(value)))
		}
		return nil
	})
}

//export mtsgoFind
func mtsgoFind(
	handle C.uintptr_t, by C.uint32_t, id C.int64_t, text *C.char, size C.size_t, out *C.mts_out,
) C.int32_t {
	return answer(handle, out, func(storage Storage) error {
		return give(out)(storage.Find(Query{FindBy(by), int64(id), C.GoStringN(text, C.int(size))}))
	})
}

//export mtsgoList
func mtsgoList(
	handle C.uintptr_t, after C.int64_t, max C.uint32_t, out *C.mts_out,
) C.int32_t {
	return answer(handle, out, func(storage Storage) error {
		return give(out)(storage.List(int64(after), int(max)))
	})
}

func give(out *C.mts_out) func([]Entity, error) error {
	return func(entities []Entity, err error) error {
		if err != nil {
			return unlessNotFound(err)
		}
		var batch EntityBatch
		for _, entity := range entities {
			batch.Add(entity)
		}
		for i := range batch.records {
			C.mts_out_entity(out, &batch.records[i], C.sizeof_mts_entity, octets(batch.heap),
				C.size_t(len(batch.heap)))
		}
		return nil
	}
}

// unlessNotFound is for those who look for something, and say by habit that there is none.
func unlessNotFound(err error) error {
	if err == ErrNotFound {
		return nil
	}
	return err
}

//export mtsgoCommit
func mtsgoCommit(handle C.uintptr_t, changes *C.mts_changes, out *C.mts_out) C.int32_t {
	return answer(handle, out, func(storage Storage) error {
		return storage.Commit(changesOf(changes))
	})
}

// changesOf copies changes, since the library's end with the call.
func changesOf(c *C.mts_changes) *Changes {
	heap := unsafe.Slice((*byte)(c.heap), int(c.heap_len))
	cut := func(text C.mts_text) []byte { return heap[text.off:][:text.len] }
	changes := &Changes{
		Durable:      c.flags&C.MTS_COMMIT_DURABLE != 0,
		OtherAccount: c.flags&C.MTS_COMMIT_OTHER_ACCOUNT != 0,
	}
	if c.account != nil {
		changes.Account = append([]byte{}, unsafe.Slice((*byte)(c.account), int(c.account_len))...)
	}
	// Each its own: an entity that is kept must not keep all texts and values of its commit.
	text := func(text C.mts_text) string { return string(cut(text)) }
	for i := range int(c.entity_count) {
		entity := at(c.entities, c.entity_stride, i)
		changes.Entities = append(changes.Entities, entityOf(entity, text))
	}
	for i := range int(c.forget_count) {
		changes.Forget = append(changes.Forget, int64(*at(c.forget, C.sizeof_int64_t, i)))
	}
	for i := range int(c.state_count) {
		state := at(c.states, c.state_stride, i)
		changes.States = append(changes.States, *(*UpdateState)(unsafe.Pointer(state)))
	}
	for i := range int(c.forget_state_count) {
		changes.ForgetStates = append(changes.ForgetStates,
			int64(*at(c.forget_states, C.sizeof_int64_t, i)))
	}
	for i := range int(c.value_count) {
		value := at(c.values, c.value_stride, i)
		key := text(value.key)
		if value.flags&C.MTS_VALUE_REMOVED != 0 {
			changes.ForgetValues = append(changes.ForgetValues, key)
			continue
		}
		if changes.Values == nil {
			changes.Values = make(map[string][]byte)
		}
		changes.Values[key] = append([]byte{}, cut(value.value)...)
	}
	return changes
}

//export mtsgoFree
func mtsgoFree(handle C.uintptr_t) {
	c := cgo.Handle(handle).Value().(*custom)
	cgo.Handle(handle).Delete()
	// A session that nobody closed; nobody is there to hear of a failure or a panic either.
	_ = c.explain(nil)
	defer func() { _ = recover() }()
	_ = c.close()
}
