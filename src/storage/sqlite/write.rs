//! Writing: one set of changes is one transaction.

use rusqlite::{ErrorCode, OptionalExtension, params};

use super::Fault;
use super::notices::Notices;
use super::rows::{Bearers, Queries, Reader};
use super::schema::{Side, empty_session, has_indexes};
use crate::entity::{Known, split_usernames};
use crate::ffi::clock;
use crate::ffi::db::{Db, Prepared};
use crate::storage::{AccountChange, Changes, EntityChange, STALE};
use crate::{
    Account, AuthKey, DcKey, Entity, Error, ErrorKind, Identity, KeySlot, PeerId, PeerKind,
    UpdateState,
};

/// Runs `work` as one transaction that holds the write lock from its start, so that it can only
/// fail with "busy" before it has read anything.
///
/// Its statements are kept like all others: preparing them would cost as much as a small change.
pub(super) fn transaction<T>(
    db: &Db,
    work: impl FnOnce(&Db) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let begin = || db.prepared("BEGIN IMMEDIATE")?.execute([]);
    match begin() {
        // From a state of the file that was kept it cannot begin where somebody else has written since,
        // and where somebody writes now it does not wait.
        Err(error)
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                && db.let_go_of_snapshot() =>
        {
            begin()?
        }
        begun => begun?,
    };
    let _undo = Undo(db);
    let out = work(db)?;
    db.prepared("COMMIT")?.execute([])?;
    Ok(out)
}

/// Undoes, when dropped, the transaction that is still open then.
struct Undo<'a>(&'a Db);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // Where this fails SQLite has undone it already, or does so at close.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

/// Puts a peer of which nothing is stored yet: ?1 id, ?2 hash, ?3 username, ?4 phone, ?5 name,
/// ?6 date. One that is stored stays as it is, for [`MERGE`] to see to: both in one statement would
/// have a new row, of which there are most, pay for what only a known one needs.
const INSERT: &str = "INSERT INTO entities (id, hash, username, phone, name, date) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING";

/// How a sighting (the same, ?6 being 0 where it has no date; ?7 known bits, ?8 the latest time that
/// is believed) joins a stored row. One that stays the same is not written where its date is ?9 or
/// later.
///
/// A sighting that is older than the row changes nothing, except that a row without any text
/// takes the texts: Telethon replaces whole rows by bare ones (since 1.25, at every save), and
/// that must not erase what is known.
///
/// The date decides who owns a username or phone, so a sighting that says nothing about the name
/// must not raise the date of a row that holds one.
///
/// `date + 0` reads damaged dates as 0.
const MERGE: &str = "UPDATE entities SET \
     hash = CASE WHEN ?7 & 1 AND ?6 >= iif(date + 0 > ?8, 0, ifnull(date + 0, 0)) THEN ?2 ELSE hash END, \
     username = CASE WHEN ?7 & 2 AND (?6 >= iif(date + 0 > ?8, 0, ifnull(date + 0, 0)) OR \
       (username IS NULL AND phone IS NULL AND name IS NULL)) THEN ?3 ELSE username END, \
     phone = CASE WHEN ?7 & 4 AND (?6 >= iif(date + 0 > ?8, 0, ifnull(date + 0, 0)) OR \
       (username IS NULL AND phone IS NULL AND name IS NULL)) THEN ?4 ELSE phone END, \
     name = CASE WHEN ?7 & 8 AND (?6 >= iif(date + 0 > ?8, 0, ifnull(date + 0, 0)) OR \
       (username IS NULL AND phone IS NULL AND name IS NULL)) THEN ?5 ELSE name END, \
     date = CASE WHEN NOT ?7 & 2 AND (username IS NOT NULL OR \
       (NOT ?7 & 4 AND phone IS NOT NULL)) THEN date \
       ELSE nullif(max(iif(date + 0 > ?8, 0, ifnull(date + 0, 0)), ?6), 0) END \
     WHERE id = ?1 AND (ifnull(date + 0, 0) NOT BETWEEN ?9 AND ?8 OR \
       ?7 & 1 AND hash IS NOT ?2 OR ?7 & 2 AND username IS NOT ?3 OR \
       ?7 & 4 AND phone IS NOT ?4 OR ?7 & 8 AND name IS NOT ?5)";

#[cfg(test)]
pub(super) const ENTITY_STATEMENTS: [&str; 2] = [INSERT, MERGE];

