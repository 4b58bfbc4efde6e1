//! Other ways of writing a session, and how to tell them apart.

pub(crate) mod telethon_json;
pub(crate) mod telethon_string;

use std::sync::LazyLock;

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{DecodeError, Engine};
use zeroize::Zeroizing;

/// What a file is, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// Nothing is in it.
    Empty,
    /// An SQLite database; whose session it keeps, if any, only its tables tell.
    Sqlite,
    /// A session of Telethon 0.10.1 to 0.15.
    TelethonJson,
    /// Somebody else's file: what it is, fit to follow "it is".
    Foreign(&'static str),
    /// Nothing that is known.
    Unknown,
}

/// What a file is that begins with `head`: the whole file, or its first 4096 bytes at least.
pub(crate) fn recognise(head: &[u8]) -> Recognised {
    if head.is_empty() {
        return Recognised::Empty;
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Recognised::Sqlite;
    }
    if head.trim_ascii_start().starts_with(b"{") {
        return recognise_json(head);
    }
    let foreign = match head {
        [0x80, 2..=5, ..] if contains(head, b"telethon") => {
            "a session of Telethon 0.10 or older (a Python pickle)"
        }
        [b'T', b'D', b'F', b'$', ..] => "a file of Telegram Desktop (part of its tdata folder)",
        [0xce, 0xb8, 0x3e, 0xa7, ..] => "a session of grammers 0.3 to 0.7",
        _ if head.starts_with(b"<?php __HALT_COMPILER();") => "a session of MadelineProto",
        _ if is_tdlib(head) => "a database of TDLib (td.binlog)",
        _ if is_tgnet(head) => "a session of Telegram for Android (tgnet.dat)",
        _ if is_wtelegram(head) => "a session of WTelegramClient",
        _ if is_string_session(head) => "a string session kept as text",
        _ => return Recognised::Unknown,
    };
    Recognised::Foreign(foreign)
}

fn recognise_json(head: &[u8]) -> Recognised {
    let has = |key: &str| contains(head, key.as_bytes());
    if has("\"Version\"") && has("\"Data\"") {
        Recognised::Foreign("a session of gotd")
    } else if has("\"auth_key\"") {
        Recognised::Foreign("a session of Pyrogram 0.14 or older (JSON)")
    } else if ["\"auth_key_data\"", "\"server_address\"", "\"entities\""].into_iter().any(has) {
        // Any of them: before Python 3.6 the keys come in random order, and the entities may push
        // the others out of sight.
        Recognised::TelethonJson
    } else {
        Recognised::Unknown
    }
}

/// The first event of a binlog tells how the rest is encrypted: type −3 at offset 12.
fn is_tdlib(head: &[u8]) -> bool {
    let [Some(size), Some(kind)] = [0, 12].map(|at| u32_at(head, at)) else { return false };
    (32..1 << 24).contains(&size) && size % 4 == 0 && kind == (-3_i32).cast_unsigned()
}

/// A size, a version up to 5, a TL Bool.
fn is_tgnet(head: &[u8]) -> bool {
    let [version, test] = [4, 8].map(|at| u32_at(head, at));
    version.is_some_and(|version| (1..=5).contains(&version))
        && matches!(test, Some(0x9972_75b5 | 0xbc79_9737))
}

/// The place and length of the encrypted block, which is at 8 or behind former ones of about its
/// length, up to three times.
fn is_wtelegram(head: &[u8]) -> bool {
    let [Some(place), Some(length)] = [0, 4].map(|at| u32_at(head, at)) else { return false };
    (64..1 << 24).contains(&length)
        && length % 16 == 0
        && (8..=4 * length).contains(&place)
        && place % 16 == 8
}

fn is_string_session(head: &[u8]) -> bool {
    let text = head.trim_ascii();
    text.len() > 340
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whose string session `text` looks like, if it is one that is known and has no `1` in front.
pub(crate) fn foreign_string(text: &[u8]) -> Option<&'static str> {
    if text.starts_with(b"eyJ") {
        return Some("a string session of gotgproto");
    }
    // Longer ones exist in no format, so do not decode what is no session.
    let bytes = decode_base64(text.get(..text.len().min(1024))?).ok()?;
    let is_flag = |at: usize| matches!(bytes.get(at), Some(0 | 1));
    match (bytes.as_slice(), bytes.len()) {
        _ if is_mtkruto(&bytes) => Some("a string session of MTKruto"),
        ([3, _, _, _, _, _, 1 | 2, ..], 272..) => Some("a string session of mtcute"),
        (_, 263) if is_flag(1) && is_flag(262) => Some("a string session of Pyrogram 1"),
        (_, 267) if is_flag(1) && is_flag(266) => Some("a string session of Pyrogram 1"),
        (_, 271) if is_flag(5) && is_flag(270) => {
            Some("a string session of Pyrogram 2, one of its forks, or tgsnake")
        }
        _ => None,
    }
}

