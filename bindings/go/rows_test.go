package mtsession_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"mtsession"
)

func TestLogin(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		fails[mtsession.DC](t, mtsession.ErrNotFound)(s.DC())
		fails[[]byte](t, mtsession.ErrNotFound)(s.AuthKey())
		fails[uint64](t, mtsession.ErrNotFound)(s.AuthKeyID())
		fails[[]byte](t, mtsession.ErrNotFound)(s.TmpAuthKey())
		fails[int64](t, mtsession.ErrNotFound)(s.TakeoutID())
		fails[string](t, mtsession.ErrNotFound)(s.ToString())
		fails[[]byte](t, mtsession.ErrNotFound)(s.ToPacked())
		want(t, mtsession.Identity{})(s.Identity())

		identity := mtsession.Identity{UserID: 99, APIID: 6, Flags: mtsession.IdentityBot}
		must(t, s.SetDC(2, "149.154.167.51", 443))
		must(t, s.SetAuthKey(key(1)))
		must(t, s.SetTmpAuthKey(key(2)))
		must(t, s.SetTakeoutID(math.MinInt64))
		must(t, s.SetIdentity(identity))
		want(t, key(2))(s.TmpAuthKey())
		must(t, s.ClearTmpAuthKey())
		fails[[]byte](t, mtsession.ErrNotFound)(s.TmpAuthKey())
		if kept {
			must(t, s.Close())
			s = open()
		}
		want(t, mtsession.DC{ID: 2, Host: "149.154.167.51", Port: 443})(s.DC())
		want(t, key(1))(s.AuthKey())
		want(t, int64(math.MinInt64))(s.TakeoutID())
		want(t, identity)(s.Identity())
		if id, err := s.AuthKeyID(); id == 0 || err != nil {
			t.Error(id, err)
		}

		text, err := s.ToString()
		must(t, err)
		packed, err := s.ToPacked()
		must(t, err)
		if len(text) != 353 || len(packed) != 263 {
			t.Errorf("%d characters, %d bytes", len(text), len(packed))
		}
		for _, copy := range []func() (*mtsession.Session, error){
			func() (*mtsession.Session, error) { return mtsession.FromString(text) },
			func() (*mtsession.Session, error) { return mtsession.FromPacked(packed) },
		} {
			other, err := copy()
			must(t, err)
			want(t, key(1))(other.AuthKey())
			must(t, other.Close())
		}

		must(t, s.ClearTakeoutID())
		must(t, s.ClearAuthKey())
		fails[int64](t, mtsession.ErrNotFound)(s.TakeoutID())
		fails[[]byte](t, mtsession.ErrNotFound)(s.AuthKey())
		for _, wrong := range []error{
			s.SetAuthKey(nil), s.SetAuthKey(key(1)[1:]), s.SetTmpAuthKey(nil), s.SetHome(2, nil),
			s.SetDC(0, "149.154.167.51", 443), s.SetDC(2, "", 443), s.SetDC(2, "a\x00b", 443),
			s.SetDC(2, "149.154.167.51", 0), s.SetDC(2, "\xff", 443),
		} {
			if !errors.Is(wrong, mtsession.ErrArgument) {
				t.Error(wrong)
			}
		}
	})
}