/// For [`MERGE`], a date so late that a row is written though it stays the same.
const NEVER_FRESH: i64 = i64::MAX;

/// [`INSERT`] and [`MERGE`], taken out once for all rows of a save.
struct EntityStatements<'a> {
    insert: Prepared<'a>,
    merge: Prepared<'a>,
}

impl EntityStatements<'_> {
    /// Puts one row; says whether any changed by it. One that stays the same is not written where its
    /// date is `fresh` or later.
    fn put(&mut self, change: &EntityChange, fresh: i64) -> rusqlite::Result<bool> {
        let EntityChange { entity, known } = change;
        let is_known = |field: u8| known & field != 0;
        let text =
            |field, text| Some(text).filter(|text: &&str| is_known(field) && !text.is_empty());
        let phone = text(Known::PHONE, &entity.phone).and_then(|phone| phone.parse::<i64>().ok());
        let seen = entity.seen.max(0);
        let bind = |statement: &mut Prepared<'_>| {
            statement.bind(1, entity.id.marked())?;
            statement.bind(2, entity.access_hash)?;
            statement.bind(3, text(Known::USERNAMES, entity.username()))?;
            statement.bind(4, phone)?;
            statement.bind(5, text(Known::NAME, &entity.name))
        };
        // A peer whose hash is not known never becomes a row of its own.
        if is_known(Known::HASH) {
            bind(&mut self.insert)?;
            self.insert.bind(6, Some(seen).filter(|seen| *seen != 0))?;
            if self.insert.run()? > 0 {
                return Ok(true);
            }
        }
        bind(&mut self.merge)?;
        self.merge.bind(6, seen)?;
        self.merge.bind(7, known)?;
        self.merge.bind(9, fresh)?;
        Ok(self.merge.run()? > 0)
    }

    /// Puts the same row once more, whatever the date of the stored one.
    fn put_anyway(&mut self) -> rusqlite::Result<bool> {
        self.merge.bind(9, NEVER_FRESH)?;
        Ok(self.merge.run()? > 0)
    }
}

/// What Telethon has no place for.
#[derive(Default, PartialEq)]
struct SideRow {
    flags: i64,
    /// All of them where there are several; else empty.
    usernames: String,
}

impl SideRow {
    /// The same with what is told.
    fn with(&self, names: Option<&str>, flags: Option<u32>) -> SideRow {
        let several =
            |names: &str| if names.contains(' ') { names.to_owned() } else { String::new() };
        SideRow {
            flags: flags.map_or(self.flags, i64::from),
            usernames: names.map_or_else(|| self.usernames.clone(), several),
        }
    }
}

/// Whether a change tells what Telethon has no place for.
fn is_for_side(change: &EntityChange) -> bool {
    let EntityChange { entity, known } = change;
    known & Known::FLAGS != 0 && entity.flags & Entity::KEPT_FLAGS != 0
        || known & Known::USERNAMES != 0 && entity.usernames.contains(' ')
}

/// What writing needs.
pub(super) struct Writer<'a> {
    pub(super) db: &'a Db,
    pub(super) sql: &'a Queries,
    pub(super) side: &'a mut Side,
    pub(super) notices: &'a Notices,
    /// Telethon's schema of the file, 7 or 8.
    pub(super) schema: u32,
    /// Others may write the account too.
    pub(super) shared: bool,
    /// Later dates are not believed.
    pub(super) latest: i64,
    /// Whether usernames and phone numbers have their indexes, once that was asked.
    pub(super) indexed: Option<bool>,
}