/// The data center as TL string (`2`, `2-test`), then the key as TL bytes; zeros are run-length
/// encoded, so the padding of the former is `00 n`.
fn is_mtkruto(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first() else { return false };
    let length = usize::from(*length);
    let Some((dc, rest)) = rest.split_at_checked(length) else { return false };
    let digits = dc.strip_suffix(b"-test").unwrap_or(dc);
    let padding = (3 - length % 4) % 4;
    let rest = match (padding, rest) {
        (0, rest) => rest,
        (_, [0, run, rest @ ..]) if usize::from(*run) == padding => rest,
        _ => return false,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && rest.starts_with(&[0xfe])
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type UrlSafe = base64::engine::simd::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type UrlSafe = base64::engine::GeneralPurpose;

/// Base64 with the URL-safe alphabet, as fast as this machine can: written with padding, read
/// without it and with whatever bits the last character has too many.
pub(crate) static URL_SAFE: LazyLock<UrlSafe> = LazyLock::new(|| {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return UrlSafe::url_safe(config);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return UrlSafe::new(&base64::alphabet::URL_SAFE, config);
});

/// Base64 in either alphabet, with or without padding. The place in an error counts from 0.
pub(crate) fn decode_base64(mut text: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    while let Some(rest) = text.strip_suffix(b"=") {
        text = rest;
    }
    // Room for all of it at once: a vector that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + 4));
    match URL_SAFE.decode_vec(text, &mut bytes) {
        Ok(()) => return Ok(bytes),
        Err(DecodeError::InvalidByte(_, b'+' | b'/')) => {}
        Err(error) => return Err(error),
    }
    let url_safe = |byte: &u8| match byte {
        b'+' => b'-',
        b'/' => b'_',
        byte => *byte,
    };
    let text = Zeroizing::new(text.iter().map(url_safe).collect::<Vec<u8>>());
    bytes.clear();
    URL_SAFE.decode_vec(text.as_slice(), &mut bytes)?;
    Ok(bytes)
}

/// Lets go of secret bytes. Emptied, they are wiped as what is spare is: all at once, and not one
/// by one.
pub(crate) fn wipe(mut bytes: Zeroizing<Vec<u8>>) {
    bytes.clear();
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        std::fs::read(folder.join(name)).unwrap()
    }

    #[test]
    fn files_of_others_are_recognised() {
        use Recognised::*;
        for (name, expected) in [
            ("telethon/telethon-0.15.session", TelethonJson),
            ("telethon/telethon-0.15.5.7.session", TelethonJson),
            (
                "telethon/telethon-0.11.session",
                Foreign("a session of Telethon 0.10 or older (a Python pickle)"),
            ),
            ("foreign/gotd-session.json", Foreign("a session of gotd")),
            (
                "foreign/pyrogram-0.14-json-handmade.session",
                Foreign("a session of Pyrogram 0.14 or older (JSON)"),
            ),
            ("foreign/grammers-0.3.0.session", Foreign("a session of grammers 0.3 to 0.7")),
            ("foreign/grammers-0.7.0.session", Foreign("a session of grammers 0.3 to 0.7")),
            ("foreign/WTelegram.session", Foreign("a session of WTelegramClient")),
            ("foreign/WTelegram-old-fields.session", Foreign("a session of WTelegramClient")),
            // All of it is encrypted: there is nothing to recognise.
            ("foreign/WTelegram-stream-noheader.bin", Unknown),
            (
                "foreign/tdata-key_datas",
                Foreign("a file of Telegram Desktop (part of its tdata folder)"),
            ),
            ("foreign/gotgproto-string.txt", Foreign("a string session kept as text")),
        ] {
            assert_eq!(recognise(&fixture(name)), expected, "{name}");
        }
    }

    #[test]
    fn layouts_without_a_fixture_are_recognised() {
        let tdlib = [
            &[0x90_u8, 0, 0, 0][..], // size
            &[1, 0, 0, 0, 0, 0, 0, 0],
            &[0xfd, 0xff, 0xff, 0xff],
            &[0; 128],
        ];
        let tgnet = [&[0_u8, 4, 0, 0][..], &[5, 0, 0, 0], &[0x37, 0x97, 0x79, 0xbc], &[0; 64]];
        let madeline = [&b"<?php __HALT_COMPILER();"[..], &[3, 8, 2, 1]];
        for (head, expected) in [
            (tdlib.concat(), "a database of TDLib (td.binlog)"),
            (tgnet.concat(), "a session of Telegram for Android (tgnet.dat)"),
            (madeline.concat(), "a session of MadelineProto"),
        ] {
            assert_eq!(recognise(&head), Recognised::Foreign(expected));
        }
    }

    #[test]
    fn what_is_no_session_is_not_taken_for_one() {
        assert_eq!(recognise(b""), Recognised::Empty);
        assert_eq!(recognise(b"SQLite format 3\0rest"), Recognised::Sqlite);
        let entities_first: &[u8] = b" {\"entities\": [[1, 2], ";
        assert_eq!(recognise(entities_first), Recognised::TelethonJson);
        for head in [
            &b"SQLite format 3"[..],
            b"{}",
            b"{\"Version\": 1}",
            b"[\"auth_key_data\"]",
            b"\x80\x04\x95numpy",
            b"hello",
            b"TDF",
            &[0; 4096],
            &[0xff; 4096],
        ] {
            assert_eq!(recognise(head), Recognised::Unknown, "{head:?}");
        }
    }

    /// The strings of a fixture, except those that its writer failed to make.
    fn strings(name: &str) -> Vec<String> {
        let value: Value = serde_json::from_slice(&fixture(name)).unwrap();
        let list = value.get("strings").unwrap_or(&value).as_array().unwrap();
        let strings = list.iter().filter_map(|entry| entry["string"].as_str());
        strings.filter(|text| !text.starts_with("ERR")).map(str::to_owned).collect()
    }

    #[test]
    fn string_sessions_of_others_are_recognised() {
        for (name, count, expected) in [
            ("pyrogram-strings-1.2.20.json", 6, "a string session of Pyrogram 1"),
            (
                "pyrogram-strings-2.0.106.json",
                7,
                "a string session of Pyrogram 2, one of its forks, or tgsnake",
            ),
            (
                "tgsnake-strings.json",
                3,
                "a string session of Pyrogram 2, one of its forks, or tgsnake",
            ),
            ("mtcute-strings.json", 5, "a string session of mtcute"),
            ("mtkruto-strings.json", 5, "a string session of MTKruto"),
        ] {
            let strings = strings(&format!("foreign/{name}"));
            assert_eq!(strings.len(), count, "{name}");
            for text in strings {
                assert_eq!(foreign_string(text.as_bytes()), Some(expected), "{name}: {text}");
            }
        }
        let text = String::from_utf8(fixture("foreign/gotgproto-string.txt")).unwrap();
        assert_eq!(foreign_string(text.as_bytes()), Some("a string session of gotgproto"));
        // The long form of Pyrogram 1 for big user ids.
        let long = [&[2, 0][..], &[7; 256], &6_000_000_001_u64.to_be_bytes(), &[1]].concat();
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(long);
        assert_eq!(foreign_string(text.as_bytes()), Some("a string session of Pyrogram 1"));
        for text in ["", "hello", "AAAA", &"A".repeat(5000), &"é".repeat(1000)] {
            assert_eq!(foreign_string(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_file_is_a_surprise(
            magic in prop::sample::select(vec![
                &b""[..], b"{", b"\x80\x04", b"TDF$", b"\xce\xb8\x3e\xa7", b"\x08\0\0\0", b"SQLite",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            recognise(&[magic, &bytes].concat());
        }

        #[test]
        fn no_string_is_a_surprise(text in any::<String>(), base64 in "[A-Za-z0-9+/_-]{0,400}=?") {
            foreign_string(text.as_bytes());
            foreign_string(base64.as_bytes());
            let _ = decode_base64(base64.as_bytes());
        }
    }
}
