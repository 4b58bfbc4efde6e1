// Package adapter lets a session be the storage of a client like gotd, in place of the client's own
// files:
//
//	client's interface                     here
//	session.Storage                        [SessionStorage]
//	updates.StateStorage                   [StateStorage]
//	updates.ChannelAccessHasher,
//	updates.UserAccessHasher               [AccessHasher]
//	peers.Storage                          [PeerStorage]
//	peer.Resolver                          [Resolver]
//
// It depends on no client: its types have the methods of these interfaces, and take the client's own
// types as type parameters where a method names one:
//
//	storage := adapter.SessionStorage{Session: s}
//	states := adapter.StateStorage[updates.State]{Session: s}
//	peers := adapter.PeerStorage[peers.Key, peers.Value]{Session: s}
//
// What the client learns of peers goes in by [UserEntity] and [ChannelEntity], which makes their
// usernames and phone numbers known too.
//
// What waits in memory is saved by [mtsession.Session.Save] and [mtsession.Session.Close]: call the
// first now and then, the second at the end. After a crash in between the client asks the server for
// what it has read since the last save once more.
package adapter

import (
	"errors"
	"fmt"
	"math"

	"mtsession"
)

// known turns "not found" into an answer.
func known(err error) (bool, error) {
	if errors.Is(err, mtsession.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// ofAccount makes sure that the session is that user's. A client passes the id everywhere, since its
// own storages hold several accounts; a session holds one.
func ofAccount(s *mtsession.Session, userID int64) error {
	identity, err := s.Identity()
	if err != nil || identity.UserID == userID {
		return err
	}
	if identity.UserID != 0 {
		return fmt.Errorf("%w: the session is that of user %d, not of user %d; open one for each",
			mtsession.ErrArgument, identity.UserID, userID)
	}
	identity.UserID = userID
	return s.SetIdentity(identity)
}

// The protocol's numbers are of 32 bits; Go clients have them as int.
func int32Of(name string, value int) (int32, error) {
	if value < math.MinInt32 || value > math.MaxInt32 {
		return 0, fmt.Errorf("%w: %s %d is no 32-bit number", mtsession.ErrArgument, name, value)
	}
	return int32(value), nil
}

// marked is the marked id of a bare one.
func marked(kind mtsession.PeerKind, bare int64) int64 {
	switch kind {
	case mtsession.PeerChat:
		return mtsession.ChatID(bare)
	case mtsession.PeerChannel:
		return mtsession.ChannelID(bare)
	default:
		return bare
	}
}
