//! Peers and their ids: the bare id on the wire, the marked id that tells kinds apart.

use crate::{Error, Result};

/// What a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerKind {
    /// A user or a bot.
    User = 1,
    /// A basic group.
    Chat = 2,
    /// A channel, supergroup, gigagroup, community or monoforum.
    Channel = 3,
}

/// A peer's marked id: users `id`, chats `-id`, channels `-(10^12 + id)` (FORMATS §0.1).
///
/// 0 and −10^12 mark nobody and are never a `PeerId`; nor is the lowest number, which no bare id
/// reaches: "after it" is how storages and C callers say "from the beginning".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(i64);

const CHANNEL_BASE: i64 = 1_000_000_000_000;

impl PeerId {
    /// The peer with that marked id.
    pub fn from_marked(marked: i64) -> Result<PeerId> {
        PeerId::try_marked(marked).ok_or_else(|| {
            Error::argument(format!(
                "id {marked} marks no peer: users are positive, chats -1 to -999999999999, \
                 channels below -1000000000000"
            ))
        })
    }

    /// As [`PeerId::from_marked`], for ids that are read rather than asked for.
    pub(crate) fn try_marked(marked: i64) -> Option<PeerId> {
        (marked != 0 && marked != -CHANNEL_BASE && marked != i64::MIN).then_some(PeerId(marked))
    }

    /// The peer of that kind and bare id, which starts at 1.
    pub fn from_bare(kind: PeerKind, bare: i64) -> Result<PeerId> {
        let marked = match kind {
            PeerKind::User if bare > 0 => Some(bare),
            PeerKind::Chat if bare > 0 && bare < CHANNEL_BASE => Some(-bare),
            PeerKind::Channel if bare > 0 => bare.checked_add(CHANNEL_BASE).map(|id| -id),
            _ => None,
        };
        marked.map(PeerId).ok_or_else(|| {
            Error::argument(format!("{bare} cannot be the bare id of a {kind:?}").to_lowercase())
        })
    }

    /// The marked id.
    pub fn marked(self) -> i64 {
        self.0
    }

    /// The bare id, as on the wire.
    pub fn bare(self) -> i64 {
        match self.kind() {
            PeerKind::User => self.0,
            PeerKind::Chat => -self.0,
            PeerKind::Channel => -(self.0 + CHANNEL_BASE),
        }
    }

    /// What kind of peer the id marks.
    pub fn kind(self) -> PeerKind {
        if self.0 > 0 {
            PeerKind::User
        } else if self.0 > -CHANNEL_BASE {
            PeerKind::Chat
        } else {
            PeerKind::Channel
        }
    }
}

/// What a request needs to name a peer: Telethon's `InputPeerUser`, `InputPeerChat` and
/// `InputPeerChannel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputPeer {
    /// Which peer.
    pub id: PeerId,
    /// Its access hash for this account. A chat needs none: 0, unless one was put for it.
    pub access_hash: i64,
    /// When it was last seen, unix seconds; 0 when not known.
    pub seen: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_and_marked_ids_are_inverses_at_every_edge() {
        for (kind, bare, marked) in [
            (PeerKind::User, 1, 1),
            (PeerKind::User, i64::MAX, i64::MAX),
            (PeerKind::Chat, 1, -1),
            (PeerKind::Chat, 999_999_999_999, -999_999_999_999),
            (PeerKind::Channel, 1, -1_000_000_000_001),
            (PeerKind::Channel, 1_234_567_890, -1_001_234_567_890),
        ] {
            let id = PeerId::from_bare(kind, bare).unwrap();
            assert_eq!((id.marked(), id.kind(), id.bare()), (marked, kind, bare));
            assert_eq!(PeerId::from_marked(marked).unwrap(), id);
        }
        assert_eq!(PeerId::from_marked(-i64::MAX).unwrap().bare(), i64::MAX - 1_000_000_000_000);
    }

    #[test]
    fn ids_that_mark_nobody_are_refused() {
        assert!(PeerId::from_marked(0).is_err());
        assert!(PeerId::from_marked(-CHANNEL_BASE).is_err());
        assert!(PeerId::from_marked(i64::MIN).is_err());
        assert!(PeerId::from_bare(PeerKind::User, 0).is_err());
        assert!(PeerId::from_bare(PeerKind::Chat, CHANNEL_BASE).is_err());
        assert!(PeerId::from_bare(PeerKind::Channel, i64::MAX).is_err());
    }
}
