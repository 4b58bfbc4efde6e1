package adapter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mtsession"
	"mtsession/adapter"
)

// The client's own types and interfaces, as gotd has them.
type (
	State struct{ Pts, Qts, Date, Seq int }
	Key   struct {
		Prefix string
		ID     int64
	}
	Value          struct{ AccessHash int64 }
	InputPeerClass interface{ TypeName() string }
	InputPeerUser  struct{ UserID, AccessHash int64 }

	sessionStorage interface {
		LoadSession(ctx context.Context) ([]byte, error)
		StoreSession(ctx context.Context, data []byte) error
	}
	stateStorage interface {
		GetState(ctx context.Context, userID int64) (state State, found bool, err error)
		SetState(ctx context.Context, userID int64, state State) error
		SetPts(ctx context.Context, userID int64, pts int) error
		SetQts(ctx context.Context, userID int64, qts int) error
		SetDate(ctx context.Context, userID int64, date int) error
		SetSeq(ctx context.Context, userID int64, seq int) error
		SetDateSeq(ctx context.Context, userID int64, date, seq int) error
		GetChannelPts(ctx context.Context, userID, channelID int64) (pts int, found bool, err error)
		SetChannelPts(ctx context.Context, userID, channelID int64, pts int) error
		ForEachChannels(ctx context.Context, userID int64,
			f func(ctx context.Context, channelID int64, pts int) error) error
	}
	accessHasher interface {
		SetChannelAccessHash(ctx context.Context, userID, channelID, accessHash int64) error
		GetChannelAccessHash(ctx context.Context, userID, channelID int64) (hash int64, found bool, err error)
		SetUserAccessHash(ctx context.Context, userID, targetUserID, accessHash int64) error
		GetUserAccessHash(ctx context.Context, userID, targetUserID int64) (hash int64, found bool, err error)
	}
	peerStorage interface {
		Save(ctx context.Context, key Key, value Value) error
		Find(ctx context.Context, key Key) (value Value, found bool, _ error)
		SavePhone(ctx context.Context, phone string, key Key) error
		FindPhone(ctx context.Context, phone string) (key Key, value Value, found bool, err error)
		GetContactsHash(ctx context.Context) (int64, error)
		SaveContactsHash(ctx context.Context, hash int64) error
	}
	resolver interface {
		ResolveDomain(ctx context.Context, domain string) (InputPeerClass, error)
		ResolvePhone(ctx context.Context, phone string) (InputPeerClass, error)
	}
)

func (InputPeerUser) TypeName() string { return "inputPeerUser" }

// client is what a client holds of its storages.
type client struct {
	session  *mtsession.Session
	login    sessionStorage
	states   stateStorage
	hashes   accessHasher
	peers    peerStorage
	resolver resolver
}

func start(t *testing.T, path string) *client {
	t.Helper()
	s, err := mtsession.Open(path)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return &client{
		session: s,
		login:   adapter.SessionStorage{Session: s},
		states:  adapter.StateStorage[State]{Session: s},
		hashes:  adapter.AccessHasher{Session: s},
		peers:   adapter.PeerStorage[Key, Value]{Session: s},
		resolver: adapter.Resolver[InputPeerClass]{
			Session: s,
			Make: func(peer mtsession.InputPeer) InputPeerClass {
				return InputPeerUser{peer.BareID, peer.AccessHash}
			},
			Next: server{},
		},
	}
}

// server is the resolver that would ask the server.
type server struct{}

var asked = errors.New("the server was asked")