impl Writer<'_> {
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { db: self.db, sql: self.sql, side: self.side, notices: self.notices }
    }

    /// Stores everything, of the account with that own id. The caller holds the transaction.
    pub(super) fn changes(&mut self, changes: &Changes<'_>, own_id: i64) -> Result<(), Fault> {
        let has_rows = !changes.entities.is_empty() || !changes.states.is_empty();
        if self.shared && (has_rows || !changes.files.is_empty()) {
            let stored = self.reader().identity()?.user_id;
            if stored != 0 && own_id != 0 && stored != own_id {
                return Err(Fault::Told(Error::new(
                    ErrorKind::Busy,
                    "another account was logged in by another process meanwhile; what waits is for \
                     the one before",
                )));
            }
        }
        if changes.other_account {
            self.db.execute_batch(
                "DELETE FROM entities WHERE id <> 0; DELETE FROM update_state; \
                 DELETE FROM sent_files",
            )?;
            for table in ["mts_entities", "mts_usernames"] {
                if self.side.has(table) {
                    self.db.execute_batch(&format!("DELETE FROM {table}"))?;
                }
            }
        }
        if let Some(change) = &changes.account {
            self.account(change, changes.other_account)?;
        }
        for id in &changes.forget {
            self.forget(*id)?;
        }
        self.entities(&changes.entities)?;
        for id in &changes.forget_states {
            self.run("DELETE FROM update_state WHERE id = ?1", params![id])?;
        }
        self.states(&changes.states)?;
        for (key, file) in &changes.files {
            self.run(
                "INSERT OR REPLACE INTO sent_files (md5_digest, file_size, type, id, hash) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![key.md5, key.size, key.kind as i64, file.id, file.access_hash],
            )?;
        }
        for (key, value) in &changes.values {
            self.value(key, value.as_ref().map(|value| value.as_slice()))?;
        }
        Ok(())
    }

    fn states(&self, states: &[UpdateState]) -> rusqlite::Result<()> {
        if states.is_empty() {
            return Ok(());
        }
        let mut put = self.db.prepared(
            "INSERT OR REPLACE INTO update_state (id, pts, qts, date, seq) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for state in states {
            put.bind(1, state.id)?;
            put.bind(2, state.pts)?;
            put.bind(3, state.qts)?;
            put.bind(4, state.date)?;
            put.bind(5, state.seq)?;
            put.run()?;
        }
        Ok(())
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.db.prepared(sql)?.execute(values)
    }

    fn prepare_side(&mut self) -> rusqlite::Result<()> {
        if self.side.is_ready() {
            return Ok(());
        }
        let home = self.reader().home_key_id()?;
        self.side.prepare(self.db, home)
    }

    fn account(&mut self, change: &AccountChange<'_>, other: bool) -> Result<(), Fault> {
        let AccountChange { old, new } = *change;
        let stored = self.reader().account()?;
        if self.shared {
            check_unchanged(&stored, old, new)?;
        }
        if new.dc != old.dc
            || new.auth_key != old.auth_key
            || new.takeout_id != old.takeout_id
            || new.tmp_auth_key != old.tmp_auth_key
            || new.keys != old.keys
        {
            self.credentials(&stored, old, new)?;
        }
        if other || new.identity.user_id != old.identity.user_id {
            self.own_id(new.identity.user_id)?;
        }
        let unnumbered = |identity: &Identity| Identity { user_id: 0, ..*identity };
        if unnumbered(&new.identity) != unnumbered(&old.identity) {
            self.prepare_side()?;
            self.run("DELETE FROM mts_account", [])?;
            let Identity { bot, test_mode, api_id, .. } = new.identity;
            self.run(
                "INSERT INTO mts_account (bot, test_mode, api_id) VALUES (?1, ?2, ?3)",
                params![bot, test_mode, api_id],
            )?;
        }
        if new.dc_options != old.dc_options {
            self.prepare_side()?;
            self.run("DELETE FROM mts_dcs", [])?;
            for (position, option) in (0_i64..).zip(&new.dc_options) {
                self.run(
                    "INSERT INTO mts_dcs (position, dc, host, port, flags, secret) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        position,
                        option.dc.id,
                        option.dc.host.as_str(),
                        option.dc.port,
                        option.flags,
                        option.secret
                    ],
                )?;
            }
        }
        if new.salts != old.salts {
            self.prepare_side()?;
            self.run("DELETE FROM mts_salts", [])?;
            for salt in &new.salts {
                self.run(
                    "INSERT INTO mts_salts (dc, salt, since, until) VALUES (?1, ?2, ?3, ?4)",
                    params![salt.dc, salt.salt, salt.since, salt.until],
                )?;
            }
        }
        Ok(())
    }

    /// Data center, keys and takeout: the one row of `sessions`, and `mts_keys`.
    ///
    /// Only the columns that change are set, where Telethon replaces the row: a damaged key or
    /// address stays as it is until the caller sets a new one.
    fn credentials(&mut self, stored: &Account, old: &Account, new: &Account) -> Result<(), Fault> {
        let home = self.reader().home()?;
        let before = home.auth_key.as_ref().map_or(0, AuthKey::id);
        match &home.row {
            Some(row) => self.run("DELETE FROM sessions WHERE dc_id IS NOT ?1", params![row])?,
            None => {
                self.run(&format!("INSERT INTO sessions {}", empty_session(self.schema)), [])?
            }
        };
        let dc_changed = new.dc != old.dc;
        let key_changed = new.auth_key != old.auth_key;
        let takeout_changed = new.takeout_id != old.takeout_id;
        let tmp_changed = new.tmp_auth_key != old.tmp_auth_key;
        let dc = if dc_changed { &new.dc } else { &stored.dc };
        let dc_id = dc.as_ref().map_or(0, |dc| dc.id);
        let tmp = if tmp_changed { &new.tmp_auth_key } else { &stored.tmp_auth_key };
        if dc_changed {
            self.run(
                "UPDATE sessions SET dc_id = ?1, server_address = ?2, port = ?3",
                params![
                    dc_id,
                    dc.as_ref().map(|dc| dc.host.as_str()),
                    dc.as_ref().map(|dc| dc.port)
                ],
            )?;
        }
        if key_changed {
            // Empty, never NULL: so Telethon has it.
            self.run("UPDATE sessions SET auth_key = ?1", params![key_bytes(&new.auth_key)])?;
        }
        if takeout_changed || home.swapped {
            let takeout = if takeout_changed { new.takeout_id } else { stored.takeout_id };
            self.run("UPDATE sessions SET takeout_id = ?1", params![takeout])?;
        }
        if self.schema == 8 {
            self.run("UPDATE sessions SET tmp_auth_key = ?1", params![key_bytes(tmp)])?;
        }

        let after = if key_changed { new.key_id() } else { before };
        if self.side.valid && after != before {
            // The same session under its next key: what we keep beside it stays true.
            self.side.stamp(self.db, after)?;
        }
        let keys = if new.keys != old.keys { &new.keys } else { &stored.keys };
        let tmp = tmp.as_ref().filter(|_| self.schema == 7);
        if self.side.has("mts_keys") || !keys.is_empty() || tmp.is_some() {
            self.prepare_side()?;
            self.run("DELETE FROM mts_keys", [])?;
            for key in keys {
                self.key(key)?;
            }
            let is_tmp = |key: &DcKey| key.dc == dc_id && key.slot == KeySlot::Temporary;
            if let Some(tmp) = tmp
                && !keys.iter().any(|key| is_tmp(key) && key.key == *tmp)
            {
                let (slot, key) = (KeySlot::Temporary, tmp.clone());
                self.key(&DcKey { dc: dc_id, slot, key, created: 0, expires: 0, user_id: 0 })?;
            }
        }
        Ok(())
    }

    fn key(&self, key: &DcKey) -> rusqlite::Result<usize> {
        self.run(
            "INSERT OR REPLACE INTO mts_keys (dc, slot, key, created, expires, user_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                key.dc,
                key.slot as u32,
                key.key.as_bytes(),
                key.created,
                key.expires,
                key.user_id
            ],
        )
    }

    /// The own user id, where Telethon (since 1.28) keeps it: as the hash of row 0. Its look-up of
    /// the own account goes on to the row of that user, which therefore has to be there.
    fn own_id(&self, user_id: i64) -> Result<(), Fault> {
        if user_id == 0 {
            self.run("DELETE FROM entities WHERE id = 0", [])?;
            return Ok(());
        }
        let own = PeerId::from_bare(PeerKind::User, user_id)?.marked();
        self.run(
            "INSERT OR REPLACE INTO entities (id, hash, username, phone, name, date) \
             VALUES (0, ?1, NULL, NULL, NULL, ?2)",
            params![own, clock::seconds()],
        )?;
        // Without a date, so that any sighting is newer.
        self.run("INSERT OR IGNORE INTO entities (id, hash) VALUES (?1, 0)", params![own])?;
        Ok(())
    }

    fn entities(&mut self, changes: &[EntityChange]) -> Result<(), Fault> {
        if changes.is_empty() {
            return Ok(());
        }
        if changes.iter().any(is_for_side) {
            // Before statements are taken out: a table made later would have them prepared again.
            self.prepare_side()?;
        }
        let db = self.db;
        let (insert, merge) = (db.prepared(INSERT)?, db.prepared(MERGE)?);
        let mut statements = EntityStatements { insert, merge };
        statements.merge.bind(8, self.latest)?;
        changes.iter().try_for_each(|change| self.entity(change, &mut statements))
    }

    fn entity(
        &mut self,
        change: &EntityChange,
        statements: &mut EntityStatements<'_>,
    ) -> Result<(), Fault> {
        let EntityChange { entity, known } = change;
        let id = entity.id.marked();
        let seen = entity.seen.max(0);
        let flags = (known & Known::FLAGS != 0).then_some(entity.flags & Entity::KEPT_FLAGS);
        let names = (known & Known::USERNAMES != 0).then_some(entity.usernames.as_str());
        let (mut side, mut told) = (None, None);
        if (flags.is_some() || names.is_some()) && self.side.has("mts_entities") {
            let stored: Option<(i64, bool)> = self
                .db
                .prepared(
                    "SELECT CAST(ifnull(date + 0, 0) AS INTEGER), \
                     username IS NULL AND phone IS NULL AND name IS NULL \
                     FROM entities WHERE id = ?1",
                )?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (date, bare) = stored.unwrap_or_default();
            let newer = seen >= if date > self.latest { 0 } else { date };
            // As MERGE has it: a row without any text takes the texts of an older sighting too.
            let (names, flags) = (names.filter(|_| newer || bare), flags.filter(|_| newer));
            if names.is_some() || flags.is_some() {
                let stored = self.side_row(id)?;
                let new = stored.with(names, flags);
                told = names.map(|_| seen);
                side = Some((stored, new));
            }
        }
        let is_news = side.as_ref().is_some_and(|(stored, new)| stored != new);
        let mut changed =
            statements.put(change, if is_news { NEVER_FRESH } else { seen - STALE })?;
        if !changed && self.is_contested(change)? {
            changed = statements.put_anyway()?;
        }
        match side {
            Some((stored, new)) if changed => Ok(self.put_side_row(id, &stored, &new, told)?),
            _ => Ok(()),
        }
    }

    /// Whether a name that is told of a peer is not the peer's alone, for all that can be asked quickly:
    /// then the newest date decides whose it is.
    fn is_contested(&mut self, change: &EntityChange) -> rusqlite::Result<bool> {
        let EntityChange { entity, known } = change;
        let told = |field: u8, text| if known & field != 0 { text } else { "" };
        let usernames = told(Known::USERNAMES, entity.usernames.as_str());
        let phone = told(Known::PHONE, entity.phone.as_str());
        if usernames.is_empty() && phone.is_empty() {
            return Ok(false);
        }
        let indexed = match self.indexed {
            Some(indexed) => indexed,
            None => *self.indexed.insert(has_indexes(self.db)?),
        };
        if !indexed {
            return Ok(true);
        }
        let reader = self.reader();
        let is_alone = |found: Bearers| matches!(&*found.peers, [peer] if peer.id == entity.id);
        for name in split_usernames(usernames) {
            if !is_alone(reader.by_username(name)?) {
                return Ok(true);
            }
        }
        match phone.parse() {
            Ok(phone) => Ok(!is_alone(reader.by_phone(phone)?)),
            Err(_) => Ok(false),
        }
    }

    /// What is stored of that peer in our own tables.
    fn side_row(&self, id: i64) -> rusqlite::Result<SideRow> {
        let stored = self
            .db
            .prepared("SELECT flags, usernames FROM mts_entities WHERE id = ?1")?
            .query_row([id], |row| {
                let flags = row.get_ref(0)?.as_i64().unwrap_or_default();
                let usernames = row.get_ref(1)?.as_str().unwrap_or_default().to_owned();
                Ok(SideRow { flags, usernames })
            })
            .optional()?;
        Ok(stored.unwrap_or_default())
    }

    /// Makes `new` of what is `stored` in our own tables of a peer. `told` is when its usernames were, if
    /// they were.
    fn put_side_row(
        &mut self,
        id: i64,
        stored: &SideRow,
        new: &SideRow,
        told: Option<i64>,
    ) -> rusqlite::Result<()> {
        self.prepare_side()?;
        if new.usernames != stored.usernames {
            for name in split_usernames(&stored.usernames).skip(1) {
                self.run(
                    "DELETE FROM mts_usernames WHERE username = ?1 AND id = ?2",
                    params![name, id],
                )?;
            }
        }
        if let Some(seen) = told {
            for name in split_usernames(&new.usernames).skip(1) {
                // The newest sighting has the name.
                self.run(
                    "INSERT INTO mts_usernames (username, id, date) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (username) DO UPDATE SET id = ?2, date = ?3 \
                     WHERE ifnull(date, 0) <= ?3",
                    params![name, id, seen],
                )?;
            }
        }
        if *new == SideRow::default() {
            self.run("DELETE FROM mts_entities WHERE id = ?1", params![id])?;
        } else if new != stored {
            let several = Some(&new.usernames).filter(|names| !names.is_empty());
            self.run(
                "INSERT OR REPLACE INTO mts_entities (id, flags, usernames) VALUES (?1, ?2, ?3)",
                params![id, new.flags, several],
            )?;
        }
        Ok(())
    }

    fn forget(&mut self, id: PeerId) -> Result<(), Fault> {
        let id = id.marked();
        if self.side.has("mts_entities") {
            self.put_side_row(id, &self.side_row(id)?, &SideRow::default(), None)?;
        }
        self.run("DELETE FROM entities WHERE id = ?1", params![id])?;
        Ok(())
    }

    fn value(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        match value {
            Some(value) => {
                self.prepare_side()?;
                self.run(
                    "INSERT OR REPLACE INTO mts_values (key, value) VALUES (?1, ?2)",
                    params![key, value],
                )?;
            }
            None if self.side.has("mts_values") => {
                self.run("DELETE FROM mts_values WHERE key = ?1", params![key])?;
            }
            None => {}
        }
        Ok(())
    }

    /// Leaves that username to its newest bearer, whom it answers.
    pub(super) fn evict_username(&mut self, name: &str) -> Result<Option<Entity>, Fault> {
        let (winner, losers) = self.reader().by_username(name)?.newest();
        for loser in losers {
            let rest: Vec<&str> =
                split_usernames(&loser.usernames).filter(|other| *other != name).collect();
            let id = loser.id.marked();
            self.run("UPDATE entities SET username = ?2 WHERE id = ?1", params![id, rest.first()])?;
            if self.side.has("mts_entities") {
                let stored = self.side_row(id)?;
                let new = stored.with(Some(&rest.join(" ")), None);
                self.put_side_row(id, &stored, &new, Some(loser.seen))?;
            }
        }
        Ok(winner)
    }

    /// Leaves that phone number to its newest bearer, whom it answers.
    pub(super) fn evict_phone(&mut self, phone: i64) -> Result<Option<Entity>, Fault> {
        let (winner, losers) = self.reader().by_phone(phone)?.newest();
        for loser in losers {
            self.run("UPDATE entities SET phone = NULL WHERE id = ?1", params![loser.id.marked()])?;
        }
        Ok(winner)
    }
}

