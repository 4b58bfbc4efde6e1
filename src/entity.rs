//! What is known of a peer, and how new knowledge joins old.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::{Error, PeerId, PeerKind, Result};

/// What is known of a peer, as the caller hands it over: texts borrowed, nothing normalised yet.
///
/// Telethon's counterpart is the row that `process_entities` makes of a TL object (FORMATS §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityRef<'a> {
    /// The peer.
    pub id: PeerId,
    /// Its access hash for this account. A chat needs none. Of a user or channel, 0 does not replace one
    /// that is known, unless the record is whole or bare.
    pub access_hash: i64,
    /// When it was seen, unix seconds; 0 for now.
    pub seen: i64,
    /// Any of the constants of [`Entity`].
    pub flags: u32,
    /// Its usernames, separated by single spaces, the main one first, each with or without `@`.
    pub usernames: &'a str,
    /// Its phone number; anything but digits is dropped.
    pub phone: &'a str,
    /// Its display name: `first last` of a user, else the title.
    pub name: &'a str,
}

impl<'a> EntityRef<'a> {
    /// A peer of which only id and hash are known: an input peer.
    pub fn bare(id: PeerId, access_hash: i64) -> EntityRef<'a> {
        EntityRef {
            id,
            access_hash,
            seen: 0,
            flags: Entity::BARE,
            usernames: "",
            phone: "",
            name: "",
        }
    }

    /// Which fields this record says something about: a bit set of [`Known`].
    pub(crate) fn known(&self) -> u8 {
        if self.flags & Entity::BARE != 0 {
            return Known::HASH;
        }
        if self.flags & Entity::WHOLE != 0 {
            return Known::ALL & !(u8::from(self.flags & Entity::NO_HASH != 0) * Known::HASH);
        }
        let mut known = 0;
        // A chat has none, so that 0 is all there is to know; that of a user or channel must not be lost
        // by a record that leaves it out.
        let tells_hash = self.access_hash != 0 || self.id.kind() == PeerKind::Chat;
        if tells_hash && self.flags & (Entity::MIN | Entity::NO_HASH) == 0 {
            known |= Known::HASH;
        }
        if !self.usernames.is_empty() && self.flags & Entity::MIN == 0 {
            known |= Known::USERNAMES;
        }
        if !self.phone.is_empty() {
            known |= Known::PHONE;
        }
        if !self.name.is_empty() {
            known |= Known::NAME;
        }
        known
    }

    /// Refuses flags that belong to a peer of another kind: mostly somebody forgot to mark the id.
    pub(crate) fn check_kind(&self) -> Result<()> {
        if self.flags & (Entity::OF_CHANNELS | Entity::OF_USERS) == 0 {
            return Ok(());
        }
        let (id, kind) = (self.id.marked(), self.id.kind());
        if self.flags & Entity::OF_CHANNELS != 0 && kind != PeerKind::Channel {
            return Err(Error::argument(format!(
                "entity {id}: it is told to be a channel, whose marked id is -(1000000000000 + its \
                 bare id)"
            )));
        }
        if self.flags & Entity::OF_USERS != 0 && kind != PeerKind::User {
            return Err(Error::argument(format!(
                "entity {id}: it is told to be a user, but this is the marked id of a chat or channel"
            )));
        }
        Ok(())
    }

    /// Refuses what no server and no client can mean.
    pub(crate) fn check(&self) -> Result<()> {
        let flags = self.flags;
        if flags & !Entity::ALL_FLAGS != 0 {
            return Err(Error::argument(format!(
                "entity {}: flags {:#x} are not known",
                self.id.marked(),
                flags & !Entity::ALL_FLAGS
            )));
        }
        if (flags & (Entity::WHOLE | Entity::BARE | Entity::MIN)).count_ones() > 1 {
            return Err(Error::argument(format!(
                "entity {}: it can be whole, bare or min, but only one of them",
                self.id.marked()
            )));
        }
        if self.seen < 0 {
            return Err(Error::argument(format!(
                "entity {}: seen {} is negative",
                self.id.marked(),
                self.seen
            )));
        }
        if flags & Entity::BARE != 0
            && !(self.usernames.is_empty() && self.phone.is_empty() && self.name.is_empty())
        {
            return Err(Error::argument(format!(
                "entity {}: a bare one has no texts",
                self.id.marked()
            )));
        }
        if self.phone.len() > Entity::MAX_PHONE
            && self.phone.bytes().filter(u8::is_ascii_digit).count() > Entity::MAX_PHONE
        {
            return Err(Error::argument(format!(
                "entity {}: the phone number has more than {} digits",
                self.id.marked(),
                Entity::MAX_PHONE
            )));
        }
        for (what, text) in
            [("usernames", self.usernames), ("phone", self.phone), ("name", self.name)]
        {
            if text.len() > Entity::MAX_TEXT {
                return Err(Error::argument(format!(
                    "entity {}: the {what} has {} bytes; at most {} are possible",
                    self.id.marked(),
                    text.len(),
                    Entity::MAX_TEXT
                )));
            }
            if has_nul(text.as_bytes()) {
                return Err(Error::argument(format!(
                    "entity {}: the {what} has a NUL in it",
                    self.id.marked()
                )));
            }
        }
        Ok(())
    }
}

