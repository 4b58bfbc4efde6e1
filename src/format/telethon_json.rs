//! The JSON sessions of Telethon 0.10.1 to 0.15: address, key, and the hashes of peers.

use serde_json::{Map, Value};
use smol_str::SmolStr;
use zeroize::Zeroizing;

use super::decode_base64;
use crate::{AuthKey, Dc, Error, PeerId, Result};

/// What a JSON session holds. It does not tell the number of its data center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TelethonJson {
    /// Address of the home data center.
    pub(crate) host: SmolStr,
    /// Its port.
    pub(crate) port: u16,
    /// Its auth key.
    pub(crate) key: Option<AuthKey>,
    /// Peers and their access hashes.
    pub(crate) entities: Vec<(PeerId, i64)>,
}

/// Reads a JSON session. It takes some twenty times the size of `bytes` in memory: the caller
/// bounds it.
pub(crate) fn parse(bytes: &[u8]) -> Result<TelethonJson> {
    let value = serde_json::from_slice(bytes)
        .map_err(|cause| Error::corrupt(format!("the JSON session is damaged: {cause}")))?;
    let Value::Object(mut fields) = value else {
        return Err(Error::format("this JSON is no session of Telethon: it is no object"));
    };
    let Some(key) = fields.remove("auth_key_data") else {
        return Err(Error::format(
            "this JSON is no session of Telethon: it has no \"auth_key_data\"",
        ));
    };
    let key = parse_key(key)?;
    let (host, port) = parse_address(&fields)?;
    Ok(TelethonJson { host, port, key, entities: parse_entities(fields.get("entities"))? })
}

fn parse_key(value: Value) -> Result<Option<AuthKey>> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => Zeroizing::new(text),
        _ => return Err(damaged("auth_key_data", "is no text")),
    };
    let bytes =
        decode_base64(text.as_bytes()).map_err(|_| damaged("auth_key_data", "is no base64"))?;
    match bytes.len() {
        // What remains to fail is the zero key, which Telethon reads as none.
        0 | AuthKey::LEN => Ok(AuthKey::new(&bytes).ok()),
        length => {
            Err(damaged("auth_key_data", &format!("has {length} bytes, where a key has 256")))
        }
    }
}

fn parse_address(fields: &Map<String, Value>) -> Result<(SmolStr, u16)> {
    let host = fields.get("server_address").and_then(Value::as_str);
    let host = host.ok_or_else(|| damaged("server_address", "is missing or no text"))?;
    let port = fields.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| damaged("port", "is missing or no port number"))?;
    // The number is not known here; any will do to check the rest.
    let dc = Dc::new(1, host, port)
        .map_err(|_| damaged("server_address\" or \"port", "is none that can be reached"))?;
    Ok((dc.host, dc.port))
}

/// Rows of marked id and access hash. A row without hash is of no use and dropped, as Telethon drops
/// it in its own migration.
///
/// Telethon marked channels by writing "-100" before the bare id then. For the ids of ten digits
/// that channels had in those years this is the marked id of today.
fn parse_entities(rows: Option<&Value>) -> Result<Vec<(PeerId, i64)>> {
    // Before 0.15 there were none.
    let rows = match rows {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(rows) => rows.as_array().ok_or_else(|| damaged("entities", "is no list"))?,
    };
    let mut entities = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let wrong = || damaged("entities", &format!("has no [id, hash] at index {index}"));
        let Some([id, hash]) = row.as_array().map(Vec::as_slice) else { return Err(wrong()) };
        let id = id.as_i64().ok_or_else(wrong)?;
        let hash = match hash {
            Value::Null => None,
            hash => Some(hash.as_i64().ok_or_else(wrong)?),
        };
        entities.extend(PeerId::try_marked(id).zip(hash));
    }
    Ok(entities)
}

