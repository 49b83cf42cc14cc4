//! The flags that say where data sets lie, and the bar while one is fetched.

use std::{
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
};

use data::{Datasets, ImageDataset, Progress, Store};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trainer::{
    Inference, Part, TrainConfig, TrainError, is_scored_whole, load_datasets, load_images,
    load_to_score,
};

#[derive(clap::Args)]
pub struct StoreArgs {
    /// Folder of the data sets [default: $KILN_DATA, or kiln/data in the user's cache]
    #[arg(help_heading = "Data", long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Ask nothing of the network: what is missing is an error
    #[arg(help_heading = "Data", long)]
    offline: bool,
    /// Fetch from this address alone; it holds what a folder of data sets holds
    #[arg(
        help_heading = "Data",
        long,
        value_name = "URL",
        conflicts_with = "offline"
    )]
    mirror: Option<String>,
}

impl StoreArgs {
    /// The store that the flags name; without one, that in `config_dir`.
    pub fn store(&self, config_dir: Option<&Path>) -> Store {
        Store::new(self.data_dir.as_deref().or(config_dir))
            .offline(self.offline)
            .mirror(self.mirror.clone())
    }

    /// Loads what a configuration names, with a bar if it must be fetched.
    pub fn load(&self, config: &TrainConfig) -> Result<Datasets, TrainError> {
        let mut bar = FetchBar::default();
        let store = self.store(config.data_dir.as_deref());
        load_datasets(config, &store, &mut |progress| bar.show(progress))
    }

    /// As [`load`](Self::load), whatever else the configuration names.
    pub fn load_images(&self, config: &TrainConfig) -> Result<Datasets, TrainError> {
        let mut bar = FetchBar::default();
        let store = self.store(config.data_dir.as_deref());
        load_images(config, &store, &mut |progress| bar.show(progress))
    }

    /// Loads a part of the data set of a run, or of another one for it. The images of another
    /// folder get the size and the channels of the run, and none is split off.
    pub fn load_part(
        &self,
        inference: &Inference,
        another: Option<&str>,
        part: Part,
    ) -> Result<PartFor, TrainError> {
        let config = inference.config();
        let (dataset, datasets) = match another.filter(|another| !inference.is_own(another)) {
            None => (config.dataset.clone(), self.load(config)?),
            Some(another) => {
                let datasets = self.load_another(inference, another)?;
                if part == Part::Test && is_scored_whole(another)? {
                    tell!(
                        "note: {another} has no part `test`: all of its {} images are taken",
                        datasets.test.len()
                    );
                }
                (another.into(), datasets)
            }
        };
        let (images, indices) = inference.part(&dataset, datasets, part)?;
        Ok(PartFor {
            dataset,
            images,
            indices,
        })
    }

    fn load_another(&self, inference: &Inference, another: &str) -> Result<Datasets, TrainError> {
        let mut bar = FetchBar::default();
        let store = self.store(inference.config().data_dir.as_deref());
        let options = inference.folder_options();
        load_to_score(another, &options, &store, &mut |progress| {
            bar.show(progress)
        })
    }
}

/// A part of a data set, as a run would see it.
pub struct PartFor {
    /// The name of the data set: that of the run, if it is its own.
    pub dataset: String,
    /// The images, as the run describes them.
    pub images: ImageDataset,
    /// Which of them are of the part.
    pub indices: Vec<usize>,
}

/// What a person sees of a download, on standard error: a live bar on a
/// terminal, else a line for each file.
#[derive(Default)]
pub struct FetchBar {
    bar: Option<ProgressBar>,
    file: String,
}

impl FetchBar {
    pub fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Waiting { lock } => self.line(&format!(
                "another process is fetching; waiting for it ({})",
                lock.display()
            )),
            Progress::Downloading { file, bytes, total } => {
                if self.file != file || self.bar.is_none() {
                    self.begin(file, bytes, total);
                }
                if let Some(bar) = &self.bar {
                    bar.set_position(bytes);
                    if bar.length() != total && total.is_some() {
                        bar.set_length(total.unwrap_or_default());
                    }
                }
            }
            Progress::Failed { problem, pause, .. } => self.line(&match pause {
                Some(pause) => format!("{problem}; again in {:.0} s", pause.as_secs_f64()),
                None => problem.to_string(),
            }),
            Progress::Verifying { file } => self.say(&format!("checking {file}")),
            Progress::Extracting { file } => self.say(&format!("unpacking {file}")),
            _ => {}
        }
    }

    fn begin(&mut self, file: &str, bytes: u64, total: Option<u64>) {
        self.clear();
        self.file = file.into();
        if !stderr().is_terminal() {
            let size = total.map_or(String::new(), |t| format!(" ({:.1} MB)", t as f64 / 1e6));
            tell!("fetching {file}{size}");
        }
        let style = "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(style).expect("the template is constant");
        let bar = match total {
            Some(total) => ProgressBar::new(total).with_style(style),
            None => ProgressBar::new_spinner(),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.set_prefix(file.to_string());
        // What an earlier attempt left does not count for the speed.
        bar.set_position(bytes);
        bar.tick();
        bar.reset_eta();
        self.bar = Some(bar);
    }

    /// A line that stays.
    fn line(&mut self, text: &str) {
        self.clear();
        tell!("{text}");
    }

    /// A line that is worth a word only where nothing moves.
    fn say(&mut self, text: &str) {
        self.clear();
        if !stderr().is_terminal() {
            tell!("{text}");
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for FetchBar {
    fn drop(&mut self) {
        self.clear();
    }
}
