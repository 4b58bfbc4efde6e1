package mtsession_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mtsession"
)

const fixtures = "../../tests/fixtures/telethon/"

var (
	ada = mtsession.Entity{
		ID: 123456789, AccessHash: 1111, Seen: 1700000000,
		Flags:     mtsession.EntityPremium,
		Usernames: []string{"ada", "countess"}, Phone: "15550001111", Name: "Ada 🧮 Lovelace",
	}
	news = mtsession.Entity{
		ID: -1000000000777, AccessHash: math.MinInt64, Seen: 1700000001,
		Flags: mtsession.EntityBroadcast | mtsession.EntityVerified, Usernames: []string{"mtnews"},
		Name: "News",
	}
	group = mtsession.Entity{ID: -4444, Seen: 1700000002, Name: "Friends"}
	bare  = mtsession.Entity{ID: math.MaxInt32, AccessHash: math.MaxInt64, Seen: 1700000003}
)

func key(seed byte) []byte {
	return bytes.Repeat([]byte{seed}, mtsession.AuthKeyLen)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T any](t *testing.T, wanted T) func(T, error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		} else if !reflect.DeepEqual(got, wanted) {
			t.Errorf("got %.900s, wanted %.900s", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", wanted))
		}
	}
}

func fails[T any](t *testing.T, status mtsession.Status) func(T, error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if !errors.Is(err, status) {
			t.Errorf("got %v and %v, wanted %v", got, err, status)
		}
	}
}

func collect[T any](t *testing.T, all iter.Seq2[T, error]) []T {
	t.Helper()
	var got []T
	for one, err := range all {
		must(t, err)
		got = append(got, one)
	}
	return got
}

// storages opens each kind of session; a second time it is the same one, if it is kept.
func storages(t *testing.T, test func(t *testing.T, open func() *mtsession.Session, kept bool)) {
	opened := func(s *mtsession.Session, err error) *mtsession.Session {
		t.Helper()
		must(t, err)
		t.Cleanup(func() { s.Close() })
		return s
	}
	t.Run("file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.session")
		test(t, func() *mtsession.Session { return opened(mtsession.Open(path)) }, true)
	})
	t.Run("custom", func(t *testing.T) {
		storage := newMapStorage()
		test(t, func() *mtsession.Session { return opened(mtsession.Custom(storage)) }, true)
	})
	t.Run("memory", func(t *testing.T) {
		test(t, func() *mtsession.Session { return opened(mtsession.Memory()) }, false)
	})
}

// Pages and heaps that are too small are an inner matter.
func TestCloneAndDelete(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		must(t, s.SetDC(2, "149.154.167.51", 443))
		must(t, s.SetAuthKey(key(1)))
		must(t, s.PutEntity(ada))
		path := filepath.Join(t.TempDir(), "copy.session")
		clone, err := s.CloneTo(path)
		must(t, err)
		want(t, key(1))(clone.AuthKey())
		want(t, ada)(clone.EntityByID(ada.ID))
		must(t, clone.Delete())
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it was not deleted:", err)
		}
		must(t, os.WriteFile(path, []byte("mine"), 0o600))
		fails[*mtsession.Session](t, mtsession.ErrExists)(s.CloneTo(path))
		fails[*mtsession.Session](t, mtsession.ErrArgument)(s.CloneTo(""))
		clone, err = s.CloneToMemory()
		must(t, err)
		want(t, ada)(clone.EntityByID(ada.ID))
		must(t, clone.Close())

		must(t, s.Close())
		must(t, s.Close())
		fails[error](t, mtsession.ErrClosed)(nil, s.Save())
		fails[mtsession.InputPeer](t, mtsession.ErrClosed)(s.InputPeerByID(ada.ID))
		for _, err := range s.Entities() {
			fails[error](t, mtsession.ErrClosed)(nil, err)
		}
		for _, err := range s.UpdateStates() {
			fails[error](t, mtsession.ErrClosed)(nil, err)
		}
	})
}

// A session that Telethon 1.45 wrote.
func TestTelethonsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telethon.session")
	file, err := os.ReadFile(fixtures + "telethon-1.45.0.session")
	must(t, err)
	must(t, os.WriteFile(path, file, 0o600))
	s, err := mtsession.Open(path, mtsession.ReadOnly(), mtsession.Existing())
	must(t, err)
	defer s.Close()
	peer, err := s.InputPeer("t.me/AdaUser")
	must(t, err)
	if peer.Kind != mtsession.PeerUser || peer.AccessHash == 0 {
		t.Errorf("%+v", peer)
	}
	fails[error](t, mtsession.ErrReadOnly)(nil, s.SetTakeoutID(1))
}

