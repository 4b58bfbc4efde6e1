//! Reading: every cell is checked, a wrong one is treated as absent and told about.

use std::borrow::Cow;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Params, Row, ToSql};
use smol_str::{SmolStr, ToSmolStr};
use zeroize::Zeroizing;

use super::notices::Notices;
use super::schema::{Shape, Side};
use crate::entity::{main_username, normal_phone, normal_usernames, split_usernames};
use crate::ffi::db::Db;
use crate::storage::{Find, believable};
use crate::{
    Account, AuthKey, Dc, DcKey, DcOption, Entity, FileKey, FileKind, Identity, InputPeer, KeySlot,
    PeerId, PeerKind, Salt, SentFile, UpdateState,
};

/// Everything that is asked of Telethon's tables, worded once for the shape of this file.
pub(super) struct Queries {
    pub(super) sessions: String,
    pub(super) own_id: String,
    pub(super) by_id: String,
    pub(super) by_username: String,
    pub(super) by_phone: String,
    pub(super) bearer_of_username: String,
    pub(super) bearer_of_phone: String,
    pub(super) by_name: String,
    pub(super) list: String,
    pub(super) count: String,
    pub(super) states: String,
    pub(super) files: String,
    pub(super) file: String,
}

impl Queries {
    pub(super) fn new(shape: &Shape) -> Queries {
        let entities = shape.source("entities");
        let entity = format!("SELECT id, hash, username, phone, name, date FROM {entities} WHERE");
        let bearer = format!("SELECT id, hash, date FROM {entities} WHERE");
        let file = format!(
            "SELECT md5_digest, file_size, type, id, hash FROM {}",
            shape.source("sent_files")
        );
        Queries {
            // Without a table in between: it is read at each opening.
            sessions: format!("{} ORDER BY dc_id LIMIT 64", shape.rows("sessions")),
            own_id: format!("SELECT hash FROM {entities} WHERE id = 0"),
            by_id: format!("{entity} id = ?1"),
            // `= ?1` alone, so that an index on the column can answer.
            by_username: format!("{entity} username = ?1"),
            by_phone: format!("{entity} phone = ?1"),
            // No more than the index has.
            bearer_of_username: format!("{bearer} username = ?1"),
            bearer_of_phone: format!("{bearer} phone = ?1"),
            by_name: format!("{entity} name = ?1 ORDER BY date DESC LIMIT 64"),
            list: format!("{entity} id >= ?1 ORDER BY id"),
            count: format!("SELECT count(*) FROM {entities} WHERE id NOT IN (0, -1000000000000)"),
            states: format!(
                "SELECT id, pts, qts, date, seq FROM {} ORDER BY id",
                shape.source("update_state")
            ),
            file: format!("{file} WHERE md5_digest = ?1 AND file_size = ?2 AND type = ?3"),
            files: file,
        }
    }
}

/// A cell holds something that its column is not for.
pub(super) struct Wrong;

type Cell<T> = Result<Option<T>, Wrong>;

fn integer(cell: ValueRef<'_>) -> Cell<i64> {
    match cell {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number)),
        _ => Err(Wrong),
    }
}

fn small(cell: ValueRef<'_>) -> Cell<i32> {
    integer(cell)?.map(|number| i32::try_from(number).map_err(|_| Wrong)).transpose()
}

/// Unix seconds; Telethon writes a channel's date as REAL, with microseconds.
fn seconds(cell: ValueRef<'_>) -> Cell<i64> {
    let seconds = match cell {
        ValueRef::Real(seconds) if seconds.abs() < 9e15 => Some(seconds as i64),
        other => integer(other)?,
    };
    if seconds.is_some_and(|seconds| seconds < 0) { Err(Wrong) } else { Ok(seconds) }
}