/// Whether there is a NUL. Texts are short, and for short ones nothing is as quick as eight bytes at
/// once: a word less one in each byte borrows where a byte is zero.
fn has_nul(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let has_nul = |eight: &[u8; 8]| {
        let word = u64::from_ne_bytes(*eight);
        word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
    };
    match bytes.last_chunk() {
        // The last eight may be looked at twice.
        Some(last) => bytes.as_chunks().0.iter().chain([last]).any(has_nul),
        None => bytes.contains(&0),
    }
}

/// What is known of a peer, as the session keeps it. Texts of up to 23 bytes need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The peer.
    pub id: PeerId,
    /// Its access hash for this account; 0 for a chat, unless one was put for it.
    pub access_hash: i64,
    /// When it was last seen, unix seconds; 0 when not known.
    pub seen: i64,
    /// Any of the constants below.
    pub flags: u32,
    /// Its usernames in lower case, separated by single spaces, the main one first.
    pub usernames: SmolStr,
    /// Its phone number, digits only.
    pub phone: SmolStr,
    /// Its display name.
    pub name: SmolStr,
}

impl Entity {
    /// In: the record tells all there is, so an absent text means that the peer has none.
    pub const WHOLE: u32 = 1;
    /// In: only id and access hash are told; all texts stay.
    pub const BARE: u32 = 2;
    /// In: the server marked the object `min`: its hash is not for use, its texts only fill gaps.
    pub const MIN: u32 = 4;
    /// In: the access hash is not known; the one that is kept stays.
    pub const NO_HASH: u32 = 8;
    /// Out: the peer is the account itself. Ignored in.
    pub const SELF: u32 = 16;
    /// A bot.
    pub const BOT: u32 = 32;
    /// A broadcast channel.
    pub const BROADCAST: u32 = 64;
    /// A supergroup.
    pub const MEGAGROUP: u32 = 128;
    /// A supergroup with topics.
    pub const FORUM: u32 = 256;
    /// A supergroup whose members may only read.
    pub const GIGAGROUP: u32 = 512;
    /// A community.
    pub const COMMUNITY: u32 = 1024;
    /// A premium user.
    pub const PREMIUM: u32 = 2048;
    /// A deleted account.
    pub const DELETED: u32 = 4096;
    /// An official, verified peer.
    pub const VERIFIED: u32 = 8192;

    /// The flags that say what a peer is, and are kept.
    pub(crate) const KEPT_FLAGS: u32 = Entity::BOT
        | Entity::BROADCAST
        | Entity::MEGAGROUP
        | Entity::FORUM
        | Entity::GIGAGROUP
        | Entity::COMMUNITY
        | Entity::PREMIUM
        | Entity::DELETED
        | Entity::VERIFIED;
    const OF_USERS: u32 = Entity::BOT | Entity::PREMIUM | Entity::DELETED;
    const OF_CHANNELS: u32 = Entity::BROADCAST
        | Entity::MEGAGROUP
        | Entity::FORUM
        | Entity::GIGAGROUP
        | Entity::COMMUNITY;
    const ALL_FLAGS: u32 = Entity::KEPT_FLAGS
        | Entity::WHOLE
        | Entity::BARE
        | Entity::MIN
        | Entity::NO_HASH
        | Entity::SELF;

    /// Longest text of an entity, in bytes.
    pub const MAX_TEXT: usize = 4096;
    /// Longest phone number, in digits: what fits Telethon's integer column.
    pub const MAX_PHONE: usize = 18;

    /// The main username; empty when there is none.
    pub fn username(&self) -> &str {
        main_username(&self.usernames)
    }

    /// The entity as a record that tells all there is.
    pub fn as_ref(&self) -> EntityRef<'_> {
        EntityRef {
            id: self.id,
            access_hash: self.access_hash,
            seen: self.seen,
            flags: self.flags & Entity::KEPT_FLAGS | Entity::WHOLE,
            usernames: &self.usernames,
            phone: &self.phone,
            name: &self.name,
        }
    }
}

/// The fields of an entity that a record may or may not know.
pub(crate) struct Known;