func TestOtherDataCenters(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		want(t, []mtsession.DC(nil))(s.DCOptions())
		want(t, []mtsession.Salt(nil))(s.Salts(2))
		fails[mtsession.Key](t, mtsession.ErrNotFound)(s.Key(4, mtsession.SlotPermanent))

		// More than one page of each.
		var dcs []mtsession.DC
		var salts []mtsession.Salt
		for i := range 70 {
			dcs = append(dcs, mtsession.DC{
				ID: int32(i%5 + 1), Host: fmt.Sprintf("10.0.0.%d", i), Port: uint16(i + 1),
			})
			salts = append(salts, mtsession.Salt{
				Salt: int64(-i), Since: 1700000000 + int64(i)*1800, Until: 1700003600 + int64(i)*1800,
			})
		}
		dcs[0].Flags = mtsession.DCTCPOOnly | mtsession.DCMediaOnly | mtsession.DCStatic
		dcs[0].Secret = bytes.Repeat([]byte{7}, 32)
		media := mtsession.Key{
			DC: 4, Slot: mtsession.SlotMediaTemporary, Created: 1700000000, Expires: 1700086400,
			UserID: 99, Key: key(4),
		}
		must(t, s.SetDC(2, "149.154.167.51", 443))
		must(t, s.SetAuthKey(key(1)))
		must(t, s.PutDCOptions(dcs))
		must(t, s.PutSalts(2, salts))
		must(t, s.PutKey(media))
		must(t, s.PutKey(mtsession.Key{DC: 5, Key: key(5)}))
		must(t, s.SetHome(3, key(3)))
		if kept {
			must(t, s.Save())
			must(t, s.Close())
			s = open()
		}
		want(t, dcs)(s.DCOptions())
		want(t, salts)(s.Salts(2))
		if kept {
			// Temporary keys are not stored unless that was asked for.
			fails[mtsession.Key](t, mtsession.ErrNotFound)(s.Key(4, mtsession.SlotMediaTemporary))
		} else {
			want(t, media)(s.Key(4, mtsession.SlotMediaTemporary))
		}
		want(t, mtsession.DC{ID: 3, Host: "10.0.0.2", Port: 3})(s.DC())
		want(t, key(3))(s.AuthKey())
		home, err := s.Key(2, mtsession.SlotPermanent)
		must(t, err)
		want(t, key(1))(home.Key, nil)
		must(t, s.ForgetKey(5, mtsession.SlotPermanent))
		fails[error](t, mtsession.ErrNotFound)(nil, s.ForgetKey(5, mtsession.SlotPermanent))
		must(t, s.PutSalts(2, nil))
		must(t, s.PutDCOptions(nil))
		want(t, []mtsession.DC(nil))(s.DCOptions())

		long := strings.Repeat("h", 256)
		for _, wrong := range []error{
			s.PutKey(mtsession.Key{DC: 4}),
			s.PutDCOptions([]mtsession.DC{{ID: 1, Host: long, Port: 1}}),
			s.PutDCOptions([]mtsession.DC{{ID: 1, Host: "a", Port: 1, Secret: []byte(long)}}),
			s.PutDCOptions([]mtsession.DC{{ID: 1, Host: "10.0.0.1", Port: 0}}),
		} {
			if !errors.Is(wrong, mtsession.ErrArgument) {
				t.Error(wrong)
			}
		}
	})
}

func TestAKeyIsNotPrinted(t *testing.T) {
	secret := mtsession.Key{DC: 4, Key: []byte(strings.Repeat("K", mtsession.AuthKeyLen))}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&out, verb, secret)
		fmt.Fprintf(&out, verb, &secret)
		fmt.Fprintf(&out, verb, []mtsession.Key{secret})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", secret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", secret)
	for _, shown := range []string{"KKK", "4b4b", "4B4B", "75 75", "75, 75", "S0tL"} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("the key is in %q", out.String())
		}
	}
}

func TestRecordsArePrintedWithoutPadding(t *testing.T) {
	for _, record := range []any{mtsession.InputPeer{}, mtsession.File{}} {
		if text := fmt.Sprintf("%+v", record); strings.Contains(text, "_:") {
			t.Error(text)
		}
	}
}