fn key_bytes(key: &Option<AuthKey>) -> &[u8] {
    key.as_ref().map_or(&[], |key| key.as_bytes())
}

/// Refuses to overwrite what somebody else has changed since `old` was read.
fn check_unchanged(stored: &Account, old: &Account, new: &Account) -> Result<(), Fault> {
    // One that already stands there is no conflict, so that a commit can be repeated.
    fn conflict<T: PartialEq>(stored: &T, old: &T, new: &T) -> bool {
        new != old && stored != old && stored != new
    }
    let parts = [
        ("data center", conflict(&stored.dc, &old.dc, &new.dc)),
        ("auth key", conflict(&stored.auth_key, &old.auth_key, &new.auth_key)),
        (
            "temporary auth key",
            conflict(&stored.tmp_auth_key, &old.tmp_auth_key, &new.tmp_auth_key),
        ),
        ("takeout id", conflict(&stored.takeout_id, &old.takeout_id, &new.takeout_id)),
        ("identity", conflict(&stored.identity, &old.identity, &new.identity)),
        ("data center list", conflict(&stored.dc_options, &old.dc_options, &new.dc_options)),
        ("key list", conflict(&stored.keys, &old.keys, &new.keys)),
        ("salt list", conflict(&stored.salts, &old.salts, &new.salts)),
    ];
    match parts.iter().find(|(_, conflict)| *conflict) {
        None => Ok(()),
        Some((part, _)) => Err(Fault::Told(Error::new(
            ErrorKind::Busy,
            format!("the {part} was changed by another process meanwhile; read it again"),
        ))),
    }
}
