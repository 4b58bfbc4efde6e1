//! What the tests of sessions put into them, and how they ask for it.

use mtsession::{AuthKey, Entity, EntityRef, PeerId, Session};

/// A key that differs from that of every other seed.
pub fn key(seed: u8) -> AuthKey {
    let bytes: Vec<u8> = (0..=255).map(|n: u8| n ^ seed).collect();
    AuthKey::new(&bytes).unwrap()
}

pub fn id(marked: i64) -> PeerId {
    PeerId::from_marked(marked).unwrap()
}

/// A whole user, seen at a time.
pub fn user(n: i64, seen: i64, usernames: &'static str) -> EntityRef<'static> {
    EntityRef {
        id: id(n),
        access_hash: n * 11,
        seen,
        flags: Entity::WHOLE,
        usernames,
        phone: "",
        name: "",
    }
}

pub fn put(session: &Session, record: EntityRef<'_>) {
    session.put_entities(&[record]).unwrap();
}

/// The marked id of the peer that a text names.
pub fn named(session: &Session, text: &str) -> Option<i64> {
    session.input_peer(text).unwrap().map(|peer| peer.id.marked())
}