func TestEntities(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		must(t, s.PutEntity(ada))
		must(t, s.PutEntities([]mtsession.Entity{news, group}))
		var batch mtsession.EntityBatch
		batch.Add(news)
		batch.Reset()
		batch.Add(bare)
		if batch.Len() != 1 {
			t.Error(batch.Len())
		}
		must(t, s.PutBatch(&batch))
		must(t, s.PutBatch(new(mtsession.EntityBatch)))
		must(t, s.PutEntities(nil))
		if kept {
			must(t, s.Close())
			s = open()
		}
		want(t, uint64(4))(s.EntityCount())
		want(t, []mtsession.Entity{news, group, ada, bare})(collect(t, s.Entities()), nil)

		want(t, mtsession.InputPeer{
			ID: ada.ID, BareID: ada.ID, AccessHash: ada.AccessHash, Seen: ada.Seen,
			Kind: mtsession.PeerUser,
		})(s.InputPeer("https://t.me/Countess"))
		for _, look := range []func() (mtsession.InputPeer, error){
			func() (mtsession.InputPeer, error) { return s.InputPeer("+1 555 000-11-11") },
			func() (mtsession.InputPeer, error) { return s.InputPeer("Ada 🧮 Lovelace", mtsession.LookNames) },
			func() (mtsession.InputPeer, error) { return s.InputPeerByID(ada.ID) },
			func() (mtsession.InputPeer, error) { return s.InputPeerByID(ada.ID, mtsession.LookBareID) },
			func() (mtsession.InputPeer, error) { return s.InputPeerByUsername("@ADA") },
			func() (mtsession.InputPeer, error) { return s.InputPeerByPhone("+1 555 000 1111") },
			func() (mtsession.InputPeer, error) { return s.InputPeerByName(ada.Name) },
			func() (mtsession.InputPeer, error) {
				return s.InputPeerByID(ada.ID, mtsession.LookBareID, mtsession.LookMemoryOnly)
			},
		} {
			if peer, err := look(); err != nil || peer.ID != ada.ID {
				t.Error(peer, err)
			}
		}
		for _, look := range []func() (mtsession.Entity, error){
			func() (mtsession.Entity, error) { return s.Entity("@ada") },
			func() (mtsession.Entity, error) { return s.EntityByID(ada.ID) },
			func() (mtsession.Entity, error) { return s.EntityByUsername("countess") },
			func() (mtsession.Entity, error) { return s.EntityByPhone("15550001111") },
			func() (mtsession.Entity, error) { return s.EntityByName(ada.Name) },
		} {
			want(t, ada)(look())
		}
		want(t, news)(s.EntityByID(777, mtsession.LookBareID))
		fails[mtsession.InputPeer](t, mtsession.ErrNotFound)(s.InputPeer("@nobody"))
		fails[mtsession.InputPeer](t, mtsession.ErrNotFound)(s.InputPeer(ada.Name))
		fails[mtsession.InputPeer](t, mtsession.ErrNotFound)(s.InputPeer(""))
		fails[mtsession.Entity](t, mtsession.ErrNotFound)(s.EntityByPhone("1"))
		fails[mtsession.InputPeer](t, mtsession.ErrArgument)(s.InputPeer("\xff"))

		// Merging is the library's: a bare entity keeps the texts, a whole one clears them.
		must(t, s.PutEntity(mtsession.Entity{ID: ada.ID, AccessHash: 2222, Flags: mtsession.EntityBare}))
		if e, err := s.EntityByID(ada.ID); err != nil || e.AccessHash != 2222 || e.Phone != ada.Phone {
			t.Error(e, err)
		}
		must(t, s.PutEntity(mtsession.Entity{ID: ada.ID, AccessHash: 2222, Flags: mtsession.EntityWhole}))
		if e, err := s.EntityByID(ada.ID); err != nil || e.Username() != "" || e.Name != "" {
			t.Error(e, err)
		}

		// Two of one name: the one seen last, and the status that says so.
		must(t, s.PutEntity(mtsession.Entity{ID: 501, AccessHash: 1, Seen: 1700000100, Name: "Twin"}))
		must(t, s.PutEntity(mtsession.Entity{ID: 502, AccessHash: 2, Seen: 1700000200, Name: "Twin"}))
		if peer, err := s.InputPeerByName("Twin"); err != mtsession.ErrAmbiguous || peer.ID != 502 {
			t.Error(peer, err)
		}
		if e, err := s.EntityByName("Twin"); err != mtsession.ErrAmbiguous || e.Name != "Twin" {
			t.Error(e, err)
		}

		must(t, s.ForgetEntity(501))
		fails[error](t, mtsession.ErrNotFound)(nil, s.ForgetEntity(501))
		err := s.PutEntities([]mtsession.Entity{{ID: 601, AccessHash: 1}, {ID: 0}})
		if !errors.Is(err, mtsession.ErrArgument) || !strings.Contains(err.Error(), "record 1") {
			t.Error(err)
		}
		fails[mtsession.Entity](t, mtsession.ErrNotFound)(s.EntityByID(601))

		want(t, true)(s.SaveEntities())
		must(t, s.SetSaveEntities(false))
		want(t, false)(s.SaveEntities())
		must(t, s.PutEntity(mtsession.Entity{ID: 701, AccessHash: 1}))
		fails[mtsession.Entity](t, mtsession.ErrNotFound)(s.EntityByID(701))
	})
}

