//! A run, or several beside each other, as one page of HTML: without a network, and
//! without a script of anybody else. What a run does not have is said in its place.

mod beside;
mod charts;
mod classes;
mod compare;
mod confusion;
mod curves;
mod environment;
mod figures;
mod format;
mod images;
mod layers;
mod network;
mod page;
mod predictions;
mod run;
mod settings;
mod share;
mod source;
mod speed;
#[cfg(all(test, feature = "flex"))]
#[allow(clippy::unwrap_used, reason = "all of it is test code")]
mod tests;

use std::path::Path;

use data::{ImageDataset, Store};

pub use self::beside::{BesideRow, RunsBeside};
use self::{
    compare::Comparison,
    page::Page,
    run::Run,
    share::Share,
    source::{Part, Source, sentence},
};
use crate::{RunDir, TrainConfig, TrainError, load_datasets, write_whole};

/// A page on runs.
///
/// ```no_run
/// use trainer::{Report, RunDir};
///
/// let run = RunDir::open("runs/lenet5-mnist-mini-20261122-135529".as_ref())?;
/// let store = |data_dir: Option<&std::path::Path>| data::Store::new(data_dir).offline(true);
/// Report::of_runs(&[run], &store).write("report.html".as_ref())?;
/// # Ok::<(), trainer::TrainError>(())
/// ```
#[derive(Debug)]
pub struct Report {
    page: Page,
}

impl Report {
    /// Of the files of runs, with images of their test sets as far as the stores have
    /// them that `store` gives for the `data_dir` of a run's configuration. Nothing is an
    /// error: what is missing, damaged or of a newer Kiln is said where it would be shown.
    #[must_use]
    pub fn of_runs(runs: &[RunDir], store: &dyn Fn(Option<&Path>) -> Store) -> Self {
        let sources: Vec<Source> = runs.iter().cloned().map(Source::read).collect();
        let mut tests = Tests {
            store,
            loaded: Vec::new(),
        };
        let each = sources.iter().enumerate().map(|(at, source)| {
            let test = source.config.as_ref().map_err(String::clone);
            let test = test.and_then(|config| tests.of(config));
            Run::of(
                source,
                at,
                test.as_ref().map_err(String::clone),
                Share::among(runs.len()),
            )
        });
        let each = each.collect();
        let comparison = (runs.len() > 1).then(|| Comparison::of(&sources));
        Self {
            page: Page::new(each, comparison),
        }
    }

    /// Of one run, whose test set is at hand.
    pub(crate) fn of_run(run: RunDir, test: &ImageDataset) -> Self {
        let source = Source::read(run);
        let run = Run::of(&source, 0, Ok(test), Share::among(1));
        Self {
            page: Page::new(vec![run], None),
        }
    }

    /// The page.
    ///
    /// # Errors
    /// [`TrainError::Report`] if a template fails.
    pub fn to_html(&self) -> Result<String, TrainError> {
        self.page.render()
    }

    /// Writes the page.
    ///
    /// # Errors
    /// [`TrainError::Report`] or [`TrainError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        write_whole(path, self.to_html()?.as_bytes())
    }
}

/// Test sets, each loaded once.
struct Tests<'a> {
    store: &'a dyn Fn(Option<&Path>) -> Store,
    loaded: Vec<(TrainConfig, Part<ImageDataset>)>,
}

impl Tests<'_> {
    fn of(&mut self, config: &TrainConfig) -> Part<ImageDataset> {
        let same = |known: &TrainConfig| {
            known.dataset == config.dataset
                && known.folder == config.folder
                && known.data_dir == config.data_dir
        };
        if let Some((_, test)) = self.loaded.iter().find(|(known, _)| same(known)) {
            return test.clone();
        }
        let mut wanted = config.clone();
        // What the run started from is not asked for again.
        (wanted.weights, wanted.partial_weights) = (None, false);
        let store = (self.store)(config.data_dir.as_deref());
        let test = load_datasets(&wanted, &store, &mut |_| {})
            .map(|datasets| datasets.test)
            .map_err(|error| format!("The images are not at hand: {}", sentence(error)));
        self.loaded.push((wanted, test.clone()));
        test
    }
}