func (server) ResolveDomain(context.Context, string) (InputPeerClass, error) { return nil, asked }
func (server) ResolvePhone(context.Context, string) (InputPeerClass, error)  { return nil, asked }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, wanted any, got ...any) {
	t.Helper()
	for _, err := range got[1:] {
		if err != nil && !reflect.DeepEqual(err, true) {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got[0], wanted) {
		t.Errorf("got %v, wanted %v", got[0], wanted)
	}
}

func sameJSON(t *testing.T, wanted, got []byte) {
	t.Helper()
	var a, b any
	for data, into := range map[*[]byte]*any{&wanted: &a, &got: &b} {
		decoder := json.NewDecoder(bytes.NewReader(*data))
		decoder.UseNumber()
		must(t, decoder.Decode(into))
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got %s\nwanted %s", got, wanted)
	}
}

const me = 4242

func TestAClientsLife(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "client.session")
	blob, err := os.ReadFile("../../../tests/fixtures/foreign/gotd-session.json")
	must(t, err)

	// It starts for the first time, and knows nothing.
	c := start(t, path)
	if data, err := c.login.LoadSession(ctx); data != nil || err != nil {
		t.Fatalf("%s %v", data, err)
	}
	if _, found, err := c.states.GetState(ctx, me); found || err != nil {
		t.Fatal(found, err)
	}
	for name, set := range map[string]func() error{
		"pts":  func() error { return c.states.SetPts(ctx, me, 1) },
		"qts":  func() error { return c.states.SetQts(ctx, me, 1) },
		"date": func() error { return c.states.SetDate(ctx, me, 1) },
		"seq":  func() error { return c.states.SetSeq(ctx, me, 1) },
		"both": func() error { return c.states.SetDateSeq(ctx, me, 1, 1) },
	} {
		if err := set(); !errors.Is(err, mtsession.ErrNotFound) {
			t.Errorf("%s of no state: %v", name, err)
		}
	}

	// It logs in and stores what it knows of that.
	must(t, c.login.StoreSession(ctx, blob))
	must(t, c.states.SetState(ctx, me, State{Pts: 10, Qts: 20, Date: 1700000000, Seq: 30}))

	// It meets peers: their hashes, phones, usernames.
	must(t, c.hashes.SetChannelAccessHash(ctx, me, 777, -7))
	must(t, c.hashes.SetUserAccessHash(ctx, me, 99, 9))
	must(t, c.peers.Save(ctx, Key{"users_", 100}, Value{1}))
	must(t, c.peers.SavePhone(ctx, "+1 555 000 1111", Key{"users_", 100}))
	must(t, c.peers.Save(ctx, Key{"channel_", 100}, Value{2}))
	must(t, c.peers.Save(ctx, Key{"chats_", 100}, Value{}))
	must(t, c.peers.SaveContactsHash(ctx, -5))
	must(t, c.session.PutEntities([]mtsession.Entity{
		adapter.UserEntity(&user{id: 500, hash: 50, username: "ada", phone: "15550002222", first: "Ada"}, "ada", "countess"),
		adapter.ChannelEntity(&channel{id: 777, hash: -7, username: "mtnews", title: "News", broadcast: true}),
	}))

	// Updates come in.
	must(t, c.states.SetPts(ctx, me, 11))
	must(t, c.states.SetQts(ctx, me, 21))
	must(t, c.states.SetDate(ctx, me, 1700000001))
	must(t, c.states.SetSeq(ctx, me, 31))
	must(t, c.states.SetDateSeq(ctx, me, 1700000002, 32))
	must(t, c.states.SetChannelPts(ctx, me, 777, 5))
	must(t, c.states.SetChannelPts(ctx, me, 778, 6))
	must(t, c.session.Close())

	// It starts again: all of it is there.
	c = start(t, path)
	data, err := c.login.LoadSession(ctx)
	must(t, err)
	sameJSON(t, blob, data)
	state, found, err := c.states.GetState(ctx, me)
	is(t, State{11, 21, 1700000002, 32}, state, found, err)
	pts, found, err := c.states.GetChannelPts(ctx, me, 777)
	is(t, 5, pts, found, err)
	_, found, err = c.states.GetChannelPts(ctx, me, 1)
	is(t, false, found, err)
	channels := make(map[int64]int)
	must(t, c.states.ForEachChannels(ctx, me, func(_ context.Context, id int64, pts int) error {
		channels[id] = pts
		return nil
	}))
	is(t, map[int64]int{777: 5, 778: 6}, channels)
	err = c.states.ForEachChannels(ctx, me, func(context.Context, int64, int) error { return asked })
	is(t, true, err == asked)

	hash, found, err := c.hashes.GetChannelAccessHash(ctx, me, 777)
	is(t, int64(-7), hash, found, err)
	hash, found, err = c.hashes.GetUserAccessHash(ctx, me, 99)
	is(t, int64(9), hash, found, err)
	_, found, err = c.hashes.GetUserAccessHash(ctx, me, 98)
	is(t, false, found, err)
	for key, wanted := range map[Key]int64{{"users_", 100}: 1, {"channel_", 100}: 2, {"chats_", 100}: 0} {
		value, found, err := c.peers.Find(ctx, key)
		is(t, Value{wanted}, value, found, err)
	}
	_, found, err = c.peers.Find(ctx, Key{"users_", 101})
	is(t, false, found, err)
	key, value, found, err := c.peers.FindPhone(ctx, "15550001111")
	is(t, Key{"users_", 100}, key, found, err)
	is(t, Value{1}, value)
	_, _, found, err = c.peers.FindPhone(ctx, "1")
	is(t, false, found, err)
	contacts, err := c.peers.GetContactsHash(ctx)
	is(t, int64(-5), contacts, err)
	peer, err := c.resolver.ResolveDomain(ctx, "Countess")
	is(t, InputPeerUser{500, 50}, peer, err)
	peer, err = c.resolver.ResolvePhone(ctx, "+15550002222")
	is(t, InputPeerUser{500, 50}, peer, err)
	_, err = c.resolver.ResolveDomain(ctx, "nobody")
	is(t, asked, err)
	_, err = c.resolver.ResolvePhone(ctx, "1")
	is(t, asked, err)

	// The login is where Telethon and all others look for it.
	dc, err := c.session.DC()
	is(t, mtsession.DC{ID: 2, Host: "149.154.167.51", Port: 443}, dc, err)
	authKey, err := c.session.AuthKey()
	is(t, byte(0xff), authKey[255], err)
	if stored, err := c.session.Value("gotd:session"); err != nil || bytes.Contains(stored, []byte("AAECAwQ")) {
		t.Errorf("the key is kept twice: %s %v", stored, err)
	}

	// Another account may not get into it.
	for _, err := range []error{
		c.states.SetPts(ctx, me+1, 1),
		c.hashes.SetUserAccessHash(ctx, me+1, 1, 1),
		c.states.ForEachChannels(ctx, me+1, nil),
		func() error { _, _, err := c.states.GetState(ctx, me+1); return err }(),
		func() error { _, _, err := c.states.GetChannelPts(ctx, me+1, 1); return err }(),
		func() error { _, _, err := c.hashes.GetUserAccessHash(ctx, me+1, 1); return err }(),
	} {
		if !errors.Is(err, mtsession.ErrArgument) || !strings.Contains(err.Error(), "4243") {
			t.Error(err)
		}
	}

	// The account moves to another data center.
	moved := bytes.ReplaceAll(blob, []byte(`"ThisDC":2`), []byte(`"ThisDC":4`))
	moved = bytes.ReplaceAll(moved, []byte(`"DC":2,"Addr":""`), []byte(`"DC":4,"Addr":"149.154.167.91:443","New":[1]`))
	must(t, c.login.StoreSession(ctx, moved))
	data, err = c.login.LoadSession(ctx)
	must(t, err)
	sameJSON(t, moved, data)
	dc, err = c.session.DC()
	is(t, mtsession.DC{ID: 4, Host: "149.154.167.91", Port: 443}, dc, err)

	// Another client logs in anew, in the same file: this one is told so in its own words.
	must(t, c.session.SetAuthKey(bytes.Repeat([]byte{7}, mtsession.AuthKeyLen)))
	data, err = c.login.LoadSession(ctx)
	must(t, err)
	var told struct {
		Version int
		Data    struct {
			DC        int
			Addr      string
			AuthKey   []byte
			AuthKeyID []byte
			Config    struct{ DCOptions []struct{ Flags, ID int } }
		}
	}
	must(t, json.Unmarshal(data, &told))
	is(t, 1, told.Version)
	is(t, 4, told.Data.DC)
	is(t, "149.154.167.91:443", told.Data.Addr)
	is(t, bytes.Repeat([]byte{7}, 256), told.Data.AuthKey)
	is(t, 8, len(told.Data.AuthKeyID))
	is(t, 4, len(told.Data.Config.DCOptions))
	is(t, 1026, told.Data.Config.DCOptions[3].Flags)

	// It logs out, and is told so until it logs in again.
	must(t, c.login.StoreSession(ctx, blob))
	must(t, c.session.ClearAuthKey())
	if data, err := c.login.LoadSession(ctx); data != nil || err != nil {
		t.Fatalf("%s %v", data, err)
	}
	must(t, c.login.StoreSession(ctx, blob))
	data, err = c.login.LoadSession(ctx)
	must(t, err)
	sameJSON(t, blob, data)

	// It goes.
	must(t, c.session.Delete())
	c = start(t, path)
	if data, err := c.login.LoadSession(ctx); data != nil || err != nil {
		t.Fatalf("%s %v", data, err)
	}
}

