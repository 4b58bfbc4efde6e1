//! What a person types, and which peer is meant by it.
//!
//! The meaning is Telethon's (`parse_phone`, `parse_username`, `resolve_invite_link`), except where
//! Telethon's patterns miss what the text plainly says: `t.me/@name` is no invite there, a link with
//! a message number or a query names nobody, and a negative number is taken for a phone.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::entity::normal_phone;
use crate::{Entity, PeerId, PeerKind};

/// What a text says about the peer that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// The account itself.
    Me,
    /// The peer of that id.
    Id(PeerId),
    /// The holder of that username, lower case.
    Username(Cow<'a, str>),
    /// The holder of that phone number, digits only.
    Phone(Cow<'a, str>),
    /// A bare id out of an invite link, of a kind that the link does not tell. Only a peer that is
    /// stored may answer it: newer links carry random bits there, and the id of a chat can be named
    /// without a row.
    BareId(i64),
    /// None of these. A display name, perhaps.
    Nothing,
}

/// The hosts of links to peers; `name.t.me` is one more form.
const HOSTS: [&str; 3] = ["t.me", "telegram.me", "telegram.dog"];

/// First words of links that look like usernames and are services.
const SERVICES: [&str; 19] = [
    "addemoji",
    "addlist",
    "addstickers",
    "addtheme",
    "auth",
    "call",
    "confirmphone",
    "contact",
    "folder",
    "giftcode",
    "invoice",
    "joinchat",
    "login",
    "nft",
    "proxy",
    "setlanguage",
    "share",
    "socks",
    "web",
];

/// What `text` means. The caller may try the same text as a display name when nothing comes of it.
pub(crate) fn meaning(text: &str) -> Meaning<'_> {
    let text = text.trim();
    if text == "me" || text == "self" {
        return Meaning::Me;
    }
    if let Some(digits) = text.strip_prefix('-').filter(|rest| is_number(rest)) {
        return id(digits.parse().ok().and_then(|bare: i64| PeerId::try_marked(-bare)));
    }
    if let Some(phone) = phone(text) {
        return phone;
    }
    if let Some(link) = strip_prefix(text, "tg:") {
        return app_link(link.trim_start_matches('/'));
    }
    if let Some(meaning) = web_link(text) {
        return meaning;
    }
    let name = text.strip_prefix('@').unwrap_or(text).trim_end_matches('/');
    match username(name) {
        Some(name) => Meaning::Username(name),
        // Telethon takes the bare hash of an invite link as well.
        None => invite(text),
    }
}

/// The username in lower case, if it has the form of one: 3 to 32 letters (ASCII), digits and single
/// underscores, a letter first, no underscore last.
pub(crate) fn username(name: &str) -> Option<Cow<'_, str>> {
    let fits = (3..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.ends_with('_')
        && !name.contains("__");
    fits.then(|| match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    })
}

/// `https://t.me/…` and its kin; `None` if `text` is no such link.
fn web_link(text: &str) -> Option<Meaning<'_>> {
    let rest = strip_prefix(text, "https://").or_else(|| strip_prefix(text, "http://"));
    let rest = rest.unwrap_or(text);
    let rest = strip_prefix(rest, "www.").unwrap_or(rest);
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if !HOSTS.iter().any(|known| host.eq_ignore_ascii_case(known)) {
        let (name, domain) = host.split_once('.')?;
        return domain.eq_ignore_ascii_case("t.me").then(|| public_name(name));
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let mut words = path.split('/').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let mut second = || words.next().unwrap_or_default();
    Some(match first {
        "s" | "boost" => public_name(second()),
        "c" => peer(PeerKind::Channel, second()),
        "joinchat" => invite(second()),
        _ => match first.strip_prefix('+') {
            Some(digits) if is_number(digits) => phone(digits).unwrap_or(Meaning::Nothing),
            Some(hash) => invite(hash),
            None => public_name(first),
        },
    })
}

