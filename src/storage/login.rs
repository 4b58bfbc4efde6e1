//! All of a session but its peers, in memory: for storages that hold it there.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Changes;
use crate::{Account, FileKey, SentFile, UpdateState};

/// The account, its update states and sent files, and the opaque values, as the last commit left them.
#[derive(Default)]
pub(crate) struct Login {
    pub(crate) account: Arc<Account>,
    pub(crate) states: BTreeMap<i64, UpdateState>,
    pub(crate) files: BTreeMap<FileKey, SentFile>,
    pub(crate) values: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl Login {
    /// Of this account nothing but its record.
    pub(crate) fn of(account: Arc<Account>) -> Login {
        // Nothing is taken from a default one, whose account would be made to be thrown away.
        Login { account, states: BTreeMap::new(), files: BTreeMap::new(), values: BTreeMap::new() }
    }

    /// Takes in what is committed.
    pub(crate) fn apply(&mut self, changes: &Changes<'_>) {
        if changes.other_account {
            self.states.clear();
            self.files.clear();
        }
        if let Some(account) = &changes.account {
            self.account = Arc::new(account.new.clone());
        }
        self.states.extend(changes.states.iter().map(|state| (state.id, *state)));
        self.states.retain(|id, _| !changes.forget_states.contains(id));
        self.files.extend(changes.files.iter().copied());
        for (key, value) in &changes.values {
            match value {
                Some(value) => self.values.insert(key.clone(), value.clone()),
                None => self.values.remove(key),
            };
        }
    }
}