// A login that Telethon made.
func TestTheClientTakesTelethonsLoginOver(t *testing.T) {
	file, err := os.ReadFile("../../../tests/fixtures/telethon/telethon-1.45.0.session")
	must(t, err)
	path := filepath.Join(t.TempDir(), "telethon.session")
	must(t, os.WriteFile(path, file, 0o600))
	c := start(t, path)
	data, err := c.login.LoadSession(context.Background())
	must(t, err)
	must(t, c.login.StoreSession(context.Background(), data))
	again, err := c.login.LoadSession(context.Background())
	must(t, err)
	sameJSON(t, data, again)
	if !bytes.Contains(data, []byte(`"Addr":"149.154.167.`)) {
		t.Errorf("%s", data)
	}
}

// A client that tells no AuthKeyID gets all of its own back, with that, until somebody logs out.
func TestALoginWithoutAnAuthKeyID(t *testing.T) {
	ctx := context.Background()
	s, err := mtsession.Memory()
	must(t, err)
	storage := adapter.SessionStorage{Session: s}
	key := strings.Repeat("A", 340) + "AQ=="
	blob := `{"Data":{"DC":2,"Addr":"149.154.167.51:443","New":[1],"AuthKey":"` + key + `"}}`
	must(t, storage.StoreSession(ctx, []byte(blob)))
	data, err := storage.LoadSession(ctx)
	must(t, err)
	var told struct{ Data map[string]any }
	must(t, json.Unmarshal(data, &told))
	is(t, key, told.Data["AuthKey"])
	is(t, 5, len(told.Data))
	must(t, s.ClearAuthKey())
	if data, err := storage.LoadSession(ctx); data != nil || err != nil {
		t.Fatalf("%s %v", data, err)
	}
}

