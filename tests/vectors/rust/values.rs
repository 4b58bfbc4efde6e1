//! What stands in a vector: the arguments of its steps, and the lines of its answers.

use std::fmt::Write as _;

use mtsession::{
    AuthKey, Dc, Entity, EntityRef, FileKey, FileKind, Found, How, InputPeer, KeySlot, Look,
    Options, PeerId, PeerKind, Result, Session, SqliteOptions, UpdateState, UpdateStatePatch,
};
use serde_json::Value;

/// What an op answers that did not fail.
pub enum Answer {
    Lines(Vec<String>),
    Ambiguous(Vec<String>),
    NotFound,
}

use Answer::{Ambiguous, Lines, NotFound};

pub const DONE: Answer = Lines(Vec::new());

pub fn line(line: impl ToString) -> Answer {
    Lines(vec![line.to_string()])
}

pub fn found(answer: Option<String>) -> Answer {
    answer.map_or(NotFound, line)
}

pub fn known(known: bool) -> Answer {
    if known { DONE } else { NotFound }
}

// ---- arguments

pub fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or("")
}

pub fn i64_of(of: &Value, name: &str) -> i64 {
    of[name].as_str().map_or(0, |digits| digits.parse().unwrap())
}

pub fn i32_of(of: &Value, name: &str) -> i32 {
    of[name].as_i64().unwrap_or(0).try_into().unwrap()
}

pub fn u32_of(of: &Value, name: &str) -> u32 {
    of[name].as_u64().unwrap_or(0).try_into().unwrap()
}

pub fn bytes(of: &Value, name: &str) -> Vec<u8> {
    let (digits, count) = text(of, name).split_once('*').unwrap_or((text(of, name), "1"));
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let once: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    once.repeat(count.parse().unwrap())
}

pub fn key(of: &Value) -> Result<AuthKey> {
    AuthKey::new(&bytes(of, "key"))
}

pub fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

pub fn options(of: &Value, name: &str) -> (SqliteOptions, Options) {
    let flags = u32_of(of, name);
    let has = |flag| flags & flag != 0;
    (
        SqliteOptions {
            read_only: has(1),
            shared: has(2),
            create: !has(1 | 4),
            schema_8: has(8),
            ..SqliteOptions::default()
        },
        Options { store_tmp_auth_key: has(16), save_entities: !has(32), ..Options::default() },
    )
}

pub fn entity_ref(of: &Value) -> Result<EntityRef<'_>> {
    Ok(EntityRef {
        id: PeerId::from_marked(i64_of(of, "id"))?,
        access_hash: i64_of(of, "hash"),
        seen: i64_of(of, "seen"),
        flags: u32_of(of, "flags"),
        usernames: text(of, "usernames"),
        phone: text(of, "phone"),
        name: text(of, "name"),
    })
}

pub fn patch(of: &Value) -> UpdateStatePatch {
    let number = |name: &str| of.get(name).map(|_| i32_of(of, name));
    UpdateStatePatch {
        id: i64_of(of, "id"),
        pts: number("pts"),
        qts: number("qts"),
        date: of.get("date").map(|_| i64_of(of, "date")),
        seq: number("seq"),
    }
}

pub fn file_key(of: &Value) -> FileKey {
    FileKey {
        md5: bytes(of, "md5").try_into().unwrap(),
        size: i64_of(of, "size"),
        kind: FileKind::from_number(u32_of(of, "kind").into()).unwrap(),
    }
}

pub fn slot(of: &Value) -> KeySlot {
    KeySlot::from_number(u32_of(of, "slot")).unwrap()
}

pub fn look(of: &Value) -> (Look<'_>, How) {
    let (key, how) = (text(of, "key"), u32_of(of, "how"));
    let by = match text(of, "by") {
        "" | "text" => Look::Text(key),
        "id" if how & 4 != 0 => Look::BareId(key.parse().unwrap()),
        "id" => Look::Id(key.parse().unwrap()),
        "username" => Look::Username(key),
        "phone" => Look::Phone(key),
        "name" => Look::Name(key),
        other => panic!("by {other:?}"),
    };
    (by, How { memory_only: how & 1 != 0, names: how & 2 != 0 })
}

// ---- answers

pub fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\0'..' ' | '\'' | '\\' | '\x7f' => write!(out, "\\x{:02x}", u32::from(c)).unwrap(),
            _ => out.push(c),
        }
    }
    out + "'"
}

pub fn hex(bytes: &[u8]) -> String {
    match bytes {
        [] => "-".to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

pub fn dc(dc: &Dc) -> String {
    format!("{} {} {}", dc.id, quoted(&dc.host), dc.port)
}

pub fn entity(e: &Entity) -> String {
    format!(
        "id {} hash {} seen {} flags {} usernames {} phone {} name {}",
        e.id.marked(),
        e.access_hash,
        e.seen,
        e.flags,
        quoted(&e.usernames),
        quoted(&e.phone),
        quoted(&e.name)
    )
}

pub fn peer(peer: &InputPeer) -> String {
    let kind = match peer.id.kind() {
        PeerKind::User => "user",
        PeerKind::Chat => "chat",
        PeerKind::Channel => "channel",
    };
    let (id, bare) = (peer.id.marked(), peer.id.bare());
    format!("{kind} {bare} id {id} hash {} seen {}", peer.access_hash, peer.seen)
}

pub fn looked_up<T>(answer: Option<Found<T>>, show: impl Fn(&T) -> String) -> Answer {
    match answer {
        None => NotFound,
        Some(Found { item, ambiguous: false }) => line(show(&item)),
        Some(Found { item, ambiguous: true }) => Ambiguous(vec![show(&item)]),
    }
}

pub fn state(session: &Session, state: &UpdateState) -> Result<String> {
    let UpdateState { id, pts, qts, date, seq } = state;
    let mut line = format!("id {id} pts {pts} qts {qts} date {date} seq {seq}");
    if let Ok(channel) = PeerId::from_bare(PeerKind::Channel, *id)
        && let Some(found) = session.find_input_peer(Look::Id(channel.marked()), How::default())?
    {
        write!(line, " hash {}", found.item.access_hash).unwrap();
    }
    Ok(line)
}
