//! What the caller should hear of without having asked.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A short queue: a file with a million damaged rows must not fill the memory with complaints.
#[derive(Default)]
pub(super) struct Notices(Mutex<VecDeque<String>>);

const MOST: usize = 64;

impl Notices {
    pub(super) fn push(&self, text: String) {
        let mut queue = self.queue();
        if queue.contains(&text) {
            return;
        }
        if queue.len() < MOST {
            queue.push_back(text);
        } else if queue.len() == MOST {
            queue.push_back("there is more like this, which is not listed".to_owned());
        }
    }

    pub(super) fn pop(&self) -> Option<String> {
        self.queue().pop_front()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