// Bytes that are not gotd's come back as they are.
func TestOtherBytesAreKeptWhole(t *testing.T) {
	ctx := context.Background()
	key := strings.Repeat("A", 340) + "AA=="
	for _, data := range []string{
		"", "{", "no json", `{"Version":1}`, `{"Version":1,"Data":{"DC":2,"AuthKey":"AAAA"}}`,
		`{"Version":1,"Data":{"DC":2,"Addr":"nowhere","AuthKey":"` + key + `"}}`,
		`{"Version":1,"Data":{"DC":9,"Addr":"","AuthKey":"` + strings.Replace(key, "A", "B", 1) + `"}}`,
		`{"Version":1,"Data":{"DC":9,"Addr":"a:1","Config":{"DCOptions":[{"ID":0}]},"AuthKey":"` + key + `"}}`,
		`{"Version":"one","Data":{"DC":2}}`,
	} {
		s, err := mtsession.Memory()
		must(t, err)
		storage := adapter.SessionStorage{Session: s}
		must(t, storage.StoreSession(ctx, []byte(data)))
		got, err := storage.LoadSession(ctx)
		is(t, data, string(got), err)
		must(t, s.Close())
		if _, err := storage.LoadSession(ctx); !errors.Is(err, mtsession.ErrClosed) {
			t.Error(err)
		}
		if err := storage.StoreSession(ctx, []byte(data)); !errors.Is(err, mtsession.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestNumbersThatCannotBeKept(t *testing.T) {
	ctx := context.Background()
	s, err := mtsession.Memory()
	must(t, err)
	defer s.Close()
	states := adapter.StateStorage[State]{Session: s}
	peers := adapter.PeerStorage[Key, Value]{Session: s}
	for _, err := range []error{
		states.SetState(ctx, me, State{Pts: 1 << 31}),
		states.SetState(ctx, me, State{Pts: 1, Qts: 1 << 31}),
		states.SetState(ctx, me, State{Pts: 1, Seq: -1<<31 - 1}),
		peers.Save(ctx, Key{"groups_", 1}, Value{1}),
		peers.SavePhone(ctx, "1", Key{"", 1}),
		func() error { _, _, err := peers.Find(ctx, Key{"x", 1}); return err }(),
	} {
		if !errors.Is(err, mtsession.ErrArgument) {
			t.Error(err)
		}
	}
	must(t, s.PutValue("gotd:contacts_hash", []byte{1}))
	if _, err := peers.GetContactsHash(ctx); !errors.Is(err, mtsession.ErrCorrupt) {
		t.Error(err)
	}
	if _, err := (adapter.Resolver[InputPeerClass]{Session: s}).ResolveDomain(ctx, "nobody"); !errors.Is(err, mtsession.ErrNotFound) {
		t.Error(err)
	}
}

// user and channel are the client's own, with the methods that gotd generates.
type user struct {
	id, hash                     int64
	username, phone, first, last string
	min, bot                     bool
}

func optional[T comparable](value T) (T, bool) {
	var none T
	return value, value != none
}

func (u *user) GetID() int64                 { return u.id }
func (u *user) GetAccessHash() (int64, bool) { return optional(u.hash) }
func (u *user) GetUsername() (string, bool)  { return optional(u.username) }
func (u *user) GetPhone() (string, bool)     { return optional(u.phone) }
func (u *user) GetFirstName() (string, bool) { return optional(u.first) }
func (u *user) GetLastName() (string, bool)  { return optional(u.last) }
func (u *user) GetMin() bool                 { return u.min }
func (u *user) GetBot() bool                 { return u.bot }
func (u *user) GetPremium() bool             { return false }
func (u *user) GetDeleted() bool             { return false }
func (u *user) GetVerified() bool            { return true }

type channel struct {
	id, hash         int64
	username, title  string
	min, broadcast   bool
	megagroup, forum bool
}

func (c *channel) GetID() int64                 { return c.id }
func (c *channel) GetAccessHash() (int64, bool) { return optional(c.hash) }
func (c *channel) GetUsername() (string, bool)  { return optional(c.username) }
func (c *channel) GetTitle() string             { return c.title }
func (c *channel) GetMin() bool                 { return c.min }
func (c *channel) GetBroadcast() bool           { return c.broadcast }
func (c *channel) GetMegagroup() bool           { return c.megagroup }
func (c *channel) GetGigagroup() bool           { return false }
func (c *channel) GetForum() bool               { return c.forum }
func (c *channel) GetVerified() bool            { return false }

func TestEntitiesOfTheClientsObjects(t *testing.T) {
	is(t, mtsession.Entity{
		ID: 1, AccessHash: 2, Usernames: []string{"a", "b"}, Phone: "3", Name: "First Last",
		Flags: mtsession.EntityWhole | mtsession.EntityBot | mtsession.EntityVerified,
	}, adapter.UserEntity(&user{1, 2, "a", "3", "First", "Last", false, true}, "a", "b"))
	is(t, mtsession.Entity{
		ID: 1, Name: "Last", Flags: mtsession.EntityMin | mtsession.EntityNoHash | mtsession.EntityVerified,
	}, adapter.UserEntity(&user{id: 1, last: "Last", min: true}))
	is(t, mtsession.Entity{
		ID: -1000000000005, AccessHash: 6, Usernames: []string{"c"}, Name: "Title",
		Flags: mtsession.EntityWhole | mtsession.EntityMegagroup | mtsession.EntityForum,
	}, adapter.ChannelEntity(&channel{id: 5, hash: 6, username: "c", title: "Title", megagroup: true, forum: true}))
}
