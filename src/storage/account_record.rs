//! The account record as bytes, for storages that keep it without understanding it.
//!
//! Little-endian, each part in the order of [`Account`]'s fields; an optional part is led by 0 or 1,
//! a list by its length. A new field means a new version at the front.

use zeroize::Zeroizing;

use crate::{
    Account, AuthKey, Dc, DcKey, DcOption, Error, ErrorKind, Identity, KeySlot, Result, Salt,
};

const MAGIC: &[u8; 4] = b"MTSA";
const VERSION: u8 = 1;

/// The record of an account. It holds keys: as secret as they are.
pub(crate) fn encode(account: &Account) -> Zeroizing<Vec<u8>> {
    // Measured first: a vector that grows leaves unwiped copies of the keys behind.
    let mut len = Measure(0);
    write(account, &mut len);
    let mut bytes = Zeroizing::new(Vec::with_capacity(len.0));
    write(account, &mut *bytes);
    bytes
}

trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

struct Measure(usize);

impl Sink for Measure {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

fn write(account: &Account, to: &mut impl Sink) {
    to.put(MAGIC);
    to.put(&[VERSION]);
    optional(to, account.dc.as_ref(), put_dc);
    optional(to, account.auth_key.as_ref(), |key, to| to.put(key.as_bytes()));
    optional(to, account.tmp_auth_key.as_ref(), |key, to| to.put(key.as_bytes()));
    optional(to, account.takeout_id.as_ref(), |id, to| to.put(&id.to_le_bytes()));
    to.put(&account.identity.user_id.to_le_bytes());
    to.put(&[account.identity.bot.into(), account.identity.test_mode.into()]);
    to.put(&account.identity.api_id.to_le_bytes());
    list(to, &account.dc_options, |option, to| {
        put_dc(&option.dc, to);
        to.put(&option.flags.to_le_bytes());
        put_bytes(&option.secret, to);
    });
    list(to, &account.keys, |key, to| {
        to.put(&key.dc.to_le_bytes());
        to.put(&[key.slot as u8]);
        to.put(key.key.as_bytes());
        for number in [key.created, key.expires, key.user_id] {
            to.put(&number.to_le_bytes());
        }
    });
    list(to, &account.salts, |salt, to| {
        to.put(&salt.dc.to_le_bytes());
        for number in [salt.salt, salt.since, salt.until] {
            to.put(&number.to_le_bytes());
        }
    });
}

fn optional<T, S: Sink>(to: &mut S, value: Option<&T>, put: impl Fn(&T, &mut S)) {
    to.put(&[value.is_some().into()]);
    if let Some(value) = value {
        put(value, to);
    }
}

fn list<T, S: Sink>(to: &mut S, values: &[T], put: impl Fn(&T, &mut S)) {
    to.put(&(values.len() as u32).to_le_bytes());
    for value in values {
        put(value, to);
    }
}

fn put_dc(dc: &Dc, to: &mut impl Sink) {
    to.put(&dc.id.to_le_bytes());
    to.put(&dc.port.to_le_bytes());
    put_bytes(dc.host.as_bytes(), to);
}

/// Hosts and secrets have at most 255 bytes.
fn put_bytes(bytes: &[u8], to: &mut impl Sink) {
    let bytes = bytes.get(..255).unwrap_or(bytes);
    to.put(&[bytes.len() as u8]);
    to.put(bytes);
}

/// The account of a record.
pub(crate) fn decode(record: &[u8]) -> Result<Account> {
    let mut from = Source(record);
    if from.array()? != *MAGIC {
        return Err(Error::corrupt("it does not begin like one"));
    }
    let [version] = from.array()?;
    if version != VERSION {
        return Err(Error::new(
            ErrorKind::Version,
            format!("its version is {version}, and {VERSION} is the newest known here"),
        ));
    }
    let account = Account {
        dc: from.optional(Source::dc)?,
        auth_key: from.optional(Source::key)?,
        tmp_auth_key: from.optional(Source::key)?,
        takeout_id: from.optional(Source::i64)?,
        identity: Identity {
            user_id: from.i64()?,
            bot: from.flag()?,
            test_mode: from.flag()?,
            api_id: from.i32()?,
        },
        dc_options: from.list(|from| {
            let option = DcOption {
                dc: from.dc()?,
                flags: u32::from_le_bytes(from.array()?),
                secret: from.bytes()?.to_vec(),
            };
            option.check().map_err(damaged)?;
            Ok(option)
        })?,
        keys: from.list(|from| {
            Ok(DcKey {
                dc: from.i32()?,
                slot: from.slot()?,
                key: from.key()?,
                created: from.i64()?,
                expires: from.i64()?,
                user_id: from.i64()?,
            })
        })?,
        salts: from.list(|from| {
            Ok(Salt { dc: from.i32()?, salt: from.i64()?, since: from.i64()?, until: from.i64()? })
        })?,
    };
    match from.0.len() {
        0 => Ok(account),
        more => Err(Error::corrupt(format!("{more} bytes follow its end"))),
    }
}

/// What is wrong with a value is the record's fault here, not the caller's.
fn damaged(error: Error) -> Error {
    Error::corrupt(error.message())
}

/// What is left to read.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(len).ok_or_else(|| Error::corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Error::corrupt("it ends too early"))
    }

    fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn flag(&mut self) -> Result<bool> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(Error::corrupt(format!("{other} stands where 0 or 1 should"))),
        }
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        // The length is not trusted: the vector grows with what is really there.
        let len = u32::from_le_bytes(self.array()?);
        (0..len).map(|_| read(self)).collect()
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let [len] = self.array()?;
        self.take(len.into())
    }

    fn key(&mut self) -> Result<AuthKey> {
        AuthKey::new(self.take(AuthKey::LEN)?).map_err(damaged)
    }

    fn slot(&mut self) -> Result<KeySlot> {
        let [number] = self.array()?;
        KeySlot::from_number(number.into())
            .ok_or_else(|| Error::corrupt(format!("a key of it has slot {number}")))
    }

    fn dc(&mut self) -> Result<Dc> {
        let id = self.i32()?;
        let port = u16::from_le_bytes(self.array()?);
        let host = std::str::from_utf8(self.bytes()?)
            .map_err(|_| Error::corrupt("a host in it is not UTF-8"))?;
        // 0 is a data center whose number is not known, which no setter would take.
        let dc = Dc::new(if id == 0 { 1 } else { id }, host, port).map_err(damaged)?;
        Ok(Dc { id, ..dc })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = AuthKey> {
        prop::collection::vec(1..=255u8, 256).prop_map(|bytes| AuthKey::new(&bytes).unwrap())
    }

    fn dc(lowest: i32) -> impl Strategy<Value = Dc> {
        (lowest..=i32::MAX, "[a-z0-9:.]{1,255}", 1..=u16::MAX).prop_map(|(id, host, port)| Dc {
            id,
            host: host.into(),
            port,
        })
    }

    fn option() -> impl Strategy<Value = DcOption> {
        (dc(1), 0..64u32, prop::collection::vec(any::<u8>(), 0..=32))
            .prop_map(|(dc, flags, secret)| DcOption { dc, flags, secret })
    }

    fn dc_key() -> impl Strategy<Value = DcKey> {
        (any::<i32>(), 0..3u32, key(), any::<[i64; 3]>()).prop_map(|(dc, slot, key, numbers)| {
            let [created, expires, user_id] = numbers;
            let slot = KeySlot::from_number(slot).unwrap();
            DcKey { dc, slot, key, created, expires, user_id }
        })
    }

    fn salt() -> impl Strategy<Value = Salt> {
        any::<(i32, i64, i64, i64)>().prop_map(|(dc, salt, since, until)| Salt {
            dc,
            salt,
            since,
            until,
        })
    }

    fn account() -> impl Strategy<Value = Account> {
        let lists = (
            prop::collection::vec(option(), 0..4),
            prop::collection::vec(dc_key(), 0..4),
            prop::collection::vec(salt(), 0..4),
        );
        let login = (
            prop::option::of(dc(0)),
            prop::option::of(key()),
            prop::option::of(key()),
            any::<Option<i64>>(),
            any::<(i64, bool, bool, i32)>(),
        );
        (login, lists).prop_map(|(login, (dc_options, keys, salts))| {
            let (dc, auth_key, tmp_auth_key, takeout_id, identity) = login;
            let (user_id, bot, test_mode, api_id) = identity;
            let identity = Identity { user_id, bot, test_mode, api_id };
            Account { dc, auth_key, tmp_auth_key, takeout_id, identity, dc_options, keys, salts }
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(account in account()) {
            let record = encode(&account);
            prop_assert_eq!(record.capacity(), record.len());
            prop_assert_eq!(decode(&record).unwrap(), account);
        }

        #[test]
        fn a_cut_record_is_an_error(account in account(), at in any::<prop::sample::Index>()) {
            let record = encode(&account);
            prop_assert!(decode(&record[..at.index(record.len())]).is_err());
        }

        #[test]
        fn a_damaged_record_is_an_error_or_an_account(
            account in account(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut record = encode(&account);
            let at = at.index(record.len());
            record[at] = byte;
            // Whatever it is read as, it is whole: it can be written again.
            if let Ok(account) = decode(&record) {
                prop_assert_eq!(decode(&encode(&account)).unwrap(), account);
            }
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode(&bytes);
            let _ = decode(&[MAGIC.as_slice(), &[VERSION], &bytes].concat());
        }
    }

    #[test]
    fn a_newer_record_is_told_from_a_damaged_one() {
        let mut record = encode(&Account::default());
        record[4] = VERSION + 1;
        assert_eq!(decode(&record).unwrap_err().kind(), ErrorKind::Version);
        record[0] = 0;
        assert_eq!(decode(&record).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn bytes_behind_the_end_are_refused() {
        let mut record = encode(&Account::default());
        record.push(0);
        assert!(decode(&record).unwrap_err().message().contains("1 bytes follow"));
    }
}