func TestListSessions(t *testing.T) {
	folder := t.TempDir()
	first := filepath.Join(folder, "s00.session")
	s, err := mtsession.Open(first)
	must(t, err)
	must(t, s.SetDC(2, strings.Repeat("h", 250), 443))
	must(t, s.SetAuthKey(key(1)))
	must(t, s.PutEntity(ada))
	must(t, s.Close())
	file, err := os.ReadFile(first)
	must(t, err)
	for i := range 70 { // More than one page.
		path := filepath.Join(folder, fmt.Sprintf("s%02d.session", i))
		must(t, os.WriteFile(path, file, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(folder, "broken.session"), []byte("no session at all"), 0o600))
	all := collect(t, mtsession.ListSessions(folder))
	if len(all) != 71 {
		t.Fatalf("%d sessions", len(all))
	}
	var e *mtsession.Error
	if !errors.As(all[0].Err, &e) || e.Status != mtsession.ErrFormat || e.Message == "" {
		t.Errorf("broken.session: %+v", all[0])
	}
	for i, info := range all[1:] {
		if info.Err != nil || info.Name != fmt.Sprintf("s%02d", i) || info.DC != 2 ||
			info.Port != 443 || len(info.Host) != 250 || info.AuthKeyID == 0 || info.Entities != 1 || info.Format == "" {
			t.Errorf("%+v", info)
		}
	}
	for _, err := range mtsession.ListSessions(filepath.Join(folder, "nowhere")) {
		if !errors.Is(err, mtsession.ErrIO) || !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	for range mtsession.ListSessions(folder) {
		break
	}

	// As deep as a path can be, which the record and the message hold.
	for len(folder) < 3750 {
		folder = filepath.Join(folder, strings.Repeat("d", 250))
	}
	must(t, os.MkdirAll(folder, 0o700))
	name := strings.Repeat("n", 240)
	must(t, os.WriteFile(filepath.Join(folder, name+".session"), []byte("?"), 0o600))
	all = collect(t, mtsession.ListSessions(folder))
	if len(all) != 1 || all[0].Name != name || len(all[0].Path) < 3990 || all[0].Err == nil {
		t.Errorf("%+v", all)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "a.session")
	_, err := mtsession.Open(path)
	var e *mtsession.Error
	var errno syscall.Errno
	switch {
	case !errors.Is(err, mtsession.ErrIO), !errors.Is(err, fs.ErrNotExist), !errors.As(err, &e),
		!errors.As(err, &errno), errno != syscall.ENOENT, e.Errno != syscall.ENOENT,
		!strings.Contains(e.Message, filepath.Dir(path)), !strings.HasPrefix(err.Error(), "mtsession: "):
		t.Errorf("%#v", err)
	}
	if errors.Is(err, mtsession.ErrBusy) {
		t.Error("it is every status at once")
	}
	if got := mtsession.ErrNotFound.Error(); got != "mtsession: not found" {
		t.Error(got)
	}
	if got := mtsession.ErrReadOnly.Error(); got != "mtsession: read only" {
		t.Error(got)
	}
	if got := mtsession.ErrReadOnly.Name(); got != "MTS_E_READ_ONLY" {
		t.Error(got)
	}
	if got := mtsession.Status(-99).Name(); got != "unknown status" {
		t.Error(got)
	}
	if mtsession.Version() == "" {
		t.Error("no version")
	}
	fails[*mtsession.Session](t, mtsession.ErrFormat)(mtsession.FromString("1abc"))
	fails[*mtsession.Session](t, mtsession.ErrFormat)(mtsession.FromPacked([]byte{1, 2, 3}))
	fails[*mtsession.Session](t, mtsession.ErrArgument)(mtsession.Open(""))
	var nothing mtsession.Session
	fails[error](t, mtsession.ErrArgument)(nil, nothing.Save())
}

func TestNilIsRefusedByItsName(t *testing.T) {
	s, err := mtsession.Memory()
	must(t, err)
	defer s.Close()
	_, storage := mtsession.Custom(nil)
	_, option := mtsession.Memory(mtsession.MaxEntities(1), nil)
	for says, err := range map[string]error{
		"storage is nil": storage, "option 1 is nil": option, "batch is nil": s.PutBatch(nil),
	} {
		if !errors.Is(err, mtsession.ErrArgument) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.session")
	fails[*mtsession.Session](t, mtsession.ErrIO)(mtsession.Open(path, mtsession.Existing()))
	s, err := mtsession.Open(path, mtsession.Schema8(), mtsession.StoreTmpAuthKey(),
		mtsession.NoEntities(), mtsession.Shared(), mtsession.BusyTimeout(0),
		mtsession.MaxEntities(math.MaxInt), mtsession.MaxDirty(1),
		mtsession.MaxDirtyAge(1000*time.Hour*24))
	must(t, err)
	want(t, false)(s.SaveEntities())
	must(t, s.SetDC(2, "149.154.167.51", 443))
	must(t, s.SetAuthKey(key(1)))
	must(t, s.SetTmpAuthKey(key(2)))
	must(t, s.Close())
	s, err = mtsession.Open(path, mtsession.StoreTmpAuthKey())
	must(t, err)
	want(t, key(2))(s.TmpAuthKey())
	fails[*mtsession.Session](t, mtsession.ErrOwned)(mtsession.Open(path))
	must(t, s.Close())

	for _, journal := range []mtsession.Option{
		mtsession.JournalRollback(), mtsession.JournalWAL(), mtsession.JournalWALProcessSafe(),
	} {
		s, err = mtsession.Open(path, journal)
		must(t, err)
		must(t, s.SetTakeoutID(1))
		must(t, s.Close())
	}

	for _, wrong := range []mtsession.Option{
		mtsession.BusyTimeout(-1), mtsession.MaxDirtyAge(-1), mtsession.MaxEntities(0),
		mtsession.MaxDirty(-1),
	} {
		fails[*mtsession.Session](t, mtsession.ErrArgument)(mtsession.Open(path, wrong))
	}
	fails[*mtsession.Session](t, mtsession.ErrArgument)(mtsession.Memory(mtsession.ReadOnly()))
}

func TestNotices(t *testing.T) {
	storage := newMapStorage()
	s, err := mtsession.Custom(storage, mtsession.MaxDirty(1))
	must(t, err)
	defer s.Close()
	if got := collect(t, s.Notices()); len(got) != 0 {
		t.Error(got)
	}
	storage.fail = errors.New(strings.Repeat("the database is away ", 60))
	must(t, s.PutEntity(ada))
	got := collect(t, s.Notices())
	if len(got) != 1 || got[0].Kind != mtsession.NoticeSaveFailed ||
		!strings.Contains(got[0].Text, "the database is away") || len(got[0].Text) < 600 {
		t.Errorf("%+v", got)
	}
	storage.fail = nil
	must(t, s.Close())
}

func TestAnUnclosedSessionIsSavedWhenItIsGarbage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.session")
	func() {
		s, err := mtsession.Open(path)
		must(t, err)
		must(t, s.PutEntity(ada))
	}()
	for {
		runtime.GC()
		s, err := mtsession.Open(path)
		if errors.Is(err, mtsession.ErrOwned) {
			continue
		}
		must(t, err)
		want(t, ada)(s.EntityByID(ada.ID))
		must(t, s.Close())
		return
	}
}

// Many goroutines, on one session that is closed among them.
func TestGoroutines(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		var group sync.WaitGroup
		closed := func(err error) bool {
			if err != nil && !errors.Is(err, mtsession.ErrClosed) && err != mtsession.ErrNotFound {
				t.Error(err)
			}
			return errors.Is(err, mtsession.ErrClosed)
		}
		for worker := range int64(4) {
			group.Add(1)
			go func() {
				defer group.Done()
				for i := int64(1); ; i++ {
					id := worker*100 + i%100 + 1
					name := fmt.Sprintf("user%d", id)
					_, looked := s.InputPeerByUsername(name)
					_, known := s.EntityByID(id)
					for _, err := range s.Entities() {
						closed(err)
						break
					}
					if closed(s.PutEntity(mtsession.Entity{ID: id, AccessHash: i, Usernames: []string{name}})) ||
						closed(s.SetUpdateState(mtsession.UpdateState{ID: id, Pts: int32(i), Fields: mtsession.StatePts})) ||
						closed(looked) || closed(known) {
						return
					}
					if i%50 == 0 && closed(s.Save()) {
						return
					}
				}
			}()
		}
		for {
			n, err := s.EntityCount()
			must(t, err)
			if n == 400 {
				break
			}
			runtime.Gosched()
		}
		must(t, s.Close())
		group.Wait()
	})
}

// A look-up allocates nothing, found or not.

var _ io.Closer = (*mtsession.Session)(nil)