/// What follows `tg://`.
fn app_link(link: &str) -> Meaning<'_> {
    let link = link.split('#').next().unwrap_or_default();
    let (action, query) = link.split_once('?').unwrap_or((link, ""));
    let value = |key: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key)
    };
    let action = action.trim_end_matches('/');
    let is = |name: &str| action.eq_ignore_ascii_case(name);
    if is("resolve") {
        match (value("domain"), value("phone")) {
            (Some((_, name)), _) => public_name(name),
            (None, Some((_, digits))) => phone(digits).unwrap_or(Meaning::Nothing),
            (None, None) => Meaning::Nothing,
        }
    } else if is("user") {
        value("id").map_or(Meaning::Nothing, |(_, bare)| peer(PeerKind::User, bare))
    } else if is("privatepost") {
        value("channel").map_or(Meaning::Nothing, |(_, bare)| peer(PeerKind::Channel, bare))
    } else if is("join") {
        value("invite").map_or(Meaning::Nothing, |(_, hash)| invite(hash))
    } else {
        Meaning::Nothing
    }
}

/// The name in a link, with or without `@`.
fn public_name(name: &str) -> Meaning<'_> {
    match username(name.strip_prefix('@').unwrap_or(name)) {
        Some(name) if !SERVICES.contains(&&*name) => Meaning::Username(name),
        _ => Meaning::Nothing,
    }
}

/// The peer whose bare id is written out.
fn peer(kind: PeerKind, digits: &str) -> Meaning<'static> {
    let bare = Some(digits).filter(|digits| is_number(digits)).and_then(|text| text.parse().ok());
    id(bare.and_then(|bare| PeerId::from_bare(kind, bare).ok()))
}

fn id(id: Option<PeerId>) -> Meaning<'static> {
    id.map_or(Meaning::Nothing, Meaning::Id)
}

/// Telethon's `parse_phone`: digits among `+ ( ) -` and spaces. `None` if it is no phone number,
/// `Nothing` if it is one that nobody can have.
fn phone(text: &str) -> Option<Meaning<'_>> {
    let fits = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+()-".contains(c);
    if !text.chars().all(fits) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = normal_phone(text);
    let possible = (1..=Entity::MAX_PHONE).contains(&digits.len());
    Some(if possible { Meaning::Phone(digits) } else { Meaning::Nothing })
}

