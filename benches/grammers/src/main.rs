//! The benchmark's peer that is grammers-session's SQLite storage:
//! `<operation> <entities> <seed> <file>`.
//!
//! It keeps no usernames, phones or names, remembers no peers in memory, and saves each call at
//! once; so it has fewer of the operations than the others. The data are those of ../README.md.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use grammers_session::Session;
use grammers_session::storages::SqliteSession;
use grammers_session::types::{DcOption, PeerAuth, PeerId, PeerInfo, UpdateState};

const BATCH: u64 = 200;
const WORKING: u64 = 50_000;
const CHANNELS: u64 = 100;
const BITS39: u64 = (1 << 39) - 1;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The version that this peer is built with.
fn version() -> Option<&'static str> {
    let lock = include_str!("../Cargo.lock");
    let (_, own) = lock.split_once("name = \"grammers-session\"\nversion = \"")?;
    Some(own.split_once('"')?.0)
}

fn scatter(i: u64) -> u64 {
    let i = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) & BITS39;
    let i = (i ^ i >> 20).wrapping_mul(0xbf58_476d_1ce4_e5b9) & BITS39;
    i ^ i >> 20
}

fn row_id(i: u64, seed: u64) -> i64 {
    1 + (if seed == 0 { i } else { scatter(i.wrapping_add(seed << 32)) }).cast_signed()
}

fn access_hash(id: i64) -> i64 {
    (id.cast_unsigned().wrapping_mul(0x94d0_49bb_1331_11eb) >> 1).cast_signed()
}

fn nth(k: u64, count: u64) -> u64 {
    k * 7_368_787 % count
}

fn user(id: i64) -> Outcome<PeerId> {
    Ok(PeerId::user(id).ok_or("no id of a user")?)
}

fn info(i: u64, seed: u64) -> PeerInfo {
    let id = row_id(i, seed);
    let auth = Some(PeerAuth::from_hash(access_hash(id)));
    PeerInfo::User { id, auth, bot: None, is_self: None }
}

/// A line of /proc/self/status in kB.
fn status_kb(what: &str) -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(what)).ok_or("no such line")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

struct Peer {
    op: String,
    entities: u64,
    seed: u64,
    path: String,
}

impl Peer {
    fn answer(&self, spent: Duration, units: u64) -> Outcome<String> {
        Ok(format!(
            "{{\"op\": \"{}\", \"ns_per_unit\": {:.2}, \"units\": {units}, \"rss_kb\": {}, \
             \"bytes\": {}}}",
            self.op,
            spent.as_nanos() as f64 / units as f64,
            status_kb("VmHWM")?,
            fs::metadata(&self.path)?.len()
        ))
    }

    async fn open(&self) -> Outcome<SqliteSession> {
        Ok(SqliteSession::open(&self.path).await.map_err(|error| error.to_string())?)
    }

    async fn log_in(&self, session: &SqliteSession) -> Outcome<()> {
        let option = DcOption {
            id: 2,
            ipv4: "149.154.167.51:443".parse()?,
            ipv6: "[2001:67c:4e8:f002::a]:443".parse()?,
            auth_key: Some([7; 256]),
        };
        session.set_home_dc_id(2).await.map_err(|error| error.to_string())?;
        Ok(session.set_dc_option(&option).await.map_err(|error| error.to_string())?)
    }

    async fn put(&self, session: &SqliteSession, peers: Vec<PeerInfo>) -> Outcome<Duration> {
        let began = Instant::now();
        session.cache_peers(peers).await.map_err(|error| error.to_string())?;
        Ok(began.elapsed())
    }

    async fn fill(&self, session: &SqliteSession, from: u64, count: u64) -> Outcome<Duration> {
        let mut spent = Duration::ZERO;
        for start in (from..from + count).step_by(BATCH as usize) {
            let peers = (start..start + BATCH).map(|i| info(i, self.seed)).collect();
            spent += self.put(session, peers).await?;
        }
        Ok(spent)
    }

    /// Look-ups by id among the first `among` entities.
    async fn look(&self, among: u64, units: u64) -> Outcome<String> {
        let session = self.open().await?;
        let mut spent = Duration::ZERO;
        for k in 0..units {
            let id = user(row_id(nth(k, among), self.seed))?;
            let began = Instant::now();
            let found = session.peer_ref(id).await.map_err(|error| error.to_string())?;
            spent += began.elapsed();
            found.ok_or("the peer is not there")?;
        }
        self.answer(spent, units)
    }

