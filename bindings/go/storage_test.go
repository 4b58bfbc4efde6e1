package mtsession_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mtsession"
)

// mapStorage keeps a session in maps, where another would ask a database.
type mapStorage struct {
	mu       sync.Mutex
	account  []byte
	entities map[int64]mtsession.Entity
	states   map[int64]mtsession.UpdateState
	values   map[string][]byte

	locked, closed int
	fail           error
	before         func() // runs inside each method
}

func newMapStorage() *mapStorage {
	return &mapStorage{
		entities: make(map[int64]mtsession.Entity),
		states:   make(map[int64]mtsession.UpdateState),
		values:   make(map[string][]byte),
	}
}

// enter takes the lock, once what a test wants to happen in a method has happened.
func (m *mapStorage) enter() (leave func(), err error) {
	if m.before != nil {
		m.before()
	}
	m.mu.Lock()
	return m.mu.Unlock, m.fail
}

func (m *mapStorage) Lock() error {
	leave, err := m.enter()
	defer leave()
	if m.locked > m.closed {
		return fmt.Errorf("%w: the maps are in use", mtsession.ErrOwned)
	}
	m.locked++
	return err
}

func (m *mapStorage) Close() error {
	leave, err := m.enter()
	defer leave()
	if err == nil {
		m.closed++
	}
	return err
}

func (m *mapStorage) Load() (mtsession.Stored, error) {
	leave, err := m.enter()
	defer leave()
	return mtsession.Stored{
		Account: m.account,
		States:  slices.Collect(maps.Values(m.states)),
		Values:  maps.Clone(m.values),
	}, err
}

func (m *mapStorage) Commit(changes *mtsession.Changes) error {
	leave, err := m.enter()
	defer leave()
	if err != nil {
		return err
	}
	if changes.OtherAccount {
		clear(m.entities)
	}
	if changes.Account != nil {
		m.account = changes.Account
	}
	for _, entity := range changes.Entities {
		m.entities[entity.ID] = entity
	}
	for _, id := range changes.Forget {
		delete(m.entities, id)
	}
	for _, state := range changes.States {
		m.states[state.ID] = state
	}
	for _, id := range changes.ForgetStates {
		delete(m.states, id)
	}
	maps.Copy(m.values, changes.Values)
	for _, key := range changes.ForgetValues {
		delete(m.values, key)
	}
	return nil
}

func (m *mapStorage) Find(query mtsession.Query) ([]mtsession.Entity, error) {
	leave, err := m.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	var found []mtsession.Entity
	for _, entity := range m.entities {
		var fits bool
		switch query.By {
		case mtsession.FindID:
			fits = entity.ID == query.ID
		case mtsession.FindUsername:
			fits = slices.Contains(entity.Usernames, query.Text)
		case mtsession.FindPhone:
			fits = entity.Phone == query.Text
		case mtsession.FindName:
			fits = entity.Name == query.Text
		}
		if fits {
			found = append(found, entity)
		}
	}
	return found, nil
}

func (m *mapStorage) List(after int64, max int) ([]mtsession.Entity, error) {
	leave, err := m.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	var listed []mtsession.Entity
	for id, entity := range m.entities {
		if id > after {
			listed = append(listed, entity)
		}
	}
	slices.SortFunc(listed, func(a, b mtsession.Entity) int { return cmp.Compare(a.ID, b.ID) })
	return listed[:min(max, len(listed))], nil
}