impl Known {
    pub(crate) const HASH: u8 = 1;
    pub(crate) const USERNAMES: u8 = 2;
    pub(crate) const PHONE: u8 = 4;
    pub(crate) const NAME: u8 = 8;
    pub(crate) const FLAGS: u8 = 16;
    pub(crate) const ALL: u8 = 31;
}

/// Usernames as they are kept: lower case (ASCII), without `@`, single spaces, no name twice.
pub(crate) fn normal_usernames(text: &str) -> Cow<'_, str> {
    // One name as it is kept already, by far the commonest case.
    // Every byte is looked at, since that is quicker than to stop at the first.
    let kept = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if text.bytes().fold(true, |all, b| all & kept(b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for name in text.split_ascii_whitespace() {
        let name = name.trim_start_matches('@').to_ascii_lowercase();
        if !name.is_empty() && !split_usernames(&out).any(|known| known == name) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&name);
        }
    }
    Cow::Owned(out)
}

/// The single usernames of a text as it is kept.
pub(crate) fn split_usernames(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        // Not `split`, whose search is made for longer texts.
        let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end)?;
        rest = behind.get(1..).unwrap_or_default();
        (!name.is_empty()).then_some(name)
    })
}

/// The first of them; empty when there is none.
pub(crate) fn main_username(text: &str) -> &str {
    split_usernames(text).next().unwrap_or_default()
}

/// A phone number as it is kept: digits only, and no leading zeros, which Telethon's integer
/// column would lose.
pub(crate) fn normal_phone(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Cow::Borrowed(text.trim_start_matches('0'));
    }
    let digits = text.chars().filter(char::is_ascii_digit);
    Cow::Owned(digits.skip_while(|digit| *digit == '0').collect())
}

/// Whether the peer can be named in a request without ever having been met: a chat has no hash.
pub(crate) fn needs_no_row(id: PeerId) -> bool {
    id.kind() == PeerKind::Chat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_normalised_once() {
        assert_eq!(normal_usernames("@Ada  ada Lovelace_1"), "ada lovelace_1");
        assert_eq!(normal_usernames(" @ "), "");
        assert_eq!(normal_phone("+1 (555) 000-1111"), "15550001111");
        assert_eq!(normal_phone("0049"), "49");
    }

    #[test]
    fn a_record_knows_what_it_says_it_knows() {
        let id = PeerId::from_marked(1).unwrap();
        let record = EntityRef { name: "Ada", flags: 0, ..EntityRef::bare(id, 7) };
        assert_eq!(record.known(), Known::HASH | Known::NAME);
        assert_eq!(EntityRef { flags: Entity::WHOLE, ..record }.known(), Known::ALL);
        assert_eq!(
            EntityRef { flags: Entity::MIN, usernames: "ada", ..record }.known(),
            Known::NAME
        );
        assert_eq!(EntityRef::bare(id, 7).known(), Known::HASH);
        let hashless = EntityRef { access_hash: 0, ..record };
        assert_eq!(hashless.known(), Known::NAME);
        assert_eq!(EntityRef { flags: Entity::WHOLE, ..hashless }.known(), Known::ALL);
        let chat = EntityRef { id: PeerId::from_marked(-1).unwrap(), ..hashless };
        assert_eq!(chat.known(), Known::HASH | Known::NAME, "it has none");
        assert!(EntityRef { flags: Entity::BARE, ..record }.check().is_err());
        assert!(EntityRef { flags: Entity::MIN | Entity::WHOLE, ..record }.check().is_err());
    }

    #[test]
    fn an_id_that_is_not_marked_is_noticed_by_the_flags() {
        for (id, flags, right) in [
            (1_300_400_501, Entity::BROADCAST, false),
            (-1_001_300_400_501, Entity::BROADCAST, true),
            (-5, Entity::MEGAGROUP, false),
            (5, Entity::BOT, true),
            (-5, Entity::BOT, false),
            (-1_001_300_400_501, Entity::PREMIUM, false),
            (-1_001_300_400_501, Entity::VERIFIED, true),
            (-5, 0, true),
        ] {
            let record =
                EntityRef { flags, ..EntityRef::bare(PeerId::from_marked(id).unwrap(), 7) };
            assert_eq!(record.check_kind().is_ok(), right, "{id} {flags}");
        }
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for length in 0..40 {
            // Of 1 and 128 a subtraction makes what looks most like a zero.
            for byte in [1, 127, 128, 255] {
                let mut text = vec![byte; length];
                assert!(!has_nul(&text), "{length} of {byte}");
                for at in 0..length {
                    text[at] = 0;
                    assert!(has_nul(&text), "{length} of {byte}, NUL at {at}");
                    text[at] = byte;
                }
            }
        }
    }
}