    async fn updates(&self) -> Outcome<String> {
        let session = self.open().await?;
        let (units, working) = (300, self.entities.min(WORKING));
        let mut spent = Duration::ZERO;
        for k in 0..units {
            let peers = (2 * k..2 * k + 2).map(|k| info(nth(k, working), self.seed)).collect();
            spent += self.put(&session, peers).await?;
            let state = UpdateState::Channel {
                id: 1 + (k % CHANNELS).cast_signed(),
                pts: 1 + i32::try_from(k)?,
            };
            let began = Instant::now();
            session.set_update_state(state).await.map_err(|error| error.to_string())?;
            spent += began.elapsed();
        }
        self.answer(spent, units)
    }

    async fn open_close(&self) -> Outcome<String> {
        let units = 200;
        let began = Instant::now();
        for _ in 0..units {
            let session = self.open().await?;
            let option = session.dc_option(2).map_err(|error| error.to_string())?;
            option.and_then(|option| option.auth_key).ok_or("no key")?;
        }
        self.answer(began.elapsed(), units)
    }

    /// Sessions that were used a little and wait, in files beside the given one.
    async fn idle(&self) -> Outcome<String> {
        const SESSIONS: u32 = 200;
        let descriptors = || Ok::<_, std::io::Error>(fs::read_dir("/proc/self/fd")?.count());
        let (mut sessions, mut memory, mut files) = (Vec::new(), 0.0, 0);
        for k in 0..=SESSIONS {
            let one =
                Peer { op: self.op.clone(), path: format!("{}.{k}.session", self.path), ..*self };
            let session = one.open().await?;
            one.log_in(&session).await?;
            one.fill(&session, 0, BATCH).await?;
            drop(session);
            let session = one.open().await?;
            let found = session.peer_ref(user(row_id(0, self.seed))?).await;
            found.map_err(|error| error.to_string())?.ok_or("the peer is not there")?;
            if k == 0 {
                // What only the first one costs.
                drop(session);
                (memory, files) = (status_kb("VmRSS")?, descriptors()?);
            } else {
                sessions.push(session);
            }
        }
        Ok(format!(
            "{{\"op\": \"{}\", \"bytes_per_unit\": {:.1}, \"units\": {SESSIONS}, \"rss_kb\": {}, \
             \"descriptors\": {}}}",
            self.op,
            (status_kb("VmRSS")? - memory) * 1024.0 / f64::from(SESSIONS),
            status_kb("VmHWM")?,
            (descriptors()? - files) / sessions.len()
        ))
    }

    /// FNV-1a over ids and hashes, by which the runner sees that all peers make the same data.
    fn data(&self) -> String {
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for i in 0..self.entities {
            let id = row_id(i, self.seed);
            for byte in format!("{id}|{}\n", access_hash(id)).bytes() {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        format!("{{\"op\": \"data\", \"ids\": \"{sum:016x}\"}}")
    }

    async fn run(&self) -> Outcome<String> {
        match self.op.as_str() {
            "version" => {
                let version = version().ok_or("the lock file has no grammers-session")?;
                Ok(format!("{{\"op\": \"version\", \"version\": \"grammers-session {version}\"}}"))
            }
            "put_new" => {
                let session = self.open().await?;
                self.log_in(&session).await?;
                let spent = self.fill(&session, 0, self.entities).await?;
                self.answer(spent, self.entities)
            }
            "put_new_saved" => {
                let count = 100 * BATCH;
                let spent = self.fill(&self.open().await?, self.entities, count).await?;
                self.answer(spent, count)
            }
            "memory_id" => {
                let working = self.entities.min(WORKING);
                self.look(working, working).await
            }
            "disk_id" => self.look(self.entities, (self.entities / 10).min(20_000)).await,
            "put_known" => {
                let session = self.open().await?;
                let (rounds, working) = (50, self.entities.min(WORKING));
                let mut spent = Duration::ZERO;
                for round in 0..rounds {
                    let at = round * BATCH..(round + 1) * BATCH;
                    let peers = at.map(|k| info(nth(k, working), self.seed)).collect();
                    spent += self.put(&session, peers).await?;
                }
                self.answer(spent, rounds * BATCH)
            }
            "update_saved" => self.updates().await,
            "data" => Ok(self.data()),
            "idle" => self.idle().await,
            "open" => self.open_close().await,
            other => Ok(format!("{{\"op\": \"{other}\", \"unsupported\": true}}")),
        }
    }
}

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [op, entities, seed, path] = &words[..] else {
        return Err("usage: grammers-peer <operation> <entities> <seed> <file>".into());
    };
    let peer = Peer {
        op: op.clone(),
        entities: entities.parse()?,
        seed: seed.parse()?,
        path: path.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("{}", runtime.block_on(peer.run())?);
    Ok(())
}