func openCustom(t *testing.T, storage mtsession.Storage) *mtsession.Session {
	t.Helper()
	s, err := mtsession.Custom(storage)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCustomStorageIsLockedAndClosedOnce(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	_, err := mtsession.Custom(storage)
	if !errors.Is(err, mtsession.ErrOwned) || !strings.Contains(err.Error(), "the maps are in use") {
		t.Errorf("a second session: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if storage.locked != 1 || storage.closed != 1 {
		t.Errorf("locked %d times, closed %d times", storage.locked, storage.closed)
	}
	s = openCustom(t, storage)
	if err := s.Delete(); err != nil {
		t.Fatal(err)
	}
	if storage.closed != 2 {
		t.Errorf("closed %d times", storage.closed)
	}
}

func TestACustomStorageThatDoesNotCloseIsClosedAgain(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	for range 2 {
		storage.fail = errors.New("the database is away")
		if err := s.Close(); err != storage.fail {
			t.Errorf("got %v, wanted %v", err, storage.fail)
		}
	}
	storage.fail = nil
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if storage.closed != 1 {
		t.Errorf("closed %d times", storage.closed)
	}
}

// What it kept may be another session's by then.
func TestACustomSessionThatIsClosedDeletesNothing(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := openCustom(t, storage)
	defer other.Close()
	if err := other.SetTakeoutID(7); err != nil {
		t.Fatal(err)
	}
	account := storage.account
	for range 2 {
		err := s.Delete()
		if !errors.Is(err, mtsession.ErrClosed) || strings.Count(err.Error(), "mtsession:") != 1 {
			t.Errorf("got %v", err)
		}
	}
	if !slices.Equal(storage.account, account) || storage.closed != 1 {
		t.Errorf("%x, closed %d times", storage.account, storage.closed)
	}
}

func TestErrorsOfACustomStorageComeThrough(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	defer s.Close()

	storage.fail = fmt.Errorf("asking the\ndatabase: %w", fs.ErrPermission)
	for call, err := range map[string]error{
		"SetDC":   s.SetDC(2, "149.154.167.51", 443),
		"CloneTo": func() error { _, err := s.CloneToMemory(); return err }(),
		"InputPeer": func() error {
			_, err := s.InputPeer("@unknown")
			return err
		}(),
		"Entity": func() error { _, err := s.EntityByID(42); return err }(),
		"Entities": func() error {
			for _, err := range s.Entities() {
				return err
			}
			return nil
		}(),
	} {
		if !errors.Is(err, fs.ErrPermission) || !errors.Is(err, mtsession.ErrCallback) {
			t.Errorf("%s: %v", call, err)
		} else if !strings.Contains(err.Error(), "asking the database: permission denied") {
			t.Errorf("%s does not say why: %v", call, err)
		}
	}

	storage.fail = fmt.Errorf("later: %w", mtsession.ErrBusy)
	if err := s.SetTakeoutID(7); !errors.Is(err, mtsession.ErrBusy) {
		t.Errorf("a status of the storage's: %v", err)
	}
	// "OK" is no error, so a storage that makes one of it has failed.
	storage.fail = mtsession.OK
	if err := s.SetTakeoutID(7); !errors.Is(err, mtsession.ErrCallback) {
		t.Errorf("OK as an error: %v", err)
	}
	storage.fail = mtsession.ErrNotFound
	if _, err := s.InputPeer("@nobody"); err != mtsession.ErrNotFound {
		t.Errorf("not found: %v", err)
	}

	storage.fail = nil
	storage.before = func() { panic("a bug") }
	if err := s.SetTakeoutID(7); !errors.Is(err, mtsession.ErrCallback) ||
		!strings.Contains(err.Error(), "panic: a bug") {
		t.Errorf("a panic: %v", err)
	}
	storage.before = nil
	if err := s.SetTakeoutID(7); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// refusing fails at each look-up with an error of its own.
type refusing struct {
	*mapStorage
	refusals sync.Map
}

type refusal struct{ who string }

func (*refusal) Error() string { return "refused" }

func (r *refusing) Find(query mtsession.Query) ([]mtsession.Entity, error) {
	err, _ := r.refusals.LoadOrStore(query.Text, &refusal{query.Text})
	return nil, err.(error)
}

func TestEachCallGetsTheErrorOfItsOwn(t *testing.T) {
	storage := &refusing{mapStorage: newMapStorage()}
	s := openCustom(t, storage)
	defer s.Close()
	var all, others sync.WaitGroup
	// Calls that do not fail, and so change their thread at any time, take nobody's error.
	var done atomic.Bool
	for range 8 {
		others.Add(1)
		go func() {
			defer others.Done()
			for !done.Load() {
				if err := s.PutEntity(mtsession.Entity{ID: 42, AccessHash: 4242}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for one := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := range 5000 {
				name := fmt.Sprintf("user_%d_%d", one, at)
				_, err := s.InputPeer("@" + name)
				var refused *refusal
				if !errors.As(err, &refused) || refused.who != name {
					t.Errorf("%s: %v, of %v", name, err, refused)
				}
			}
		}()
	}
	all.Wait()
	done.Store(true)
	others.Wait()
}

func TestErrorsWithOddTextsComeThrough(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	defer s.Close()
	for _, text := range []string{"", "\x00", "a\x00b", "caf\xe9", " \n", "mtsession: not found"} {
		storage.fail = errors.New(text)
		if err := s.SetTakeoutID(7); !errors.Is(err, storage.fail) || !errors.Is(err, mtsession.ErrCallback) {
			t.Errorf("%q: %v", text, err)
		}
	}
	empty := errors.New("")
	storage.fail = empty
	_ = s.SetTakeoutID(7)
	storage.fail = nil
	if err := s.PutEntity(mtsession.Entity{}); err == nil || errors.Is(err, empty) {
		t.Errorf("what failed before is behind what fails now: %v", err)
	}
}

// What is taken for nothing is written anew, so that only its own word counts.
func TestOnlyNotFoundItselfMeansThatThereIsNothing(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	if err := s.SetTakeoutID(7); err != nil {
		t.Fatal(err)
	}
	wraps := fmt.Errorf("no table accounts: %w", mtsession.ErrNotFound)
	storage.fail = wraps
	_, find := s.InputPeer("@nobody")
	for call, err := range map[string]error{"Commit": s.SetTakeoutID(8), "Find": find} {
		if !errors.Is(err, wraps) || !errors.Is(err, mtsession.ErrCallback) {
			t.Errorf("%s: %v", call, err)
		}
	}
	storage.fail = nil
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storage.fail = wraps
	if _, err := mtsession.Custom(storage); !errors.Is(err, wraps) {
		t.Errorf("Lock: %v", err)
	}
	storage.locked = 0
	if _, err := mtsession.Custom(unlocked{storage}); !errors.Is(err, wraps) {
		t.Errorf("Load: %v", err)
	}
	storage.fail = mtsession.ErrNotFound
	if _, err := mtsession.Custom(unlocked{storage}); err != nil {
		t.Errorf("Load of nothing: %v", err)
	}
}

// unlocked is a storage without Lock and Close.
type unlocked struct{ mtsession.Storage }

func TestACustomStorageMayNotUseItsSession(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	defer s.Close()
	var inside []error
	storage.before = func() {
		_, err := s.InputPeer("@unknown")
		inside = append(inside, err, s.Save())
	}
	if err := s.SetTakeoutID(7); err != nil {
		t.Fatal(err)
	}
	storage.before = nil
	if len(inside) == 0 {
		t.Fatal("the storage was not asked")
	}
	for _, err := range inside {
		if !errors.Is(err, mtsession.ErrCallback) {
			t.Errorf("from inside: %v", err)
		}
	}
}

func TestClosingACustomStorageMayNotUseItsSession(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	for range 2 {
		inside := make(map[string]error)
		storage.before = func() {
			inside["Close"], inside["Delete"], inside["Save"] = s.Close(), s.Delete(), s.Save()
		}
		storage.fail = errors.New("the database is away")
		if err := s.Close(); err != storage.fail {
			t.Fatal(err)
		}
		for call, wanted := range map[string]error{
			"Close": mtsession.ErrCallback, "Delete": mtsession.ErrClosed, "Save": mtsession.ErrClosed,
		} {
			if !errors.Is(inside[call], wanted) {
				t.Errorf("%s: %v", call, inside[call])
			}
		}
	}
	storage.before, storage.fail = nil, nil
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if storage.closed != 1 {
		t.Errorf("closed %d times", storage.closed)
	}
}

func TestClosingACustomStorageWaitsForNoDeletion(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	deleted := make(chan error)
	storage.before = func() {
		go func() { deleted <- s.Delete() }()
		time.Sleep(10 * time.Millisecond) // It is to be inside the library by then.
		if err := s.Save(); !errors.Is(err, mtsession.ErrClosed) {
			t.Errorf("Save: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-deleted; !errors.Is(err, mtsession.ErrClosed) {
		t.Errorf("Delete: %v", err)
	}
}

func TestACustomStorageOfAnUnclosedSessionIsSavedAndClosed(t *testing.T) {
	storage := newMapStorage()
	func() {
		s := openCustom(t, storage)
		if err := s.PutEntity(mtsession.Entity{ID: 42, AccessHash: 4242}); err != nil {
			t.Fatal(err)
		}
	}()
	for closed := false; !closed; {
		runtime.GC()
		storage.mu.Lock()
		closed = storage.closed == 1
		storage.mu.Unlock()
	}
	if storage.entities[42].AccessHash != 4242 {
		t.Errorf("it was not saved: %v", storage.entities)
	}
}

func TestACustomStorageMayReferToItsSession(t *testing.T) {
	var collected atomic.Bool
	func() {
		storage := newMapStorage()
		s := openCustom(t, storage)
		storage.before = func() { runtime.KeepAlive(s) }
		runtime.AddCleanup(s, func(struct{}) { collected.Store(true) }, struct{}{})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	for range 100 {
		if runtime.GC(); collected.Load() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the closed session is still there")
}

func TestAnEntityOfACommitKeepsNothingElseOfIt(t *testing.T) {
	inUse := func() uint64 {
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	storage := newMapStorage()
	s := openCustom(t, storage)
	defer s.Close()
	before := inUse()
	for at := range 8 {
		entity := mtsession.Entity{ID: int64(at + 1), Usernames: []string{"ada", "grace"}, Name: "Ada"}
		if err := s.PutEntity(entity); err != nil {
			t.Fatal(err)
		}
		if err := s.PutValue("config", make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(); err != nil {
			t.Fatal(err)
		}
	}
	clear(storage.values)
	if after := inUse(); len(storage.entities) != 8 || after > before+1<<20 {
		t.Errorf("%d entities keep %d bytes", len(storage.entities), after-before)
	}
}

// A call is a use of the session until it returns, also where it is the last one.
func TestASessionIsNotGarbageDuringACall(t *testing.T) {
	storage := newMapStorage()
	s := openCustom(t, storage)
	if err := s.PutEntity(mtsession.Entity{ID: 42, AccessHash: 4242}); err != nil {
		t.Fatal(err)
	}
	var garbage atomic.Bool
	runtime.AddCleanup(s, func(struct{}) { garbage.Store(true) }, struct{}{})
	storage.before = func() {
		for range 20 {
			runtime.GC()
			runtime.Gosched()
		}
		if garbage.Load() {
			t.Error("the session was collected while it was being saved")
		}
	}
	if err := s.Save(); err != nil {
		t.Error(err)
	}
}

// What a storage gives must be what it was asked for.
func TestLiesOfACustomStorageAreRefused(t *testing.T) {
	storage := newMapStorage()
	storage.account = []byte("no account record")
	if s, err := mtsession.Custom(storage); err == nil {
		s.Close()
		t.Error("a broken account record was taken")
	}
	storage.account = nil
	storage.locked = 0
	storage.values["mts:unknown"] = []byte("?")
	if s, err := mtsession.Custom(storage); err == nil {
		s.Close()
		t.Error("a value that is not the library's was taken for one")
	} else {
		var e *mtsession.Error
		if !errors.As(err, &e) || e.Status >= 0 || e.Message == "" {
			t.Errorf("%#v", err)
		}
	}
}
