//! Telethon's string session: `1`, then URL-safe base64 of data center, address, port and key.
//!
//! The bytes behind the text are `u8 dc | 4 or 16 bytes of IPv4 or IPv6 | u16 port | 256 bytes of
//! key`, big-endian. Entities, update states and the account are not in it.

use std::net::{IpAddr, Ipv6Addr};

use base64::{DecodeError, Engine};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};
use zeroize::Zeroizing;

use super::{URL_SAFE, decode_base64, foreign_string, wipe};
use crate::{AuthKey, Dc, Error, Result};

/// The only version there is.
const VERSION: &[u8] = b"1";
/// Bytes with an IPv4 and with an IPv6 address.
const IPV4_LEN: usize = 263;
const IPV6_LEN: usize = 275;
/// More than any string session has: what is longer need not be looked at.
const MAX_TEXT: usize = 1024;

/// What a string session holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringSession {
    /// The home data center.
    pub(crate) dc: Dc,
    /// Its auth key. Telethon writes no session without one, and reads a zero key as none.
    pub(crate) key: Option<AuthKey>,
}

/// Reads a string session: Telethon's `StringSession(text)`. Nothing is in the empty text. Bytes that
/// are no text at all are refused like any that are not base64.
///
/// Spaces and line ends around it, the standard alphabet and missing padding are forgiven: they
/// come from copying, and nothing is lost by them.
pub(crate) fn decode(text: &[u8]) -> Result<Option<StringSession>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    let Some(base64) = text.strip_prefix(VERSION) else {
        return Err(not_ascii(text).unwrap_or_else(|| {
            Error::format(match foreign_string(text) {
                Some(name) => format!(
                    "this looks like {name}; only string sessions of Telethon, which start with \
                     1, can be read"
                ),
                None => "this is no string session of Telethon: they start with 1".to_owned(),
            })
        }));
    };
    if text.len() > MAX_TEXT {
        return Err(not_ascii(text).unwrap_or_else(|| {
            Error::format(format!(
                "the string session has {} characters; Telethon's have 353 (IPv4) or 369 (IPv6)",
                text.len()
            ))
        }));
    }
    let bytes = decode_base64(base64).map_err(|cause| match cause {
        DecodeError::InvalidByte(at, _) => not_ascii(text).unwrap_or_else(|| {
            Error::format(format!(
                "the string session has a character that is not base64 at position {}; copy it \
                 again",
                at + VERSION.len() + 1
            ))
        }),
        _ => Error::format(format!(
            "the string session has {} characters, which no base64 has; part of it is missing: \
             copy it again",
            text.len()
        )),
    })?;
    let session = unpack(&bytes);
    wipe(bytes);
    session.map(Some)
}

/// What to say of a text with a character that is not ASCII. Looked for once something else is wrong.
fn not_ascii(text: &[u8]) -> Option<Error> {
    let at = text.iter().position(|byte| !byte.is_ascii())?;
    Some(Error::format(format!(
        "the string session has a character that is not ASCII at position {}; copy it again",
        at + 1
    )))
}

/// Writes a string session, which is ASCII: Telethon's `StringSession.save`.
pub(crate) fn encode(dc: &Dc, key: &AuthKey) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = pack(dc, key)?;
    // Room for all of it at once, and for the NUL of C: a text that grows leaves copies of the
    // secret behind. So does encoding by pieces, on the stack.
    let length = VERSION.len() + bytes.len().div_ceil(3) * 4;
    let mut text = Zeroizing::new(Vec::with_capacity(length + 1));
    text.extend_from_slice(VERSION);
    text.resize(length, 0);
    let encoded = text.get_mut(VERSION.len()..).map(|room| URL_SAFE.encode_slice(&bytes, room));
    wipe(bytes);
    match encoded {
        Some(Ok(_)) => Ok(text),
        _ => Err(Error::internal("the room for a string session was miscounted")),
    }
}

