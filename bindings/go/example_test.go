package mtsession_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"mtsession"
)

// scratch is a folder for an example.
func scratch() (path string, remove func()) {
	folder, err := os.MkdirTemp("", "mtsession")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(folder, "me.session"), func() { os.RemoveAll(folder) }
}

func Example() {
	path, remove := scratch()
	defer remove()

	session, err := mtsession.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	// What the server told of a user.
	err = session.PutEntity(mtsession.Entity{
		ID: 123456789, AccessHash: 1111111111111111111, Flags: mtsession.EntityWhole,
		Usernames: []string{"adauser"}, Phone: "15550001111", Name: "Ada Lovelace",
	})
	if err != nil {
		log.Fatal(err)
	}

	peer, err := session.InputPeer("https://t.me/AdaUser")
	fmt.Println(peer.BareID, peer.AccessHash, err)
	_, err = session.InputPeer("@nobody")
	fmt.Println(errors.Is(err, mtsession.ErrNotFound), err)
	// Output:
	// 123456789 1111111111111111111 <nil>
	// true mtsession: not found
}

func ExampleError() {
	_, err := mtsession.FromString("no session at all")
	var failed *mtsession.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Status.Name())
	}
	switch {
	case errors.Is(err, mtsession.ErrOwned):
		fmt.Println("another client has it open")
	case errors.Is(err, mtsession.ErrFormat):
		fmt.Println("it is something else")
	}
	// Output:
	// MTS_E_FORMAT
	// it is something else
}

func ExampleSession_Entities() {
	session, err := mtsession.Memory()
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	err = session.PutEntities([]mtsession.Entity{
		{ID: 42, AccessHash: 1, Usernames: []string{"grace", "amazing_grace"}, Name: "Grace"},
		{ID: -1000000000777, AccessHash: 2, Usernames: []string{"mtnews"}, Name: "News"},
	})
	if err != nil {
		log.Fatal(err)
	}

	for entity, err := range session.Entities() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entity.ID, entity.Name, entity.Username())
	}
	// Output:
	// -1000000000777 News mtnews
	// 42 Grace grace
}

func ExampleSession_SetUpdateStates() {
	session, err := mtsession.Memory()
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	// An update of the account and one of a channel.
	err = session.SetUpdateStates([]mtsession.UpdateState{
		{Pts: 1000, Date: 1700000000, Fields: mtsession.StatePts | mtsession.StateDate},
		{ID: 777, Pts: 12, Fields: mtsession.StatePts},
	})
	if err != nil {
		log.Fatal(err)
	}
	for state, err := range session.UpdateStates() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(state.ID, state.Pts, state.Date)
	}
	// Output:
	// 0 1000 1700000000
	// 777 12 0
}

func ExampleSession_ToString() {
	session, err := mtsession.Memory()
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	key := make([]byte, mtsession.AuthKeyLen)
	key[0] = 1
	if err := errors.Join(session.SetDC(2, "149.154.167.51", 443), session.SetAuthKey(key)); err != nil {
		log.Fatal(err)
	}

	text, err := session.ToString()
	if err != nil {
		log.Fatal(err)
	}
	again, err := mtsession.FromString(text)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	dc, err := again.DC()
	fmt.Println(len(text), dc.ID, dc.Host, dc.Port, err)
	// Output: 353 2 149.154.167.51 443 <nil>
}

// A session that the program keeps itself; mapStorage keeps it in maps, and is not a hundred lines
// long.
func ExampleCustom() {
	storage := newMapStorage()
	session, err := mtsession.Custom(storage)
	if err != nil {
		log.Fatal(err)
	}
	err = session.PutEntity(mtsession.Entity{ID: 42, AccessHash: 4242, Usernames: []string{"grace"}})
	if err != nil {
		log.Fatal(err)
	}
	if err := session.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(storage.entities), "entity kept")

	session, err = mtsession.Custom(storage)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	peer, err := session.InputPeer("t.me/grace")
	fmt.Println(peer.ID, err)
	// Output:
	// 1 entity kept
	// 42 <nil>
}
