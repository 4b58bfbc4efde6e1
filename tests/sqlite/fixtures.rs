//! Files that real Telethon versions wrote, compared with what their manifest says of them.

use std::fs;
use std::path::Path;

use mtsession::{
    Account, AuthKey, Dc, Entity, ErrorKind, FileKey, FileKind, Identity, SentFile, SqliteStorage,
    Storage, UpdateState,
};
use serde_json::Value;

use super::*;

/// What a session should show.
#[derive(Debug, PartialEq)]
struct Shown {
    account: Account,
    entities: Vec<Entity>,
    states: Vec<UpdateState>,
    files: Vec<(FileKey, SentFile)>,
}

fn shown(storage: &SqliteStorage) -> Shown {
    let entities = storage.list(None, 1000).unwrap();
    assert_eq!(storage.count().unwrap(), entities.len() as u64);
    for entity in &entities {
        assert_eq!(get(storage, entity.id.marked()).as_ref(), Some(entity));
    }
    let mut files = storage.files().unwrap();
    files.sort_by_key(|(key, _)| *key);
    for (key, file) in &files {
        assert_eq!(storage.file(key).unwrap(), Some(*file));
    }
    Shown { account: storage.load().unwrap(), entities, states: storage.states().unwrap(), files }
}

fn manifest() -> Vec<Value> {
    let text = fs::read_to_string(fixture("telethon/fixtures.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    json["files"].as_array().unwrap().clone()
}

fn blob(value: &Value) -> Option<Vec<u8>> {
    let hex = value.get("hex")?.as_str()?;
    Some(match hex {
        "KEY_ASC" => (0..=255).collect(),
        "KEY_DESC" => (0..=255).rev().collect(),
        hex => (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect(),
    })
}

fn expected(rows: &Value) -> Shown {
    let none = Vec::new();
    let table = |name: &str| rows[name].as_array().unwrap_or(&none);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let whole = |value: &Value| {
        value.as_i64().unwrap_or_else(|| value.as_f64().map_or(0, |number| number as i64))
    };
    let auth_key = |value: &Value| blob(value).and_then(|bytes| AuthKey::new(&bytes).ok());
    let home = &table("sessions")[0];
    let own = table("entities").iter().find(|row| row["id"] == 0);
    Shown {
        account: Account {
            dc: home["server_address"].as_str().map(|host| {
                Dc::new(
                    home["dc_id"].as_i64().unwrap() as i32,
                    host,
                    home["port"].as_u64().unwrap() as u16,
                )
                .unwrap()
            }),
            auth_key: auth_key(&home["auth_key"]),
            tmp_auth_key: auth_key(&home["tmp_auth_key"]).or(auth_key(&home["takeout_id"])),
            takeout_id: home["takeout_id"].as_i64(),
            identity: Identity {
                user_id: own.map_or(0, |row| row["hash"].as_i64().unwrap()),
                ..Identity::default()
            },
            ..Account::default()
        },
        entities: table("entities")
            .iter()
            .filter(|row| row["id"] != 0)
            .map(|row| Entity {
                id: peer(row["id"].as_i64().unwrap()),
                access_hash: row["hash"].as_i64().unwrap(),
                seen: whole(&row["date"]),
                flags: 0,
                usernames: text(&row["username"]).into(),
                phone: row["phone"]
                    .as_i64()
                    .map(|phone| phone.to_string().into())
                    .unwrap_or_default(),
                name: text(&row["name"]).into(),
            })
            .collect(),
        states: table("update_state")
            .iter()
            .map(|row| UpdateState {
                id: whole(&row["id"]),
                pts: whole(&row["pts"]) as i32,
                qts: whole(&row["qts"]) as i32,
                date: whole(&row["date"]),
                seq: whole(&row["seq"]) as i32,
            })
            .collect(),
        files: table("sent_files")
            .iter()
            .filter(|row| row.get("type").is_some())
            .map(|row| {
                (
                    FileKey {
                        md5: blob(&row["md5_digest"]).unwrap().try_into().unwrap(),
                        size: whole(&row["file_size"]),
                        kind: FileKind::from_number(whole(&row["type"])).unwrap(),
                    },
                    SentFile { id: whole(&row["id"]), access_hash: whole(&row["hash"]) },
                )
            })
            .collect(),
    }
}

fn each(kind: &str, mut check: impl FnMut(&str, &Value)) {
    let files = manifest();
    let files: Vec<_> = files.iter().filter(|file| file["kind"] == kind).collect();
    assert!(!files.is_empty(), "the manifest has no {kind}");
    for file in files {
        check(file["file"].as_str().unwrap(), file);
    }
}

#[test]
fn every_telethon_file_opens_with_exactly_its_values() {
    let mut files = 0;
    each("sqlite", |name, entry| {
        files += 1;
        let want = expected(&entry["rows"]);
        let version = entry["rows"]["version"][0]["version"].as_u64().unwrap() as u32;
        let target = if version == 8 { 8 } else { 7 };
        let (_folder, path) = copy_of(&format!("telethon/{name}"));

        let storage = open(&path);
        assert_eq!(shown(&storage), want, "{name}");
        assert_eq!((storage.found_schema(), storage.schema()), (version, target), "{name}");
        assert_eq!(notices(&storage), [""; 0], "{name}");
        storage.close().unwrap();

        assert_eq!(ask::<u32>(&path, "SELECT version FROM version"), target, "{name}");
        assert_eq!(ask::<u32>(&path, "SELECT count(*) FROM version"), 1, "{name}");
        let tables = [
            ("version", "version"),
            (
                "sessions",
                if target == 8 {
                    "dc_id server_address port auth_key takeout_id tmp_auth_key"
                } else {
                    "dc_id server_address port auth_key takeout_id"
                },
            ),
            ("entities", "id hash username phone name date"),
            ("sent_files", "md5_digest file_size type id hash"),
            ("update_state", "id pts qts date seq"),
        ];
        for (table, want) in tables {
            assert_eq!(columns(&path, table), want, "{name}");
        }
        let again = open(&path);
        assert_eq!(shown(&again), want, "{name}, a second time");
        assert_eq!(again.found_schema(), target, "{name}");
    });
    assert!(files >= 20, "only {files} fixtures");
}

#[test]
fn a_read_only_session_shows_the_same_and_never_writes() {
    each("sqlite", |name, entry| {
        let want = expected(&entry["rows"]);
        let version = entry["rows"]["version"][0]["version"].as_u64().unwrap() as u32;
        let (folder, path) = copy_of(&format!("telethon/{name}"));
        let before = snapshot(folder.path());

        let storage = open_with(&path, READ_ONLY());
        assert_eq!(shown(&storage), want, "{name}");
        assert_eq!((storage.found_schema(), storage.schema()), (version, version), "{name}");
        assert_eq!(notices(&storage), [""; 0], "{name}");
        for found in ["dupname", "nobody"] {
            storage.find(mtsession::Find::Username(found)).unwrap();
        }
        let entities = vec![EntityChange { entity: entity(1, 1, 1), known: ALL }];
        let error = storage.commit(&Changes { entities, ..Changes::default() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
        assert_eq!(storage.delete().unwrap_err().kind(), ErrorKind::ReadOnly);
        assert_eq!(snapshot(folder.path()), before, "{name}: something was written");
        storage.close().unwrap();
        assert_eq!(snapshot(folder.path()), before, "{name}: something was written at close");
    });
}

#[test]
fn a_file_that_is_at_its_schema_is_not_touched_by_opening_it() {
    for name in ["telethon-1.45.0.session", "telethon-1.34.0.session"] {
        let (_folder, path) = copy_of(&format!("telethon/{name}"));
        let before = fs::read(&path).unwrap();
        open(&path).close().unwrap();
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
    }
}

#[test]
fn a_file_of_somebody_else_is_refused_by_name_and_left_alone() {
    for (name, owner) in [
        ("foreign/pyrogram-2.0.106.session", "Pyrogram"),
        ("foreign/mtcute-0.29.7.session", "mtcute"),
        ("foreign/grammers-0.11.0.session", "grammers"),
        ("foreign/telethon-2.0.0a0.session", "Telethon 2"),
        ("telethon/telethon-0.11.session", "pickle"),
    ] {
        let (folder, path) = copy_of(name);
        for options in [READ_ONLY(), SqliteOptions::default()] {
            let error = refused(&path, options);
            assert_eq!(error.kind(), ErrorKind::Format, "{name}: {error}");
            assert!(error.message().contains(owner), "{name}: {error}");
            assert!(error.message().contains("auth key into a new session"), "{name}: {error}");
            assert!(error.message().contains(&path.display().to_string()), "{name}: {error}");
        }
        assert_eq!(fs::read(&path).unwrap(), fs::read(fixture(name)).unwrap(), "{name}");
        let left: Vec<_> = snapshot(folder.path()).into_keys().collect();
        assert_eq!(left, [path.clone(), Path::new(&format!("{}-lock", path.display())).into()]);
    }
}