/// Telethon's `resolve_invite_link`: the hash is 12 bytes, the first four the bare id, or 16 bytes,
/// with the creator before it; as URL-safe base64 or in hexadecimal.
fn invite(hash: &str) -> Meaning<'static> {
    let hash = hash.trim_end_matches(['=', '/']);
    let hex = |from: usize| {
        let digits = hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(hash)?;
        u32::from_str_radix(digits.get(from..from + 8)?, 16).ok()
    };
    let base64 = |from: usize| {
        let bytes = URL_SAFE_NO_PAD.decode(hash).ok()?;
        Some(u32::from_be_bytes(bytes.get(from..from + 4)?.try_into().ok()?))
    };
    let bare = match hash.len() {
        16 => base64(0),
        22 => base64(4),
        24 => hex(0),
        32 => hex(8),
        _ => None,
    };
    bare.filter(|bare| *bare != 0).map_or(Meaning::Nothing, |bare| Meaning::BareId(bare.into()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `str::strip_prefix` for an ASCII prefix in whatever case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(name: &str) -> Meaning<'_> {
        Meaning::Username(name.into())
    }

    fn digits(digits: &str) -> Meaning<'_> {
        Meaning::Phone(digits.into())
    }

    fn marked(id: i64) -> Meaning<'static> {
        Meaning::Id(PeerId::from_marked(id).unwrap())
    }

    #[track_caller]
    fn check<'a>(cases: impl IntoIterator<Item = (&'a str, Meaning<'a>)>) {
        for (text, expected) in cases {
            assert_eq!(meaning(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_account_itself() {
        check([
            ("me", Meaning::Me),
            (" self ", Meaning::Me),
            // Names of others, or of nobody.
            ("@self", name("self")),
            ("t.me/self", name("self")),
            ("@me", Meaning::Nothing),
            ("Me", Meaning::Nothing),
        ]);
    }

    #[test]
    fn a_negative_number_is_a_marked_id() {
        check([
            ("-4444", marked(-4444)),
            (" -1001234567890\n", marked(-1_001_234_567_890)),
            ("-999999999999", marked(-999_999_999_999)),
            ("-9223372036854775807", marked(-i64::MAX)),
            // These mark nobody; nor are they phone numbers.
            ("-0", Meaning::Nothing),
            ("-1000000000000", Meaning::Nothing),
            ("-9223372036854775809", Meaning::Nothing),
            ("-99999999999999999999999999", Meaning::Nothing),
        ]);
    }

    #[test]
    fn digits_are_a_phone_number() {
        check([
            ("15550001111", digits("15550001111")),
            ("+1 (555) 000-1111", digits("15550001111")),
            ("+1\u{a0}555\u{a0}0001111", digits("15550001111")),
            ("555-1234", digits("5551234")),
            ("-555 1234", digits("5551234")),
            ("0049 30 1", digits("49301")),
            ("0049301", digits("49301")),
            ("123456789", digits("123456789")),
            ("999999999999999999", digits("999999999999999999")),
            ("9999999999999999999", Meaning::Nothing),
            ("000", Meaning::Nothing),
            ("+", Meaning::Nothing),
            ("()", Meaning::Nothing),
            ("-", Meaning::Nothing),
            ("", Meaning::Nothing),
            ("555.1234", Meaning::Nothing),
            // Digits of other scripts are no phone number.
            ("\u{661}\u{662}\u{663}", Meaning::Nothing),
        ]);
    }

    #[test]
    fn usernames_are_lower_cased_and_checked() {
        check([
            ("durov", name("durov")),
            ("@Durov", name("durov")),
            ("  @durov/ ", name("durov")),
            ("gif", name("gif")),
            ("a_b", name("a_b")),
            ("a2345678901234567890123456789012", name("a2345678901234567890123456789012")),
            ("a23456789012345678901234567890123", Meaning::Nothing),
            ("ab", Meaning::Nothing),
            ("@1durov", Meaning::Nothing),
            ("durov_", Meaning::Nothing),
            ("_durov", Meaning::Nothing),
            ("du__rov", Meaning::Nothing),
            ("@@durov", Meaning::Nothing),
            ("dürov", Meaning::Nothing),
            // Its long s folds to an s in Telethon's pattern.
            ("\u{17f}tart", Meaning::Nothing),
            ("Ada Lovelace", Meaning::Nothing),
            ("durov\0", Meaning::Nothing),
        ]);
        assert_eq!(username("Durov").as_deref(), Some("durov"));
        assert!(matches!(username("durov"), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn a_link_names_its_peer_whatever_else_it_carries() {
        for text in [
            "t.me/durov",
            "t.me/@durov",
            "http://t.me/durov",
            "https://t.me/Durov/",
            "HTTPS://WWW.T.ME/DUROV",
            "https://www.t.me/durov",
            "telegram.me/durov",
            "https://telegram.dog/durov",
            "https://t.me/durov/123",
            "https://t.me/durov/123/456?single",
            "https://t.me/durov?start=abc",
            "https://t.me/durov#top",
            "https://t.me/s/durov",
            "https://t.me/s/durov/7?before=9",
            "https://t.me/boost/durov",
            "https://t.me//durov",
            "durov.t.me",
            "https://durov.t.me",
            "https://Durov.T.me/123?x",
            "https://durov.t.me?start=1",
            "tg://resolve?domain=durov",
            "tg:resolve?domain=durov",
            "TG://resolve?domain=@Durov&post=3",
            "tg://resolve/?start=x&domain=durov#f",
        ] {
            assert_eq!(meaning(text), name("durov"), "{text:?}");
        }
        check([
            ("https://t.me/c/1234567890/55", marked(-1_001_234_567_890)),
            ("t.me/c/1234567890", marked(-1_001_234_567_890)),
            ("tg://privatepost?channel=1234567890&post=5", marked(-1_001_234_567_890)),
            ("tg://user?id=123456789", marked(123_456_789)),
            ("https://t.me/+15550001111", digits("15550001111")),
            ("t.me/+15550001111?text=hi", digits("15550001111")),
            ("tg://resolve?phone=15550001111", digits("15550001111")),
            ("tg://resolve?phone=+15550001111", digits("15550001111")),
        ]);
    }

    #[test]
    fn links_that_name_nobody() {
        for text in [
            "t.me",
            "t.me/",
            "https://t.me",
            "https://t.me/?domain=durov",
            "https://t.me/s",
            "https://t.me/s/",
            "https://t.me/c/",
            "https://t.me/c/durov",
            "https://t.me/c/0/1",
            "https://t.me/c/-5",
            "https://t.me/c/99999999999999999999",
            "https://t.me/c/9223372036854775807",
            "https://t.me/+",
            "https://t.me/+0",
            "https://t.me/+99999999999999999999",
            "https://t.me/share/url?url=t.me/durov",
            "https://t.me/addstickers/durov",
            "https://t.me/joinchat",
            "https://t.me/15550001111",
            "https://web.t.me/durov",
            "https://a.b.t.me/durov",
            "https://example.com/durov",
            "https://t.me.example.com/durov",
            "https://example.com@t.me/durov",
            "https://durov",
            "https://https://t.me/durov",
            "tg:",
            "tg://",
            "tg://resolve",
            "tg://resolve?domain=",
            "tg://resolve?xdomain=durov",
            "tg://resolve?phone=x",
            "tg://user?id=-5",
            "tg://user?id=0",
            "tg://user",
            "tg://settings?domain=durov",
        ] {
            assert_eq!(meaning(text), Meaning::Nothing, "{text:?}");
        }
    }

    #[test]
    fn an_old_invite_link_tells_a_bare_id() {
        // creator 1, chat 4444, 8 random bytes; and the same without the creator.
        for text in [
            "https://t.me/joinchat/AAAAAQAAEVwBAgMEBQYHCA",
            "https://t.me/+AAAAAQAAEVwBAgMEBQYHCA?x=y",
            "telegram.me/joinchat/AAAAAQAAEVwBAgMEBQYHCA==",
            "tg://join?invite=AAAAAQAAEVwBAgMEBQYHCA",
            "tg://join?invite=AAAAAQAAEVwBAgMEBQYHCA/",
            "https://t.me/joinchat/AAARXAECAwQFBgcI",
            "t.me/joinchat/000000010000115c0102030405060708",
            "t.me/+0000115C0102030405060708",
            "0000115c0102030405060708",
        ] {
            assert_eq!(meaning(text), Meaning::BareId(4444), "{text:?}");
        }
        check([
            ("t.me/joinchat/000000010000000001020304", Meaning::BareId(1)),
            // After a plus, digits alone are a phone number, as in the official clients.
            ("t.me/+1234567812345678", digits("1234567812345678")),
            ("t.me/joinchat/0000115C0102030405060708a", Meaning::Nothing),
            ("t.me/joinchat/000000000000000001020304", Meaning::Nothing),
            ("t.me/joinchat/AAAAAAECAwQFBgcI", Meaning::Nothing),
            ("t.me/joinchat/AAAAAQAAEVwBAgMEBQYHC*", Meaning::Nothing),
            ("t.me/joinchat/éAAAQAAEVwBAgMEBQYHC", Meaning::Nothing),
        ]);
    }

    proptest! {
        #[test]
        fn no_text_is_a_surprise(
            prefix in "(|-|@|\\+|tg:|tg://(resolve|user|join)\\?[a-z]{0,6}=|https?://|t\\.me/(c/|s/|\\+|joinchat/)?)",
            text in any::<String>(),
        ) {
            meaning(&(prefix + &text));
            meaning(&text);
        }

        #[test]
        fn every_form_of_a_name_means_the_same(text in "[a-zA-Z](_?[a-zA-Z0-9]){2,15}") {
            let lower = text.to_ascii_lowercase();
            prop_assume!(lower != "self" && !SERVICES.contains(&lower.as_str()));
            let forms = [
                text.clone(),
                format!("@{text}"),
                format!("t.me/{text}"),
                format!("https://t.me/@{text}"),
                format!("https://telegram.me/{text}/12?x=y"),
                format!("http://www.telegram.dog/{text}?start=z"),
                format!("https://{text}.t.me/5"),
                format!("https://t.me/s/{text}"),
                format!("tg://resolve?domain={text}&post=1"),
            ];
            for form in &forms {
                prop_assert_eq!(meaning(form), name(&lower), "{}", form);
            }
        }

        #[test]
        fn a_marked_id_written_out_comes_back(bare in 1..999_999_999_999_i64) {
            for kind in [PeerKind::Chat, PeerKind::Channel] {
                let id = PeerId::from_bare(kind, bare).unwrap();
                let text = id.marked().to_string();
                prop_assert_eq!(meaning(&text), Meaning::Id(id));
            }
        }
    }
}
