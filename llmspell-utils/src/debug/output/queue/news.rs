//! What the manager has not been told yet about a queue: each trouble once, each loss exactly.

use super::super::OutputTrouble;

#[derive(Debug, Default)]
pub(super) struct News {
    lost: u64,
    failure: Option<String>,
    failure_is_told: bool,
    is_full: bool,
    fullness_is_told: bool,
    /// Told or not.
    last_failure: Option<String>,
}

impl News {
    pub(super) const fn lose(&mut self, lost: u64) {
        self.lost += lost;
    }

    /// The newest entry was dropped because there is no room.
    pub(super) const fn drop_newest(&mut self) {
        self.is_full = true;
    }

    /// The output has failed, or says something about itself.
    pub(super) fn fail(&mut self, failure: String) {
        if !self.failure_is_told {
            self.failure = Some(failure.clone());
        }
        self.last_failure = Some(failure);
    }

    /// What waits is given up; where nothing has failed, that is the reason.
    pub(super) fn give_up(&mut self) {
        if self.last_failure.is_none() {
            self.fail("it is closed before everything is written".to_owned());
        }
    }

    /// The output works.
    pub(super) fn recover(&mut self) {
        self.last_failure = None;
    }

    /// The word about entries that a flush could not bring to their place.
    pub(super) fn on_the_way(&self, count: u64) -> String {
        let count = match count {
            1 => "1 entry is still on the way".to_owned(),
            _ => format!("{count} entries are still on the way"),
        };
        match &self.last_failure {
            Some(failure) => format!("{count}: {failure}"),
            None => count,
        }
    }

    pub(super) fn tell(&mut self) -> Option<OutputTrouble> {
        let lost = std::mem::take(&mut self.lost);
        let is_full = std::mem::take(&mut self.is_full);
        if let Some(failure) = self.failure.take() {
            self.failure_is_told = true;
            return Some(OutputTrouble::new(lost, failure));
        }
        if lost == 0 {
            return None;
        }
        if is_full {
            let known = std::mem::replace(&mut self.fullness_is_told, true);
            let message = "its queue is full, and the newest entries are dropped";
            return Some(OutputTrouble::new(lost, message).known(known));
        }
        Some(OutputTrouble::new(lost, "it goes on failing").known(true))
    }
}
