//! Stub, to be replaced: just enough of the recognition for the storage to build on.

pub(crate) enum Recognised {
    Empty,
    Sqlite,
    TelethonJson,
    Foreign(&'static str),
    Unknown,
}

pub(crate) fn recognise(head: &[u8]) -> Recognised {
    if head.is_empty() {
        Recognised::Empty
    } else if head.starts_with(b"SQLite format 3\0") {
        Recognised::Sqlite
    } else if head.starts_with(b"{") && head.windows(13).any(|part| part == b"auth_key_data") {
        Recognised::TelethonJson
    } else if head.starts_with(&[0x80, 3]) || head.starts_with(&[0x80, 4]) {
        Recognised::Foreign("Telethon 0.10 or older (a Python pickle)")
    } else {
        Recognised::Unknown
    }
}

pub(crate) mod telethon_json {
    use base64::Engine;

    use crate::{AuthKey, Error, PeerId, Result};

    pub(crate) struct TelethonJson {
        pub(crate) host: String,
        pub(crate) port: u16,
        pub(crate) key: Option<AuthKey>,
        pub(crate) entities: Vec<(PeerId, i64)>,
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<TelethonJson> {
        let wrong = || Error::corrupt("this JSON session is damaged");
        let json: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| wrong())?;
        let key = match json.get("auth_key_data").and_then(|key| key.as_str()) {
            None => None,
            Some(text) => {
                let text: String = text.split_whitespace().collect();
                let bytes =
                    base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| wrong())?;
                Some(AuthKey::new(&bytes)?)
            }
        };
        let port = json.get("port").and_then(|port| port.as_u64()).ok_or_else(wrong)?;
        let host = json.get("server_address").and_then(|host| host.as_str()).ok_or_else(wrong)?;
        let none = Vec::new();
        let rows = json.get("entities").and_then(|rows| rows.as_array()).unwrap_or(&none);
        let entities = rows
            .iter()
            .filter_map(|row| {
                Some((PeerId::try_marked(row.get(0)?.as_i64()?)?, row.get(1)?.as_i64()?))
            })
            .collect();
        Ok(TelethonJson {
            host: host.to_owned(),
            port: u16::try_from(port).map_err(|_| wrong())?,
            key,
            entities,
        })
    }
}
