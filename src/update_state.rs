//! How far the update stream has been read.

use crate::{Error, Result};

/// How far the updates of the account, or of one channel, have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateState {
    /// 0 for the account, else the bare id of a channel, as Telethon stores it.
    pub id: i64,
    /// Events of messages read so far.
    pub pts: i32,
    /// Events of secret chats and bots read so far; 0 for a channel.
    pub qts: i32,
    /// Date of the last event, unix seconds.
    pub date: i64,
    /// Sequence number of the last event; 0 for a channel.
    pub seq: i32,
}

/// New values for an [`UpdateState`]: `None` keeps what is there (and is 0 where nothing is).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateStatePatch {
    /// 0 for the account, else the bare id of a channel.
    pub id: i64,
    /// The new pts.
    pub pts: Option<i32>,
    /// The new qts.
    pub qts: Option<i32>,
    /// The new date, unix seconds.
    pub date: Option<i64>,
    /// The new seq.
    pub seq: Option<i32>,
}

impl From<UpdateState> for UpdateStatePatch {
    fn from(state: UpdateState) -> UpdateStatePatch {
        UpdateStatePatch {
            id: state.id,
            pts: Some(state.pts),
            qts: Some(state.qts),
            date: Some(state.date),
            seq: Some(state.seq),
        }
    }
}

impl UpdateStatePatch {
    /// Refuses ids and values that the server would never have sent.
    pub(crate) fn check(&self) -> Result<()> {
        check_id(self.id)?;
        if self.id == 0 && self.pts == Some(0) {
            return Err(Error::argument(
                "update state 0: pts 0 means that nothing is known; a client that asks for the \
                 difference from there is refused by the server. Leave the state unset instead",
            ));
        }
        for (name, value) in [
            ("pts", self.pts.map(i64::from)),
            ("qts", self.qts.map(i64::from)),
            ("date", self.date),
            ("seq", self.seq.map(i64::from)),
        ] {
            if let Some(value) = value.filter(|value| *value < 0) {
                return Err(Error::argument(format!(
                    "update state {}: {name} {value} is negative",
                    self.id
                )));
            }
        }
        Ok(())
    }

    /// `state` with this patch's values in it.
    pub(crate) fn apply(&self, state: UpdateState) -> UpdateState {
        UpdateState {
            id: self.id,
            pts: self.pts.unwrap_or(state.pts),
            qts: self.qts.unwrap_or(state.qts),
            date: self.date.unwrap_or(state.date),
            seq: self.seq.unwrap_or(state.seq),
        }
    }
}

/// Refuses an id that is neither the account nor a bare channel id.
pub(crate) fn check_id(id: i64) -> Result<()> {
    if id >= 0 {
        return Ok(());
    }
    Err(Error::argument(format!(
        "update state {id}: the id of a channel's state is its bare id{}",
        match crate::PeerId::try_marked(id) {
            Some(peer) if peer.kind() == crate::PeerKind::Channel =>
                format!(" ({} for this channel)", peer.bare()),
            _ => ", a positive number".to_owned(),
        }
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_id_is_refused_with_the_bare_one_as_hint() {
        let error = check_id(-1_001_234_567_890).unwrap_err();
        assert!(error.message().contains("1234567890 for this channel"), "{error}");
    }

    #[test]
    fn absent_is_not_zero() {
        let old = UpdateState { id: 0, pts: 10, qts: 5, date: 7, seq: 3 };
        let patch = UpdateStatePatch { id: 0, pts: Some(11), ..Default::default() };
        assert_eq!(patch.apply(old), UpdateState { pts: 11, ..old });
    }
}
