package adapter

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mtsession"
)

// AccessHasher keeps access hashes: gotd's updates.ChannelAccessHasher and updates.UserAccessHasher.
type AccessHasher struct {
	Session *mtsession.Session
}

// SetChannelAccessHash keeps the access hash of a channel, by its bare id.
func (h AccessHasher) SetChannelAccessHash(_ context.Context, userID, channelID, hash int64) error {
	return h.set(userID, marked(mtsession.PeerChannel, channelID), hash)
}

// GetChannelAccessHash returns the access hash of a channel, by its bare id.
func (h AccessHasher) GetChannelAccessHash(_ context.Context, userID, channelID int64) (int64, bool, error) {
	return h.get(userID, marked(mtsession.PeerChannel, channelID))
}

// SetUserAccessHash keeps the access hash of another user.
func (h AccessHasher) SetUserAccessHash(_ context.Context, userID, targetUserID, hash int64) error {
	return h.set(userID, targetUserID, hash)
}

// GetUserAccessHash returns the access hash of another user.
func (h AccessHasher) GetUserAccessHash(_ context.Context, userID, targetUserID int64) (int64, bool, error) {
	return h.get(userID, targetUserID)
}

func (h AccessHasher) set(userID, id, hash int64) error {
	if err := ofAccount(h.Session, userID); err != nil {
		return err
	}
	return h.Session.PutEntity(bare(id, hash))
}

func (h AccessHasher) get(userID, id int64) (int64, bool, error) {
	if err := ofAccount(h.Session, userID); err != nil {
		return 0, false, err
	}
	peer, err := h.Session.InputPeerByID(id)
	found, err := known(err)
	return peer.AccessHash, found, err
}

func bare(id, hash int64) mtsession.Entity {
	return mtsession.Entity{ID: id, AccessHash: hash, Flags: mtsession.EntityBare}
}

// contactsHashValue is the key of the opaque value with the contacts hash.
const contactsHashValue = "gotd:contacts_hash"

// PeerStorage keeps peers: gotd's peers.Storage. K and V are the client's own types, peers.Key and
// peers.Value. A key's prefix is "users_", "chats_" or "channel_", as in gotd.
type PeerStorage[
	K ~struct {
		Prefix string
		ID     int64
	},
	V ~struct{ AccessHash int64 },
] struct {
	Session *mtsession.Session
}

type peerKey = struct {
	Prefix string
	ID     int64
}

type peerValue = struct{ AccessHash int64 }

// The client's prefixes.
var prefixes = map[mtsession.PeerKind]string{
	mtsession.PeerUser:    "users_",
	mtsession.PeerChat:    "chats_",
	mtsession.PeerChannel: "channel_",
}

func markedOf(key peerKey) (int64, error) {
	for kind, prefix := range prefixes {
		if key.Prefix == prefix {
			return marked(kind, key.ID), nil
		}
	}
	return 0, fmt.Errorf("%w: the prefix %q is none of users, chats and channels",
		mtsession.ErrArgument, key.Prefix)
}

// Save keeps the access hash of a peer.
func (p PeerStorage[K, V]) Save(_ context.Context, key K, value V) error {
	id, err := markedOf(peerKey(key))
	if err != nil {
		return err
	}
	return p.Session.PutEntity(bare(id, peerValue(value).AccessHash))
}

// Find returns the access hash of a peer. A chat needs none, so it is always found.
func (p PeerStorage[K, V]) Find(_ context.Context, key K) (V, bool, error) {
	id, err := markedOf(peerKey(key))
	if err != nil {
		return V{}, false, err
	}
	peer, err := p.Session.InputPeerByID(id)
	found, err := known(err)
	return V(peerValue{peer.AccessHash}), found, err
}

// SavePhone keeps the phone number of a peer that was saved.
func (p PeerStorage[K, V]) SavePhone(_ context.Context, phone string, key K) error {
	id, err := markedOf(peerKey(key))
	if err != nil {
		return err
	}
	return p.Session.PutEntity(mtsession.Entity{ID: id, Phone: phone, Flags: mtsession.EntityNoHash})
}

// FindPhone returns the peer with a phone number.
func (p PeerStorage[K, V]) FindPhone(_ context.Context, phone string) (K, V, bool, error) {
	peer, err := p.Session.InputPeerByPhone(phone)
	found, err := known(err)
	if !found {
		return K{}, V{}, false, err
	}
	return K(peerKey{prefixes[peer.Kind], peer.BareID}), V(peerValue{peer.AccessHash}), true, nil
}

// GetContactsHash returns the hash of the contact list; 0 where none was saved.
func (p PeerStorage[K, V]) GetContactsHash(context.Context) (int64, error) {
	value, err := p.Session.Value(contactsHashValue)
	if found, err := known(err); !found {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: the contacts hash has %d bytes instead of 8; save it anew",
			mtsession.ErrCorrupt, len(value))
	}
	return int64(binary.LittleEndian.Uint64(value)), nil
}