/// Reads the bytes behind the text: what Telethon's `StringSession.decode` gives.
pub(crate) fn unpack(bytes: &[u8]) -> Result<StringSession> {
    if is_gramjs(bytes) {
        return Err(Error::format(
            "this is a string session of GramJS or teleproto, which starts like Telethon's but \
             cannot be read here",
        ));
    }
    let wrong_length = || {
        Error::format(format!(
            "the session holds {} bytes; Telethon's hold {IPV4_LEN} (IPv4) or {IPV6_LEN} \
             (IPv6): {}",
            bytes.len(),
            match bytes.len() < IPV6_LEN {
                true => "part of it is missing, take all of it",
                false => "there is too much of it, take nothing else",
            }
        ))
    };
    let (head, key) = bytes.split_last_chunk::<{ AuthKey::LEN }>().ok_or_else(wrong_length)?;
    let (head, port) = head.split_last_chunk().ok_or_else(wrong_length)?;
    let (id, address) = head.split_first().ok_or_else(wrong_length)?;
    let host = if let Ok(ip) = <[u8; 4]>::try_from(address) {
        dotted(ip)
    } else if let Ok(ip) = <[u8; 16]>::try_from(address) {
        compressed(Ipv6Addr::from(ip))
    } else {
        return Err(wrong_length());
    };
    let port = u16::from_be_bytes(*port);
    if *id == 0 || port == 0 {
        return Err(Error::format(format!(
            "the session is out of range: data center {id}, port {port}; both start at 1"
        )));
    }
    // A key of the right length fails for one reason only: it is all zero, and that means none.
    let key = AuthKey::new(key).ok();
    Ok(StringSession { dc: Dc { id: i32::from(*id), host, port }, key })
}

/// Makes the bytes behind the text: what Telethon's `StringSession.encode` is given.
pub(crate) fn pack(dc: &Dc, key: &AuthKey) -> Result<Zeroizing<Vec<u8>>> {
    let id = u8::try_from(dc.id).ok().filter(|id| *id > 0).ok_or_else(|| {
        Error::argument(format!(
            "data center {} cannot be written to a string session: 1 to 255 can",
            dc.id
        ))
    })?;
    let address: IpAddr = dc.host.parse().map_err(|_| {
        Error::argument(format!(
            "the host {:?} cannot be written to a string session: it takes an IP address, not a \
             name; set the address of data center {} first",
            dc.host, dc.id
        ))
    })?;
    if dc.port == 0 {
        return Err(Error::argument(format!(
            "data center {} cannot be written to a string session: its port is 0",
            dc.id
        )));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(IPV6_LEN + 1));
    bytes.push(id);
    match address {
        IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
    }
    bytes.extend_from_slice(&dc.port.to_be_bytes());
    bytes.extend_from_slice(key.as_bytes());
    Ok(bytes)
}

/// An IPv4 address as text. Formatting it the usual way takes a fifth of all that decoding takes.
fn dotted(ip: [u8; 4]) -> SmolStr {
    let mut text = [0; "255.255.255.255".len()];
    let mut length = 0;
    let mut push = |byte| {
        if let Some(place) = text.get_mut(length) {
            *place = byte;
            length += 1;
        }
    };
    for (n, byte) in ip.into_iter().enumerate() {
        if n > 0 {
            push(b'.');
        }
        for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
            if byte >= least {
                push(b'0' + byte / unit % 10);
            }
        }
    }
    // Digits and dots: always text.
    text.get(..length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default().into()
}

/// The address as Telethon puts it down (`ipaddress(…).compressed` of Python up to 3.12): as Rust
/// does, except that an IPv4 address inside is not written as one.
fn compressed(ip: Ipv6Addr) -> SmolStr {
    match (ip.to_ipv4_mapped(), ip.segments()) {
        (Some(_), [.., high, low]) => format_smolstr!("::ffff:{high:x}:{low:x}"),
        _ => ip.to_smolstr(),
    }
}