func TestMarkedAndBareIDs(t *testing.T) {
	s, err := mtsession.Memory()
	must(t, err)
	defer s.Close()
	const channel = math.MaxInt64 - 1_000_000_000_000
	for _, peer := range []mtsession.InputPeer{
		{Kind: mtsession.PeerUser, BareID: 1, ID: 1},
		{Kind: mtsession.PeerUser, BareID: math.MaxInt64, ID: math.MaxInt64},
		{Kind: mtsession.PeerChat, BareID: 1, ID: mtsession.ChatID(1)},
		{Kind: mtsession.PeerChat, BareID: 999999999999, ID: mtsession.ChatID(999999999999)},
		{Kind: mtsession.PeerChannel, BareID: 1, ID: mtsession.ChannelID(1)},
		{Kind: mtsession.PeerChannel, BareID: 777, ID: news.ID},
		{Kind: mtsession.PeerChannel, BareID: channel, ID: mtsession.ChannelID(channel)},
	} {
		peer.Seen = 1700000000
		e := mtsession.Entity{ID: peer.ID, Seen: peer.Seen, Flags: mtsession.EntityBare}
		if e.Kind() != peer.Kind || e.BareID() != peer.BareID {
			t.Errorf("%+v: kind %d, bare id %d", peer, e.Kind(), e.BareID())
		}
		must(t, s.PutEntity(e)) // The library says the same.
		want(t, peer)(s.InputPeerByID(peer.ID))
	}
	for _, id := range []int64{
		mtsession.ChatID(0), mtsession.ChatID(-4444), mtsession.ChatID(1_000_000_000_000),
		mtsession.ChannelID(0), mtsession.ChannelID(news.ID), mtsession.ChannelID(channel + 1),
	} {
		if id != 0 {
			t.Errorf("%d marks somebody", id)
		}
	}
	if id := mtsession.BareID(math.MinInt64); id != channel+1 {
		t.Error(id)
	}
}

func TestManyAndLargeEntities(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		var entities []mtsession.Entity
		for i := range 1000 {
			entities = append(entities, mtsession.Entity{
				ID: int64(i + 1), AccessHash: int64(i), Seen: 1700000000,
				Usernames: []string{fmt.Sprintf("user%d", i)}, Name: strings.Repeat("n", i%60),
			})
		}
		large := mtsession.Entity{
			ID: 5000, AccessHash: 1, Seen: 1700000000,
			Name: strings.Repeat("ж", 2048),
		}
		for i := range 292 { // 4095 bytes in all
			large.Usernames = append(large.Usernames, fmt.Sprintf("username_%04d", i))
		}
		entities = append(entities, large)
		must(t, s.PutEntities(entities))
		must(t, s.Save())
		want(t, entities)(collect(t, s.Entities()), nil)
		want(t, entities[200:])(collect(t, s.EntitiesAfter(200)), nil)
		want(t, []mtsession.Entity(nil))(collect(t, s.EntitiesAfter(5000)), nil)
		want(t, large)(s.EntityByID(5000))
		for e, err := range s.Entities() {
			must(t, err)
			if e.ID == 3 {
				break // A range may be left.
			}
		}
	})
}

func TestUpdateStates(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		account := mtsession.UpdateState{
			Date: 1700000000, Pts: 10, Qts: 20, Seq: 30, Fields: mtsession.StateAll,
		}
		fails[mtsession.UpdateState](t, mtsession.ErrNotFound)(s.UpdateState(0))
		fails[error](t, mtsession.ErrNotFound)(nil, s.SetUpdateState(account, mtsession.MustExist))
		must(t, s.PutEntity(news))
		must(t, s.SetUpdateState(account))
		must(t, s.SetUpdateState(
			mtsession.UpdateState{Pts: 11, Fields: mtsession.StatePts}, mtsession.MustExist))
		states := []mtsession.UpdateState{{ID: 777, Pts: 5, Fields: mtsession.StatePts}}
		for id := int64(1000); id < 1300; id++ {
			states = append(states, mtsession.UpdateState{
				ID: id, Pts: math.MaxInt32, Date: 1700000000, Fields: mtsession.StateAll,
			})
		}
		must(t, s.SetUpdateStates(states))
		must(t, s.SetUpdateStates(nil))
		if kept {
			must(t, s.Close())
			s = open()
		}
		account.Pts = 11
		want(t, account)(s.UpdateState(0))
		states[0].AccessHash = news.AccessHash
		states[0].Fields = mtsession.StateAll | mtsession.StateAccessHash
		want(t, states[0])(s.UpdateState(777))
		want(t, append([]mtsession.UpdateState{account}, states...))(collect(t, s.UpdateStates()), nil)
		want(t, states)(collect(t, s.UpdateStatesAfter(0)), nil)
		want(t, states[101:])(collect(t, s.UpdateStatesAfter(1099)), nil)
		must(t, s.RemoveUpdateState(777))
		fails[error](t, mtsession.ErrNotFound)(nil, s.RemoveUpdateState(777))

		for _, wrong := range []error{
			s.SetUpdateState(mtsession.UpdateState{ID: -1, Pts: 1, Fields: mtsession.StatePts}),
			s.SetUpdateState(mtsession.UpdateState{ID: 0, Pts: 0, Fields: mtsession.StatePts}),
			s.SetUpdateState(mtsession.UpdateState{ID: 5, Pts: 1}),
			s.RemoveUpdateState(-1),
		} {
			if !errors.Is(wrong, mtsession.ErrArgument) {
				t.Error(wrong)
			}
		}
	})
}