fn text(cell: ValueRef<'_>) -> Cell<&str> {
    match cell {
        ValueRef::Null | ValueRef::Text([]) => Ok(None),
        ValueRef::Text(bytes) if bytes.len() <= Entity::MAX_TEXT && !bytes.contains(&0) => {
            std::str::from_utf8(bytes).map(Some).map_err(|_| Wrong)
        }
        _ => Err(Wrong),
    }
}

fn username(cell: ValueRef<'_>) -> Cell<SmolStr> {
    let Some(text) = text(cell)? else { return Ok(None) };
    match normal_usernames(text) {
        Cow::Owned(name) if name.is_empty() || name.contains(' ') => Err(Wrong),
        name => Ok(Some(name.into())),
    }
}

/// Telethon's column makes integers of phone numbers where it can.
fn phone(cell: ValueRef<'_>) -> Cell<SmolStr> {
    let digits: SmolStr = match cell {
        ValueRef::Null | ValueRef::Integer(0) | ValueRef::Text([]) => return Ok(None),
        ValueRef::Integer(number) if number > 0 => number.to_smolstr(),
        ValueRef::Real(number) if (1.0..1e18).contains(&number) && number.fract() == 0.0 => {
            (number as i64).to_smolstr()
        }
        ValueRef::Text(_) => {
            let text = text(cell)?.unwrap_or_default();
            if text.chars().any(|c| !c.is_ascii_digit() && !"+-() .".contains(c)) {
                return Err(Wrong);
            }
            normal_phone(text).into()
        }
        _ => return Err(Wrong),
    };
    if digits.is_empty() || digits.len() > Entity::MAX_PHONE {
        Err(Wrong)
    } else {
        Ok(Some(digits))
    }
}

/// An auth key; empty, NULL and all zero mean none.
fn key(cell: ValueRef<'_>) -> Cell<AuthKey> {
    match cell {
        ValueRef::Null | ValueRef::Blob([]) | ValueRef::Text([]) => Ok(None),
        ValueRef::Blob(bytes) if bytes.len() == AuthKey::LEN => Ok(AuthKey::new(bytes).ok()),
        _ => Err(Wrong),
    }
}

fn bytes(cell: ValueRef<'_>) -> Cell<&[u8]> {
    match cell {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        _ => Err(Wrong),
    }
}

/// The row of `sessions` that counts, and what the others are good for.
#[derive(Default)]
pub(super) struct Home {
    /// Its `dc_id` as it stands there; `None` without a row.
    pub(super) row: Option<Value>,
    /// How many rows there are.
    pub(super) rows: usize,
    pub(super) dc: Option<Dc>,
    pub(super) auth_key: Option<AuthKey>,
    pub(super) takeout_id: Option<i64>,
    pub(super) tmp_auth_key: Option<AuthKey>,
    /// Nobody has said yet whether there is a temporary key.
    tmp_unset: bool,
    /// `takeout_id` holds a BLOB, as Telethon 1.43 and 1.44 leave it.
    pub(super) swapped: bool,
    /// Keys of other rows.
    others: Vec<DcKey>,
}

/// The peers that bear a name, in Telethon's order.
pub(super) struct Bearers {
    pub(super) peers: Vec<Entity>,
    /// When the last of them was told to bear it as a further username. The others were when they
    /// were last seen.
    further_told: Option<i64>,
}

impl Bearers {
    /// The newest of them that can be believed, and the others. Of equally new ones it is the last, as in
    /// Telethon.
    pub(super) fn newest(mut self) -> (Option<Entity>, Vec<Entity>) {
        let further = self.further_told.and_then(|told| Some((told, self.peers.pop()?)));
        let mut told: Vec<_> = self.peers.into_iter().map(|peer| (peer.seen, peer)).collect();
        told.extend(further);
        told.sort_by_key(|(told, peer)| (believable(*told), peer.id));
        let mut peers: Vec<_> = told.into_iter().map(|(_, peer)| peer).collect();
        (peers.pop(), peers)
    }
}

