//! How a page stays small, whatever the number of its runs.

/// What a run may take of a page: an equal part of what there is place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    runs: usize,
}

impl Share {
    /// That of each of `runs`.
    pub fn among(runs: usize) -> Self {
        Self { runs: runs.max(1) }
    }

    /// What a run gets of `all`.
    pub fn of(self, all: usize) -> usize {
        all / self.runs
    }
}
