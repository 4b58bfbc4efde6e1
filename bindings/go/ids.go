package mtsession

import "math"

// Channels are marked below minus this number.
const channelBase = 1_000_000_000_000

// ChatID is the marked id of the chat with this bare id; 0, which marks nobody, where there can be no
// such chat. (A user's marked id is the bare one.)
//
// Telethon: utils.get_peer_id(PeerChat(id)).
func ChatID(bareID int64) int64 {
	if bareID < 1 || bareID >= channelBase {
		return 0
	}
	return -bareID
}

// ChannelID is the marked id of the channel with this bare id; 0, which marks nobody, where there can
// be no such channel.
//
// Telethon: utils.get_peer_id(PeerChannel(id)).
func ChannelID(bareID int64) int64 {
	if bareID < 1 || bareID > math.MaxInt64-channelBase {
		return 0
	}
	return -(channelBase + bareID)
}

// KindOf is the kind of the peer with this marked id.
//
// Telethon: utils.resolve_id(id)[1].
func KindOf(id int64) PeerKind {
	switch {
	case id > 0:
		return PeerUser
	case id > -channelBase:
		return PeerChat
	default:
		return PeerChannel
	}
}

// BareID is the id, as on the wire, of the peer with this marked id.
//
// Telethon: utils.resolve_id(id)[0].
func BareID(id int64) int64 {
	switch KindOf(id) {
	case PeerUser:
		return id
	case PeerChat:
		return -id
	default:
		return -(id + channelBase) // Added first: the lowest id has no positive twin.
	}
}