/// What reading needs: a connection, its wording, what is believed of our own tables, and where
/// to tell of damage.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) db: &'a Db,
    pub(super) sql: &'a Queries,
    pub(super) side: &'a Side,
    pub(super) notices: &'a Notices,
}

impl Reader<'_> {
    fn good<T>(&self, cell: Cell<T>, place: impl FnOnce() -> String) -> Option<T> {
        cell.unwrap_or_else(|Wrong| {
            self.notices.push(format!("{} is damaged and was skipped", place()));
            None
        })
    }

    pub(super) fn home(&self) -> rusqlite::Result<Home> {
        let mut home = Home::default();
        let mut statement = self.db.prepared(&self.sql.sessions)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            home.rows += 1;
            let dc = self.dc(row)?;
            let auth_key = match key(row.get_ref(3)?) {
                Ok(key) => key,
                Err(Wrong) => {
                    self.notices.push(
                        "the auth key in table sessions does not have 256 bytes: it is damaged, \
                         and left as it is until a new one is set"
                            .to_owned(),
                    );
                    None
                }
            };
            // The first row is Telethon's choice too, unless only a later one is logged in.
            if home.row.is_some() && (home.auth_key.is_some() || auth_key.is_none()) {
                if let (Some(dc), Some(key)) = (dc, auth_key) {
                    home.others.push(permanent(dc.id, key));
                }
                continue;
            }
            home.row = Some(row.get(0)?);
            home.dc = dc;
            home.auth_key = auth_key;
            let takeout = row.get_ref(4)?;
            let tmp = row.get_ref(5)?;
            home.tmp_unset = tmp == ValueRef::Null;
            home.tmp_auth_key = self.good(key(tmp), || "the temporary auth key".to_owned());
            home.swapped = matches!(takeout, ValueRef::Blob(_));
            home.takeout_id = None;
            match takeout {
                // Telethon 1.43 and 1.44 swap the two columns when they read.
                ValueRef::Blob(bytes) if bytes.is_empty() || bytes.len() == AuthKey::LEN => {
                    home.tmp_auth_key = home.tmp_auth_key.or_else(|| AuthKey::new(bytes).ok());
                }
                other => {
                    home.takeout_id = self.good(integer(other), || "the takeout id".to_owned());
                }
            }
        }
        Ok(home)
    }

    /// The id of the home auth key; 0 without one.
    pub(super) fn home_key_id(&self) -> rusqlite::Result<u64> {
        Ok(self.home()?.auth_key.as_ref().map_or(0, AuthKey::id))
    }

    fn dc(&self, row: &Row<'_>) -> rusqlite::Result<Option<Dc>> {
        let cells = (small(row.get_ref(0)?), text(row.get_ref(1)?), integer(row.get_ref(2)?));
        let dc = match cells {
            (Ok(_), Ok(None), Ok(_)) => Ok(None),
            (Ok(id), Ok(Some(host)), Ok(Some(port))) => {
                // A session that came from JSON has an address and no number: data center 0.
                let id = id.unwrap_or(0);
                u16::try_from(port)
                    .ok()
                    .and_then(|port| Dc::new(if id == 0 { 1 } else { id }, host, port).ok())
                    .map(|dc| Some(Dc { id, ..dc }))
                    .ok_or(Wrong)
            }
            _ => Err(Wrong),
        };
        Ok(self.good(dc, || "the data center in table sessions".to_owned()))
    }

    pub(super) fn account(&self) -> rusqlite::Result<Account> {
        let home = self.home()?;
        let home_id = home.dc.as_ref().map_or(0, |dc| dc.id);
        let mut account = Account {
            dc: home.dc,
            auth_key: home.auth_key,
            tmp_auth_key: home.tmp_auth_key,
            takeout_id: home.takeout_id,
            identity: self.identity()?,
            dc_options: self.dc_options()?,
            keys: Vec::new(),
            salts: self.salts()?,
        };
        for key in self.keys()? {
            let tmp = key.dc == home_id && key.slot == KeySlot::Temporary;
            if tmp && home.tmp_unset {
                account.tmp_auth_key.get_or_insert_with(|| key.key.clone());
            }
            if !tmp || key.tells_more() {
                account.keys.push(key);
            }
        }
        for key in home.others {
            let known = |other: &DcKey| other.dc == key.dc && other.slot == key.slot;
            if key.dc != home_id && !account.keys.iter().any(known) {
                account.keys.push(key);
            }
        }
        Ok(account)
    }

    pub(super) fn identity(&self) -> rusqlite::Result<Identity> {
        let mut identity = Identity::default();
        // Row 0 is where Telethon keeps the account's own id.
        let mut statement = self.db.prepared(&self.sql.own_id)?;
        if let Some(row) = statement.query([])?.next()? {
            let own = match integer(row.get_ref(0)?) {
                Ok(Some(id)) if id < 0 => Err(Wrong),
                other => other,
            };
            identity.user_id = self.good(own, || "the own user id".to_owned()).unwrap_or(0);
        }
        if self.side.has("mts_account") {
            let mut statement =
                self.db.prepared("SELECT bot, test_mode, api_id FROM mts_account")?;
            if let Some(row) = statement.query([])?.next()? {
                let place = || "table mts_account".to_owned();
                identity.bot = self.good(integer(row.get_ref(0)?), place) == Some(1);
                identity.test_mode = self.good(integer(row.get_ref(1)?), place) == Some(1);
                identity.api_id = self.good(small(row.get_ref(2)?), place).unwrap_or(0);
            }
        }
        Ok(identity)
    }

    /// Every row of one of our own tables that `read` finds whole.
    fn side_rows<T>(
        &self,
        table: &str,
        columns: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<Cell<T>>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut out = Vec::new();
        if self.side.has(table) {
            let mut statement = self.db.prepared(&format!("SELECT {columns} FROM {table}"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                out.extend(self.good(read(row)?, || format!("a row of table {table}")));
            }
        }
        Ok(out)
    }

    fn dc_options(&self) -> rusqlite::Result<Vec<DcOption>> {
        let mut options =
            self.side_rows("mts_dcs", "dc, host, port, flags, secret, position", |row| {
                let (id, host) = (small(row.get_ref(0)?), text(row.get_ref(1)?));
                let (port, flags) = (integer(row.get_ref(2)?), integer(row.get_ref(3)?));
                let (secret, position) = (bytes(row.get_ref(4)?), integer(row.get_ref(5)?));
                Ok((|| {
                    let option = DcOption {
                        dc: Dc {
                            id: id?.ok_or(Wrong)?,
                            host: host?.ok_or(Wrong)?.into(),
                            port: u16::try_from(port?.ok_or(Wrong)?).map_err(|_| Wrong)?,
                        },
                        flags: u32::try_from(flags?.unwrap_or(0)).map_err(|_| Wrong)?,
                        secret: secret?.unwrap_or_default().to_vec(),
                    };
                    option.check().map_err(|_| Wrong)?;
                    Ok(Some((position?, option)))
                })())
            })?;
        options.sort_by_key(|(position, _)| *position);
        Ok(options.into_iter().map(|(_, option)| option).collect())
    }

    fn keys(&self) -> rusqlite::Result<Vec<DcKey>> {
        let mut keys =
            self.side_rows("mts_keys", "dc, slot, key, created, expires, user_id", |row| {
                let (dc, slot) = (small(row.get_ref(0)?), integer(row.get_ref(1)?));
                let (created, expires) = (seconds(row.get_ref(3)?), seconds(row.get_ref(4)?));
                let (key, user_id) = (key(row.get_ref(2)?), integer(row.get_ref(5)?));
                Ok((|| {
                    Ok(Some(DcKey {
                        dc: dc?.ok_or(Wrong)?,
                        slot: slot?
                            .and_then(|slot| u32::try_from(slot).ok())
                            .and_then(KeySlot::from_number)
                            .ok_or(Wrong)?,
                        key: key?.ok_or(Wrong)?,
                        created: created?.unwrap_or(0),
                        expires: expires?.unwrap_or(0),
                        user_id: user_id?.unwrap_or(0),
                    }))
                })())
            })?;
        keys.sort_by_key(|key| (key.dc, key.slot));
        Ok(keys)
    }

    fn salts(&self) -> rusqlite::Result<Vec<Salt>> {
        self.side_rows("mts_salts", "dc, salt, since, until", |row| {
            let (dc, salt) = (small(row.get_ref(0)?), integer(row.get_ref(1)?));
            let (since, until) = (seconds(row.get_ref(2)?), seconds(row.get_ref(3)?));
            Ok((|| {
                Ok(Some(Salt {
                    dc: dc?.ok_or(Wrong)?,
                    salt: salt?.ok_or(Wrong)?,
                    since: since?.unwrap_or(0),
                    until: until?.unwrap_or(0),
                }))
            })())
        })
    }

    /// The peer in a row of `entities`, or `None` where the row is none.
    fn entity(&self, row: &Row<'_>) -> rusqlite::Result<Option<Entity>> {
        let place = || "a row of table entities".to_owned();
        let Some(marked) = self.good(integer(row.get_ref(0)?).and_then(required), place) else {
            return Ok(None);
        };
        // Row 0 is no peer but Telethon's place for the own user id.
        let Some(id) = PeerId::try_marked(marked) else { return Ok(None) };
        let hash = match integer(row.get_ref(1)?) {
            Ok(None) if id.kind() == PeerKind::Chat => Ok(Some(0)),
            other => other.and_then(required),
        };
        let place = |what| move || format!("the {what} of entity {marked}");
        let Some(access_hash) = self.good(hash, place("access hash")) else { return Ok(None) };
        let name = text(row.get_ref(4)?);
        let mut entity = Entity {
            id,
            access_hash,
            seen: self.good(seconds(row.get_ref(5)?), place("date")).unwrap_or(0),
            flags: 0,
            usernames: self.good(username(row.get_ref(2)?), place("username")).unwrap_or_default(),
            phone: self.good(phone(row.get_ref(3)?), place("phone")).unwrap_or_default(),
            name: self.good(name, place("name")).unwrap_or_default().into(),
        };
        self.add_side(&mut entity)?;
        Ok(Some(entity))
    }

    fn add_side(&self, entity: &mut Entity) -> rusqlite::Result<()> {
        if !self.side.has("mts_entities") {
            return Ok(());
        }
        let mut statement =
            self.db.prepared("SELECT flags, usernames FROM mts_entities WHERE id = ?1")?;
        if let Some(row) = statement.query([entity.id.marked()])?.next()? {
            let place = || format!("the row of entity {} in mts_entities", entity.id.marked());
            let flags = self.good(integer(row.get_ref(0)?), place).unwrap_or(0);
            let names = self.good(text(row.get_ref(1)?), place).map(normal_usernames);
            entity.flags = u32::try_from(flags).unwrap_or(0) & Entity::KEPT_FLAGS;
            // A different main name means that Telethon has seen the peer since: its name alone
            // is known to be right.
            if let Some(names) = names.filter(|names| main_username(names) == entity.username()) {
                entity.usernames = names.into();
            }
        }
        Ok(())
    }

    pub(super) fn by_id(&self, id: i64) -> rusqlite::Result<Option<Entity>> {
        let mut statement = self.db.prepared(&self.sql.by_id)?;
        match statement.query([id])?.next()? {
            Some(row) => self.entity(row),
            None => Ok(None),
        }
    }

    /// Everybody who bears that username, as main or as further name.
    pub(super) fn by_username(&self, name: &str) -> rusqlite::Result<Bearers> {
        let mut found = self.bearers(&self.sql.by_username, name)?;
        if self.side.has("mts_usernames") && self.side.has("mts_entities") {
            let mut statement =
                self.db.prepared("SELECT id, date FROM mts_usernames WHERE username = ?1")?;
            if let Some(row) = statement.query([name])?.next()? {
                let id = row.get_ref(0)?.as_i64().unwrap_or(0);
                let told = row.get_ref(1)?.as_i64().unwrap_or(0);
                if !found.peers.iter().any(|peer| peer.id.marked() == id) {
                    let bears =
                        |peer: &Entity| split_usernames(&peer.usernames).any(|it| it == name);
                    if let Some(further) = self.by_id(id)?.filter(bears) {
                        found.peers.push(further);
                        found.further_told = Some(told);
                    }
                }
            }
        }
        Ok(found)
    }

    /// Everybody who is called so, the last seen first.
    pub(super) fn by_name(&self, name: &str) -> rusqlite::Result<Vec<Entity>> {
        let mut found = self.bearers(&self.sql.by_name, name)?.peers;
        found.sort_by_key(|peer| std::cmp::Reverse(peer.seen));
        Ok(found)
    }

    /// Everybody who bears that phone number.
    pub(super) fn by_phone(&self, phone: i64) -> rusqlite::Result<Bearers> {
        self.bearers(&self.sql.by_phone, phone)
    }

    fn bearers(&self, sql: &str, name: impl ToSql) -> rusqlite::Result<Bearers> {
        let mut peers = Vec::with_capacity(1);
        let mut statement = self.db.prepared(sql)?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            peers.extend(self.entity(row)?);
        }
        Ok(Bearers { peers, further_told: None })
    }

    /// The one peer who has that username or phone number, from the index alone. `None` where it takes
    /// more to tell who that is.
    pub(super) fn bearer(&self, by: Find<'_>) -> rusqlite::Result<Option<InputPeer>> {
        match by {
            // What is damaged may be stored, and is nobody's name.
            Find::Username(name) if name.contains([' ', '\0']) => Ok(None),
            Find::Username(name) => {
                if self.side.has("mts_usernames") {
                    let sql = "SELECT 1 FROM mts_usernames WHERE username = ?1";
                    if self.db.prepared(sql)?.query([name])?.next()?.is_some() {
                        return Ok(None);
                    }
                }
                self.only_bearer(&self.sql.bearer_of_username, name)
            }
            // Stored as a number, 07 would answer for 7.
            Find::Phone(phone) if phone.starts_with('0') || phone.len() > Entity::MAX_PHONE => {
                Ok(None)
            }
            Find::Phone(phone) => match phone.parse::<i64>() {
                Ok(phone) => self.only_bearer(&self.sql.bearer_of_phone, phone),
                Err(_) => Ok(None),
            },
            Find::Id(_) | Find::Name(_) => Ok(None),
        }
    }

    fn only_bearer(&self, sql: &str, name: impl ToSql) -> rusqlite::Result<Option<InputPeer>> {
        let mut statement = self.db.prepared(sql)?;
        let mut rows = statement.query([name])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (id, hash) = (integer(row.get_ref(0)?), integer(row.get_ref(1)?));
        let (Ok(Some(id)), Ok(Some(access_hash)), Ok(seen)) = (id, hash, seconds(row.get_ref(2)?))
        else {
            return Ok(None);
        };
        let peer = PeerId::try_marked(id);
        let bearer = peer.map(|id| InputPeer { id, access_hash, seen: seen.unwrap_or(0) });
        // Which of several it is, takes more to tell.
        Ok(if rows.next()?.is_none() { bearer } else { None })
    }

    pub(super) fn list(&self, after: Option<PeerId>, max: usize) -> rusqlite::Result<Vec<Entity>> {
        let mut out = Vec::new();
        let from = match after.map(PeerId::marked) {
            None => i64::MIN,
            Some(i64::MAX) => return Ok(out),
            Some(after) => after + 1,
        };
        // No LIMIT: rows that are skipped must not count, or a page of them would look like the
        // end.
        let mut statement = self.db.prepared(&self.sql.list)?;
        let mut rows = statement.query([from])?;
        while out.len() < max
            && let Some(row) = rows.next()?
        {
            out.extend(self.entity(row)?);
        }
        Ok(out)
    }

    pub(super) fn states(&self) -> rusqlite::Result<Vec<UpdateState>> {
        let mut out = Vec::new();
        let mut statement = self.db.prepared(&self.sql.states)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, date) = (integer(row.get_ref(0)?), seconds(row.get_ref(3)?));
            let (pts, qts) = (small(row.get_ref(1)?), small(row.get_ref(2)?));
            let seq = small(row.get_ref(4)?);
            let state = (|| {
                Ok(Some(UpdateState {
                    id: id?.filter(|id| *id >= 0).ok_or(Wrong)?,
                    pts: pts?.unwrap_or(0),
                    qts: qts?.unwrap_or(0),
                    date: date?.unwrap_or(0),
                    seq: seq?.unwrap_or(0),
                }))
            })();
            out.extend(self.good(state, || "a row of table update_state".to_owned()));
        }
        Ok(out)
    }

    pub(super) fn files(
        &self,
        sql: &str,
        by: impl Params,
    ) -> rusqlite::Result<Vec<(FileKey, SentFile)>> {
        let mut out = Vec::new();
        let mut statement = self.db.prepared(sql)?;
        let mut rows = statement.query(by)?;
        while let Some(row) = rows.next()? {
            let (md5, size) = (bytes(row.get_ref(0)?), integer(row.get_ref(1)?));
            let (kind, id) = (integer(row.get_ref(2)?), integer(row.get_ref(3)?));
            let access_hash = integer(row.get_ref(4)?);
            let file = (|| {
                let key = FileKey {
                    md5: md5?.ok_or(Wrong)?.try_into().map_err(|_| Wrong)?,
                    size: size?.filter(|size| *size >= 0).ok_or(Wrong)?,
                    kind: kind?.and_then(FileKind::from_number).ok_or(Wrong)?,
                };
                let access_hash = access_hash?.ok_or(Wrong)?;
                Ok(Some((key, SentFile { id: id?.ok_or(Wrong)?, access_hash })))
            })();
            out.extend(self.good(file, || "a row of table sent_files".to_owned()));
        }
        Ok(out)
    }

    pub(super) fn value(&self, key: &str) -> rusqlite::Result<Option<Zeroizing<Vec<u8>>>> {
        if !self.side.has("mts_values") {
            return Ok(None);
        }
        let mut statement = self.db.prepared("SELECT value FROM mts_values WHERE key = ?1")?;
        let mut rows = statement.query([key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let value = self.good(bytes(row.get_ref(0)?), || "an opaque value".to_owned());
        Ok(value.map(|value| Zeroizing::new(value.to_vec())))
    }

    pub(super) fn values(&self) -> rusqlite::Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
        self.side_rows("mts_values", "key, value", |row| {
            let (key, value) = (text(row.get_ref(0)?), bytes(row.get_ref(1)?));
            Ok((|| {
                let value = Zeroizing::new(value?.ok_or(Wrong)?.to_vec());
                Ok(Some((key?.unwrap_or_default().to_owned(), value)))
            })())
        })
    }
}

fn required<T>(cell: Option<T>) -> Cell<T> {
    cell.map(Some).ok_or(Wrong)
}

fn permanent(dc: i32, key: AuthKey) -> DcKey {
    DcKey { dc, slot: KeySlot::Permanent, key, created: 0, expires: 0, user_id: 0 }
}