/// Whether these are the bytes of GramJS: `u8 dc | u16 length | address as text | u16 port | key`.
///
/// With 14 characters of address they are as long as Telethon's with IPv6, and Telethon reads them
/// as the address `e:3134:…`. No server can live there (`000e::/16` is not assigned), so the text
/// decides. With 2 characters they are as long as Telethon's with IPv4, but no address is so short.
fn is_gramjs(bytes: &[u8]) -> bool {
    let [_, high, low, rest @ ..] = bytes else { return false };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b".:-".contains(byte);
    length > 2
        && bytes.len() == 1 + 2 + length + 2 + AuthKey::LEN
        && rest.iter().take(length).all(fits)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::ErrorKind;

    fn key() -> AuthKey {
        AuthKey::new(&(0..=255).collect::<Vec<u8>>()).unwrap()
    }

    fn dc() -> Dc {
        Dc::new(2, "149.154.167.51", 443).unwrap()
    }

    fn text() -> String {
        written(&dc(), &key())
    }

    fn written(dc: &Dc, key: &AuthKey) -> String {
        String::from_utf8(encode(dc, key).unwrap().to_vec()).unwrap()
    }

    fn read(text: &str) -> Result<Option<StringSession>> {
        decode(text.as_bytes())
    }

    fn strings(json: &str) -> Vec<Value> {
        let value: Value = serde_json::from_str(json).unwrap();
        value["strings"].as_array().unwrap().clone()
    }

    #[track_caller]
    fn refused(text: &str, says: &str) {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{error}");
        assert!(error.message().contains(says), "{error}");
    }

    #[test]
    fn strings_of_telethon_are_read_and_written_alike() {
        for json in [
            include_str!("../../tests/fixtures/telethon/strings-telethon-1.2.json"),
            include_str!("../../tests/fixtures/telethon/strings-telethon-1.45.0.json"),
        ] {
            let strings = strings(json);
            assert_eq!(strings.len(), 8);
            for entry in strings {
                let text = entry["string"].as_str().unwrap();
                let session = read(text).unwrap().unwrap();
                let mut bytes: Vec<u8> = (0..=255).collect();
                if entry["auth_key"] == "desc" {
                    bytes.reverse();
                }
                assert_eq!(session.dc.id, entry["dc_id"]);
                assert_eq!(session.dc.host, entry["server_address"].as_str().unwrap());
                assert_eq!(session.dc.port, entry["port"]);
                assert_eq!(session.key, Some(AuthKey::new(&bytes).unwrap()));
                assert_eq!(written(&session.dc, session.key.as_ref().unwrap()), text);
            }
        }
    }

    #[test]
    fn what_copying_does_to_a_string_is_forgiven() {
        let session = read(&text()).unwrap();
        assert!(session.is_some());
        assert_eq!(read(&format!(" \t{}\r\n", text())).unwrap(), session);
        assert_eq!(read(text().trim_end_matches('=')).unwrap(), session);
        let bytes = pack(&dc(), &key()).unwrap();
        assert_eq!(read(&format!("1{}", STANDARD.encode(&*bytes))).unwrap(), session);
        assert_eq!(read(&format!("1{}", STANDARD_NO_PAD.encode(&*bytes))).unwrap(), session);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read(" \n").unwrap(), None);
    }

    #[test]
    fn each_malformed_string_is_told_why() {
        let good = text();
        let packed = pack(&dc(), &key()).unwrap();
        let encoded = |bytes: &[u8]| format!("1{}", URL_SAFE.encode(bytes));
        refused("hello", "start with 1");
        refused(&good[1..], "start with 1");
        refused(&format!("2{}", &good[1..]), "start with 1");
        refused("1", "holds 0 bytes");
        refused(
            &good[..good.len() - 4],
            "the session holds 261 bytes; Telethon's hold 263 (IPv4) or 275",
        );
        refused(&encoded(&packed[..262]), "holds 262 bytes");
        refused(&encoded(&[&packed[..], &[7]].concat()), "holds 264 bytes");
        refused(&encoded(&[7; 274]), "part of it is missing, take all of it");
        refused(&encoded(&[7; 276]), "too much of it, take nothing else");
        refused(&good[..good.len() - 3], "has 350 characters, which no base64 has");
        refused(&good.repeat(3), "has 1059 characters");
        refused(&format!("1{}", "é".repeat(600)), "not ASCII at position 2;");
        refused(&format!("{}!{}", &good[..8], &good[9..]), "not base64 at position 9;");
        refused(&format!("{}\n{}", &good[..100], &good[100..]), "not base64 at position 101;");
        refused(&format!("{}=={}", &good[..100], &good[100..]), "not base64 at position 101;");
        refused(&format!("{}é{}", &good[..8], &good[9..]), "not ASCII at position 9;");
        refused(&format!("\u{feff}{good}"), "not ASCII at position 1;");
        let mut bytes = packed.clone();
        bytes[0] = 0;
        refused(&encoded(&bytes), "out of range: data center 0, port 443");
        bytes[0] = 2;
        bytes[5..7].fill(0);
        refused(&encoded(&bytes), "out of range: data center 2, port 0");
    }

    #[test]
    fn no_error_repeats_the_secret() {
        let good = text();
        for end in 1..good.len() - 2 {
            let error = read(&good[..end]).unwrap_err().to_string();
            assert!(
                !good
                    .as_bytes()
                    .windows(8)
                    .any(|part| { error.contains(std::str::from_utf8(part).unwrap()) })
            );
        }
    }

    #[test]
    fn what_a_string_cannot_hold_is_refused() {
        for (id, host, port, says) in [
            (0, "149.154.167.51", 443, "data center 0 cannot be written"),
            (-1, "149.154.167.51", 443, "data center -1 cannot be written"),
            (256, "149.154.167.51", 443, "data center 256 cannot be written"),
            (2, "venus.web.telegram.org", 443, "\"venus.web.telegram.org\" cannot be written"),
            (2, "149.154.167.051", 443, "not a name"),
            (2, "", 443, "not a name"),
            (2, "149.154.167.51", 0, "its port is 0"),
        ] {
            let error = encode(&Dc { id, host: host.into(), port }, &key()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
            assert!(error.message().contains(says), "{error}");
        }
        assert_eq!(encode(&Dc { id: 255, port: 65535, ..dc() }, &key()).unwrap().len(), 353);
    }

    #[test]
    fn strings_of_gramjs_are_told_apart() {
        let strings = strings(include_str!("../../tests/fixtures/foreign/gramjs-strings.json"));
        let strings = strings.iter().filter_map(|entry| entry["string"].as_str());
        let strings: Vec<_> = strings.filter(|text| text.starts_with('1')).collect();
        // Of all lengths; those with an address of 14 characters are as long as Telethon's.
        let bytes = strings.iter().map(|text| decode_base64(&text.as_bytes()[1..]).unwrap().len());
        assert_eq!(bytes.filter(|length| *length == IPV6_LEN).count(), 6);
        assert_eq!(strings.len(), 10);
        for text in strings {
            refused(text, "GramJS");
        }
        // An address that only begins like theirs is Telethon's.
        let dc = Dc::new(2, "e:3134:392e:3135:342e:3136:372e:ff", 443).unwrap();
        let text = written(&dc, &key());
        assert_eq!(read(&text).unwrap().unwrap().dc, dc);
    }

    #[test]
    fn strings_of_others_are_named() {
        let strings = [
            (
                include_str!("../../tests/fixtures/foreign/pyrogram-strings-2.0.106.json"),
                "Pyrogram",
            ),
            (include_str!("../../tests/fixtures/foreign/pyrogram-strings-1.2.20.json"), "Pyrogram"),
        ];
        for (json, name) in strings {
            let list: Vec<Value> = serde_json::from_str(json).unwrap();
            refused(list[0]["string"].as_str().unwrap(), name);
        }
        refused(include_str!("../../tests/fixtures/foreign/gotgproto-string.txt"), "gotgproto");
    }

    /// As Python's `ipaddress` writes them.
    #[test]
    fn ipv6_addresses_are_written_as_telethon_writes_them() {
        for (address, expected) in [
            ("::ffff:1.2.3.4", "::ffff:102:304"),
            ("::ffff:0.0.0.0", "::ffff:0:0"),
            ("::ffff:0.0.1.2", "::ffff:0:102"),
            ("::1.2.3.4", "::102:304"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("2001:67C:4E8:F002::A", "2001:67c:4e8:f002::a"),
            ("1:0:0:4:5:0:0:8", "1::4:5:0:0:8"),
            ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
            ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
            ("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("0:0:3:4:5:6:0:0", "::3:4:5:6:0:0"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
            ("::ffff:0:1.2.3.4", "::ffff:0:102:304"),
            ("0:0:0:0:fffe:0:0:1", "::fffe:0:0:1"),
        ] {
            let dc = Dc { id: 2, host: address.into(), port: 443 };
            let session = read(&written(&dc, &key())).unwrap().unwrap();
            assert_eq!(session.dc.host, expected, "{address}");
        }
    }

    #[test]
    fn a_zero_key_is_none() {
        let mut bytes = pack(&dc(), &key()).unwrap();
        bytes[7..].fill(0);
        assert_eq!(unpack(&bytes).unwrap(), StringSession { dc: dc(), key: None });
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(
            id in 1..=255_i32,
            address in any::<IpAddr>(),
            port in 1..=u16::MAX,
            bytes in prop::collection::vec(any::<u8>(), AuthKey::LEN),
        ) {
            prop_assume!(bytes.iter().any(|byte| *byte != 0));
            let key = AuthKey::new(&bytes).unwrap();
            let dc = Dc::new(id, &address.to_string(), port).unwrap();
            let text = written(&dc, &key);
            let session = read(&text).unwrap().unwrap();
            prop_assert_eq!(session.dc.host.parse::<IpAddr>().unwrap(), address);
            prop_assert_eq!((session.dc.id, session.dc.port), (id, port));
            prop_assert_eq!(session.key, Some(key));
        }

        #[test]
        fn no_text_is_a_surprise(text in any::<String>(), base64 in "1[A-Za-z0-9+/_-]{0,400}={0,3}") {
            let _ = read(&text);
            let _ = read(&base64);
        }

        #[test]
        fn no_bytes_are_a_surprise(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = unpack(&bytes);
        }
    }
}