fn damaged(field: &str, how: &str) -> Error {
    Error::corrupt(format!("the JSON session of Telethon is damaged: \"{field}\" {how}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7\
        PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKD\
        hIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrL\
        zM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==";

    fn key() -> AuthKey {
        AuthKey::new(&(0..=255).collect::<Vec<u8>>()).unwrap()
    }

    #[test]
    fn sessions_of_telethon_0_15_are_read() {
        let empty = include_bytes!("../../tests/fixtures/telethon/telethon-0.15.session");
        let session = TelethonJson {
            host: "149.154.167.51".into(),
            port: 443,
            key: Some(key()),
            entities: Vec::new(),
        };
        assert_eq!(parse(empty).unwrap(), session);

        let full = include_bytes!("../../tests/fixtures/telethon/telethon-0.15.5.7.session");
        let entities = [
            (123456789, 1111111111111111111),
            (987654321, -2222222222222222222),
            (556, 12345),
            (6000000001, 4444444444444444444),
            (700000001, 77),
            (-4444, 0),
            (-4445, 0),
            (-4446, 0),
            (-1001234567890, 3333333333333333333),
            (-1001876543210, -3333333333333333334),
            (-1001876543211, 99),
            (-1001555555555, 5555555555555555555),
            (700000002, 78),
        ];
        let entities = entities.map(|(id, hash)| (PeerId::from_marked(id).unwrap(), hash));
        assert_eq!(parse(full).unwrap(), TelethonJson { entities: entities.to_vec(), ..session });
    }

    #[test]
    fn sessions_of_telethon_0_13_are_read() {
        let json = format!(
            r#"{{"id": 18446744073709551615, "port": 443, "salt": 5, "sequence": 0, "time_offset": 0,
                "server_address": "149.154.167.51", "auth_key_data": "{KEY}"}}"#
        );
        let session = parse(json.as_bytes()).unwrap();
        assert_eq!((session.key, session.entities.len()), (Some(key()), 0));
    }

    #[test]
    fn rows_that_say_nothing_are_dropped() {
        let json = br#"{"server_address": "149.154.167.51", "port": 443, "auth_key_data": null,
            "entities": [[5, null], [0, 7], [-1000000000000, 7], [6, 8]]}"#;
        let session = parse(json).unwrap();
        assert_eq!(session.entities, [(PeerId::from_marked(6).unwrap(), 8)]);
        assert_eq!(session.key, None);
    }

    #[test]
    fn damage_is_told_and_keeps_the_secret() {
        use ErrorKind::*;
        let with = |field: &str, value: &str| {
            let mut fields = vec![
                ("server_address", "\"149.154.167.51\"".to_owned()),
                ("port", "443".to_owned()),
                ("auth_key_data", format!("\"{KEY}\"")),
                ("entities", "[]".to_owned()),
            ];
            fields.retain(|(name, _)| *name != field);
            let mut json: String =
                fields.iter().map(|(name, value)| format!("\"{name}\": {value}, ")).collect();
            json.push_str(&if value.is_empty() {
                "\"layer\": 0".to_owned()
            } else {
                format!("\"{field}\": {value}")
            });
            format!("{{{json}}}")
        };
        assert!(parse(with("port", "80").as_bytes()).is_ok());
        for (json, kind, says) in [
            ("".to_owned(), Corrupt, "damaged"),
            (with("port", "80")[..200].to_owned(), Corrupt, "line 1"),
            ("[".repeat(100_000), Corrupt, "recursion"),
            ("[1]".to_owned(), Format, "no object"),
            (with("auth_key_data", ""), Format, "no \"auth_key_data\""),
            (with("auth_key_data", "7"), Corrupt, "\"auth_key_data\" is no text"),
            (with("auth_key_data", "\"!\""), Corrupt, "is no base64"),
            (with("auth_key_data", "\"AAECAwQF\""), Corrupt, "has 6 bytes"),
            (with("server_address", ""), Corrupt, "\"server_address\" is missing"),
            (with("server_address", "null"), Corrupt, "\"server_address\" is missing"),
            (with("server_address", "\"a b\""), Corrupt, "none that can be reached"),
            (with("port", "\"443\""), Corrupt, "\"port\" is missing or no port"),
            (with("port", "65536"), Corrupt, "\"port\" is missing or no port"),
            (with("port", "0"), Corrupt, "none that can be reached"),
            (with("entities", "{}"), Corrupt, "\"entities\" is no list"),
            (with("entities", "[[1, 2], [1]]"), Corrupt, "no [id, hash] at index 1"),
            (with("entities", "[[1, 2, 3]]"), Corrupt, "no [id, hash] at index 0"),
            (with("entities", "[[1.5, 2]]"), Corrupt, "no [id, hash] at index 0"),
            (with("entities", "[[1, 9223372036854775808]]"), Corrupt, "at index 0"),
        ] {
            let error = parse(json.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(says), "{error}");
            assert!(!error.message().contains("AAECAwQF"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_json_is_a_surprise(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            row in "\\[-?[0-9]{1,20}, (null|-?[0-9]{1,20}|\"x\")\\]",
        ) {
            let _ = parse(&bytes);
            let json = format!(
                "{{\"auth_key_data\": null, \"server_address\": \"a\", \"port\": 1, \"entities\": [{row}]}}"
            );
            let _ = parse(json.as_bytes());
        }
    }
}