// SaveContactsHash keeps the hash of the contact list.
func (p PeerStorage[K, V]) SaveContactsHash(_ context.Context, hash int64) error {
	return p.Session.PutValue(contactsHashValue,
		binary.LittleEndian.AppendUint64(nil, uint64(hash)))
}

// Resolver finds peers by username and phone number: gotd's peer.Resolver, where P is
// tg.InputPeerClass.
type Resolver[P any] struct {
	Session *mtsession.Session
	// Make makes the client's own input peer.
	Make func(mtsession.InputPeer) P
	// Next is asked for whom the session does not know: the resolver that asks the server. nil: then
	// the answer is [mtsession.ErrNotFound].
	Next interface {
		ResolveDomain(ctx context.Context, domain string) (P, error)
		ResolvePhone(ctx context.Context, phone string) (P, error)
	}
}

// ResolveDomain finds the peer with a username.
func (r Resolver[P]) ResolveDomain(ctx context.Context, domain string) (P, error) {
	peer, err := r.Session.InputPeerByUsername(domain)
	if errors.Is(err, mtsession.ErrNotFound) && r.Next != nil {
		return r.Next.ResolveDomain(ctx, domain)
	}
	return r.made(peer, err)
}

// ResolvePhone finds the peer with a phone number.
func (r Resolver[P]) ResolvePhone(ctx context.Context, phone string) (P, error) {
	peer, err := r.Session.InputPeerByPhone(phone)
	if errors.Is(err, mtsession.ErrNotFound) && r.Next != nil {
		return r.Next.ResolvePhone(ctx, phone)
	}
	return r.made(peer, err)
}

func (r Resolver[P]) made(peer mtsession.InputPeer, err error) (made P, _ error) {
	if err != nil {
		return made, err
	}
	return r.Make(peer), nil
}

// User is what [UserEntity] needs of a client's user, like *tg.User.
type User interface {
	GetID() int64
	GetAccessHash() (int64, bool)
	GetUsername() (string, bool)
	GetPhone() (string, bool)
	GetFirstName() (string, bool)
	GetLastName() (string, bool)
	GetMin() bool
	GetBot() bool
	GetPremium() bool
	GetDeleted() bool
	GetVerified() bool
}

// UserEntity is the entity of a user that the server told of. Usernames are the user's further
// ones.
func UserEntity(user User, usernames ...string) mtsession.Entity {
	entity := told(user.GetID(), user, usernames)
	entity.Phone, _ = user.GetPhone()
	first, _ := user.GetFirstName()
	last, _ := user.GetLastName()
	entity.Name = strings.TrimSpace(first + " " + last)
	entity.Flags |= when(user.GetBot(), mtsession.EntityBot) |
		when(user.GetPremium(), mtsession.EntityPremium) |
		when(user.GetDeleted(), mtsession.EntityDeleted) |
		when(user.GetVerified(), mtsession.EntityVerified)
	return entity
}

// Channel is what [ChannelEntity] needs of a client's channel, like *tg.Channel.
type Channel interface {
	GetID() int64
	GetAccessHash() (int64, bool)
	GetUsername() (string, bool)
	GetTitle() string
	GetMin() bool
	GetBroadcast() bool
	GetMegagroup() bool
	GetGigagroup() bool
	GetForum() bool
	GetVerified() bool
}

// ChannelEntity is the entity of a channel that the server told of. Usernames are the channel's
// further ones.
func ChannelEntity(channel Channel, usernames ...string) mtsession.Entity {
	entity := told(marked(mtsession.PeerChannel, channel.GetID()), channel, usernames)
	entity.Name = channel.GetTitle()
	entity.Flags |= when(channel.GetBroadcast(), mtsession.EntityBroadcast) |
		when(channel.GetMegagroup(), mtsession.EntityMegagroup) |
		when(channel.GetGigagroup(), mtsession.EntityGigagroup) |
		when(channel.GetForum(), mtsession.EntityForum) |
		when(channel.GetVerified(), mtsession.EntityVerified)
	return entity
}

func when(set bool, flag mtsession.EntityFlags) mtsession.EntityFlags {
	if set {
		return flag
	}
	return 0
}

// told is what users and channels have in common.
func told(id int64, peer interface {
	GetAccessHash() (int64, bool)
	GetUsername() (string, bool)
	GetMin() bool
}, usernames []string) mtsession.Entity {
	entity := mtsession.Entity{ID: id, Flags: mtsession.EntityWhole}
	if peer.GetMin() {
		entity.Flags = mtsession.EntityMin
	}
	hash, ok := peer.GetAccessHash()
	if entity.AccessHash = hash; !ok {
		entity.Flags |= mtsession.EntityNoHash
	}
	if username, ok := peer.GetUsername(); ok {
		entity.Usernames = append(entity.Usernames, username)
	}
	for _, username := range usernames {
		if !slices.Contains(entity.Usernames, username) {
			entity.Usernames = append(entity.Usernames, username)
		}
	}
	return entity
}