func TestFilesAndValues(t *testing.T) {
	storages(t, func(t *testing.T, open func() *mtsession.Session, kept bool) {
		s := open()
		photo := mtsession.File{
			MD5: [16]byte{1, 2, 3}, Size: 1000, ID: math.MinInt64, AccessHash: -1,
			Kind: mtsession.FilePhoto,
		}
		large := bytes.Repeat([]byte("large"), 1000)
		fails[mtsession.File](t, mtsession.ErrNotFound)(s.File(photo.MD5, 1000, mtsession.FilePhoto))
		fails[[]byte](t, mtsession.ErrNotFound)(s.Value("config"))
		must(t, s.CacheFile(photo))
		must(t, s.PutValue("config", large, mtsession.ValueDurable))
		must(t, s.PutValue("empty", nil))
		must(t, s.PutValue("gone", []byte{0}))
		must(t, s.Save())
		must(t, s.RemoveValue("gone", mtsession.ValueDurable))
		if kept {
			must(t, s.Close())
			s = open()
		}
		want(t, photo)(s.File(photo.MD5, 1000, mtsession.FilePhoto))
		fails[mtsession.File](t, mtsession.ErrNotFound)(s.File(photo.MD5, 1000, mtsession.FileDocument))
		want(t, large)(s.Value("config"))
		want(t, []byte{})(s.Value("empty"))
		fails[[]byte](t, mtsession.ErrNotFound)(s.Value("gone"))
		fails[error](t, mtsession.ErrNotFound)(nil, s.RemoveValue("gone"))
		fails[error](t, mtsession.ErrArgument)(nil, s.PutValue("", nil))
		fails[error](t, mtsession.ErrArgument)(nil, s.PutValue("mts:mine", nil))
	})
}

func TestLookUpsDoNotAllocate(t *testing.T) {
	s, err := mtsession.Memory()
	must(t, err)
	defer s.Close()
	must(t, s.PutEntities([]mtsession.Entity{ada, news}))
	must(t, s.SetUpdateState(mtsession.UpdateState{ID: 777, Pts: 5, Fields: mtsession.StatePts}))
	var file mtsession.File
	must(t, s.CacheFile(file))
	username := []byte("countess")
	for name, look := range map[string]func() error{
		"text":        func() error { _, err := s.InputPeer("https://t.me/ada"); return err },
		"id":          func() error { _, err := s.InputPeerByID(ada.ID); return err },
		"bare id":     func() error { _, err := s.InputPeerByID(777, mtsession.LookBareID); return err },
		"username":    func() error { _, err := s.InputPeerByUsername(string(username)); return err },
		"phone":       func() error { _, err := s.InputPeerByPhone("15550001111"); return err },
		"name":        func() error { _, err := s.InputPeerByName(ada.Name); return err },
		"state":       func() error { _, err := s.UpdateState(777); return err },
		"file":        func() error { _, err := s.File(file.MD5, 0, file.Kind); return err },
		"identity":    func() error { _, err := s.Identity(); return err },
		"not found":   func() error { _, err := s.InputPeer("@nobody"); return err },
		"unknown id":  func() error { _, err := s.InputPeerByID(1); return err },
		"no state":    func() error { _, err := s.UpdateState(1); return err },
		"not a name":  func() error { _, err := s.InputPeerByName("Nobody"); return err },
		"one of more": func() error { _, err := s.InputPeerByID(ada.ID, mtsession.LookMemoryOnly); return err },
	} {
		var failed error
		allocations := testing.AllocsPerRun(1000, func() { failed = look() })
		if failed != nil && failed != mtsession.ErrNotFound {
			t.Errorf("%s: %v", name, failed)
		}
		if allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
	// An entity has texts: one allocation for them all, one for the list of usernames.
	allocations := testing.AllocsPerRun(1000, func() { _, _ = s.EntityByID(ada.ID) })
	if allocations > 2 {
		t.Errorf("an entity: %v allocations", allocations)
	}
}
