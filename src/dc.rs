//! Data centers: where they are, and the keys and salts that hold there.

use smol_str::SmolStr;

use crate::{AuthKey, Error, Result};

/// Where a data center is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dc {
    /// Number of the data center, 1 and up; 0 in a file that tells the address but not the number.
    pub id: i32,
    /// IPv4 address, IPv6 address (without brackets) or host name.
    pub host: SmolStr,
    /// TCP port.
    pub port: u16,
}

impl Dc {
    /// Longest host that is kept, in bytes.
    pub const MAX_HOST: usize = 255;

    /// The data center, if the three values can be one.
    pub fn new(id: i32, host: &str, port: u16) -> Result<Dc> {
        check(id, host, port)?;
        Ok(Dc { id, host: host.into(), port })
    }

    /// The number of the production data center that is known to answer at `host`, for formats that
    /// keep an address only.
    pub(crate) fn id_of_address(host: &str) -> Option<i32> {
        const KNOWN: [(&str, i32); 17] = [
            ("149.154.175.50", 1),
            ("149.154.175.53", 1),
            ("149.154.175.56", 1),
            ("2001:b28:f23d:f001::a", 1),
            ("149.154.167.41", 2),
            ("149.154.167.50", 2),
            ("149.154.167.51", 2),
            ("2001:67c:4e8:f002::a", 2),
            ("149.154.175.100", 3),
            ("2001:b28:f23d:f003::a", 3),
            ("149.154.167.91", 4),
            ("149.154.167.92", 4),
            ("2001:67c:4e8:f004::a", 4),
            ("91.108.56.130", 5),
            ("91.108.56.179", 5),
            ("2001:b28:f23f:f005::a", 5),
            ("91.105.192.100", 203),
        ];
        KNOWN.iter().find(|(address, _)| *address == host).map(|(_, id)| *id)
    }
}

/// Refuses what cannot be a data center.
fn check(id: i32, host: &str, port: u16) -> Result<()> {
    if id < 1 {
        return Err(Error::argument(format!("data center {id}: the number starts at 1")));
    }
    if host.is_empty() || host.len() > Dc::MAX_HOST {
        return Err(Error::argument(format!(
            "data center {id}: the host has {} bytes; 1 to 255 are possible",
            host.len()
        )));
    }
    if host.chars().any(|c| c.is_whitespace() || c.is_control() || "[]/@".contains(c)) {
        return Err(Error::argument(format!(
            "data center {id}: the host {host:?} is no address and no host name"
        )));
    }
    if port == 0 {
        return Err(Error::argument(format!("data center {id}: the port is 0")));
    }
    Ok(())
}

/// One way to reach a data center, as the server's configuration (`dcOption`) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcOption {
    /// The data center and this way to it.
    pub dc: Dc,
    /// Any of the constants below.
    pub flags: u32,
    /// Secret of a TCP-obfuscated endpoint, at most 32 bytes; empty when there is none.
    pub secret: Vec<u8>,
}

impl DcOption {
    /// The host is an IPv6 address.
    pub const IPV6: u32 = 1;
    /// For media only.
    pub const MEDIA_ONLY: u32 = 2;
    /// Speaks obfuscated TCP only.
    pub const TCPO_ONLY: u32 = 4;
    /// A content delivery data center.
    pub const CDN: u32 = 8;
    /// The address is static.
    pub const STATIC: u32 = 16;
    /// Only this port is to be used.
    pub const THIS_PORT_ONLY: u32 = 32;
    /// Longest secret, in bytes.
    pub const MAX_SECRET: usize = 32;

    pub(crate) fn check(&self) -> Result<()> {
        check(self.dc.id, &self.dc.host, self.dc.port)?;
        if self.flags & !63 != 0 {
            return Err(Error::argument(format!(
                "data center {}: flags {:#x} are not known",
                self.dc.id, self.flags
            )));
        }
        if self.secret.len() > DcOption::MAX_SECRET {
            return Err(Error::argument(format!(
                "data center {}: the secret has {} bytes; at most 32 are possible",
                self.dc.id,
                self.secret.len()
            )));
        }
        Ok(())
    }
}

/// Which of a data center's keys is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySlot {
    /// The permanent auth key.
    Permanent = 0,
    /// The temporary auth key bound to it.
    Temporary = 1,
    /// The temporary auth key of the media connection.
    MediaTemporary = 2,
}

impl KeySlot {
    /// The slot of that number.
    pub fn from_number(number: u32) -> Option<KeySlot> {
        [KeySlot::Permanent, KeySlot::Temporary, KeySlot::MediaTemporary]
            .into_iter()
            .find(|slot| *slot as u32 == number)
    }
}

/// A key of one data center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcKey {
    /// The data center the key belongs to.
    pub dc: i32,
    /// Which of its keys it is.
    pub slot: KeySlot,
    /// The key.
    pub key: AuthKey,
    /// When it was made, unix seconds; 0 when not known.
    pub created: i64,
    /// When it stops to be valid, unix seconds; 0 for never.
    pub expires: i64,
    /// The user it is authorised for; 0 when none or not known.
    pub user_id: i64,
}

impl DcKey {
    /// Whether there is more here than the key.
    pub(crate) fn tells_more(&self) -> bool {
        (self.created, self.expires, self.user_id) != (0, 0, 0)
    }
}

/// A server salt and the time it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt {
    /// The data center that gave it.
    pub dc: i32,
    /// The salt.
    pub salt: i64,
    /// First unix second of its validity.
    pub since: i64,
    /// Unix second at which it ends.
    pub until: i64,
}
