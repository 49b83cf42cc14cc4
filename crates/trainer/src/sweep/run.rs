//! The runs of a sweep, one after the other.

use std::path::{Path, PathBuf};

use data::Datasets;

use super::{RunStatus, Sweep, SweepError, SweepRecord, SweptRun, SweptTrial, Trial, located};
use crate::{
    Event, Experiment, Observer, RunDir, RunSummary, Status, StopFlag, TrainError,
    config::{ConfigError, Layer, TrainConfig},
};

/// Sees what a sweep does. Every method does nothing by default.
pub trait SweepObserver {
    /// The sweep goes on with what is not at its end of `record`.
    ///
    /// # Errors
    /// An error ends the sweep.
    fn started(&mut self, _record: &SweepRecord) -> std::io::Result<()> {
        Ok(())
    }

    /// A run comes next, which is number `number`, from 1, of those asked for.
    ///
    /// # Errors
    /// An error ends the sweep.
    fn run_started(
        &mut self,
        _number: usize,
        _trial: &SweptTrial,
        _seed: u64,
    ) -> std::io::Result<()> {
        Ok(())
    }

    /// Something happened in that run.
    ///
    /// # Errors
    /// An error ends the run, and the sweep.
    fn event(&mut self, _event: &Event) -> std::io::Result<()> {
        Ok(())
    }

    /// It is over, or was interrupted.
    ///
    /// # Errors
    /// An error ends the sweep.
    fn run_ended(
        &mut self,
        _number: usize,
        _trial: &SweptTrial,
        _run: &SweptRun,
    ) -> std::io::Result<()> {
        Ok(())
    }
}

/// How a sweep ended.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepEnd {
    /// What it has done.
    pub record: SweepRecord,
    /// Whether it was asked to stop.
    pub interrupted: bool,
}

/// Gives the images of a configuration.
type Load<'a> = &'a mut dyn FnMut(&TrainConfig) -> Result<Datasets, TrainError>;

impl Sweep {
    /// Does the runs that are not at their end in `folder`, one after the other: those
    /// that were begun go on from their newest checkpoint. `sweep.json` and `sweep.csv`
    /// are written whole after each. `load` gives the images of a configuration, once
    /// for each data set.
    ///
    /// Before the first, every trial is held against its images, its network and the
    /// machine. A run that diverges is one of the results.
    ///
    /// # Errors
    /// [`TrainError::Sweep`] if a trial cannot be run, or the folder holds another
    /// sweep; [`TrainError::InUse`] if another process works in it. What it holds by
    /// then is whole.
    pub fn run(
        &self,
        folder: &Path,
        load: Load<'_>,
        stop: Option<&StopFlag>,
        observer: &mut dyn SweepObserver,
    ) -> Result<SweepEnd, TrainError> {
        let mut images = Images {
            load,
            loaded: Vec::new(),
        };
        let base = TrainConfig::from_layers(&self.base)?;
        let new = SweepRecord::new(self, &base)?;
        if let Some(there) = SweepRecord::find(folder)? {
            there.extended(new.clone(), folder)?;
        }
        if RunDir::open(folder).is_ok() {
            return Err(SweepError::NotASweep {
                folder: folder.into(),
                problem: "it is the folder of a run".into(),
            }
            .into());
        }
        for trial in &self.trials {
            self.check(trial, &mut images)?;
        }
        // As long as this lives, nobody else works in the folder.
        let _own = RunDir::at(folder)?;
        let mut record = match SweepRecord::find(folder)? {
            Some(there) => there.extended(new, folder)?,
            None => new,
        };
        record.write(folder)?;
        observer.started(&record).map_err(TrainError::Observer)?;
        for (at, (trial, seed)) in record.asked().iter().enumerate() {
            if record.is_over(trial.trial, *seed) {
                continue;
            }
            let asked = stop.and_then(StopFlag::signal).is_some();
            let interrupted = asked || {
                let told = observer.run_started(at + 1, trial, *seed);
                told.map_err(TrainError::Observer)?;
                let name = format!("trial-{:03}-seed-{seed}", trial.trial);
                let place = Place {
                    folder,
                    name: name.into(),
                };
                let run = self.run_one((trial, *seed), &place, &mut images, stop, observer)?;
                record.put(run.clone());
                record.write(folder)?;
                let told = observer.run_ended(at + 1, trial, &run);
                told.map_err(TrainError::Observer)?;
                run.status == RunStatus::Interrupted
            };
            if interrupted {
                return Ok(SweepEnd {
                    record,
                    interrupted,
                });
            }
        }
        Ok(SweepEnd {
            record,
            interrupted: false,
        })
    }

    /// Whether a trial can be run. The seed makes no difference.
    fn check(&self, trial: &Trial, images: &mut Images<'_>) -> Result<(), TrainError> {
        let layers = self.layers(trial)?;
        let config = self.config_of(&layers, self.seeds[0])?;
        let checked = experiment(config, images).and_then(|experiment| {
            if experiment.plan().valid.is_none() {
                return Err(nothing_to_choose_by().into());
            }
            experiment.check()
        });
        checked.map_err(|error| of_trial(error, &trial.name(), &layers))
    }

    fn run_one(
        &self,
        (swept, seed): (&SweptTrial, u64),
        place: &Place<'_>,
        images: &mut Images<'_>,
        stop: Option<&StopFlag>,
        observer: &mut dyn SweepObserver,
    ) -> Result<SweptRun, TrainError> {
        // A record is extended by what is asked for, and has nothing beside it.
        let trial = self.trials.iter().find(|trial| trial.name() == swept.name);
        let trial = trial.expect("every trial of the record is asked for");
        let layers = self.layers(trial)?;
        let config = self.config_of(&layers, seed)?;
        let path = place.folder.join(&place.name);
        let begun = RunDir::open(&path).ok();
        let resumes = begun.is_some();
        let made = match begun {
            Some(run) => images
                .of(&config)
                .and_then(|images| Experiment::resuming(run, config, images)),
            None => experiment(config, images),
        };
        let outcome = made.and_then(|experiment| {
            let experiment = experiment.observe(Forward(observer));
            let experiment = match stop {
                Some(stop) => experiment.stop_when(stop),
                None => experiment,
            };
            match resumes {
                true => experiment.go_on(),
                false => experiment.run_in(&path),
            }
        });
        let run = SweptRun {
            trial: swept.trial,
            seed,
            run: place.name.clone(),
            status: RunStatus::Diverged,
            ended_by: None,
            epochs: 0,
            best_epoch: None,
            valid: None,
            test: None,
            seconds: 0.0,
            problem: None,
        };
        match outcome {
            Ok(summary) => Ok(with_summary(run, &summary)),
            Err(error @ TrainError::Diverged { epoch, .. }) => Ok(SweptRun {
                epochs: epoch,
                problem: Some(error.to_string()),
                ..run
            }),
            Err(error) => Err(of_trial(error, &swept.name, &layers)),
        }
    }
}

/// Where a run lies.
struct Place<'a> {
    /// The folder of the sweep.
    folder: &'a Path,
    /// The name of that of the run in it.
    name: PathBuf,
}

fn with_summary(run: SweptRun, summary: &RunSummary) -> SweptRun {
    SweptRun {
        status: match summary.status {
            Status::Done => RunStatus::Done,
            Status::Interrupted => RunStatus::Interrupted,
        },
        ended_by: Some(summary.ended_by),
        epochs: summary.epochs,
        best_epoch: summary.best_epoch,
        valid: summary.valid,
        test: summary.test,
        seconds: summary.seconds,
        ..run
    }
}

fn experiment<'e>(
    config: TrainConfig,
    images: &mut Images<'_>,
) -> Result<Experiment<'e>, TrainError> {
    let datasets = images.of(&config)?;
    Experiment::with_datasets(config, datasets)
}

/// An error with the place of the value, or else with the trial.
fn of_trial(error: TrainError, trial: &str, layers: &[Layer]) -> TrainError {
    match located(error, layers) {
        error @ TrainError::Config(ConfigError::Value {
            origin: Some(_), ..
        }) => error,
        source => SweepError::Trial {
            trial: trial.into(),
            source: Box::new(source),
        }
        .into(),
    }
}

fn nothing_to_choose_by() -> ConfigError {
    ConfigError::Value {
        key: "valid".into(),
        value: "0".into(),
        problem: "a sweep chooses by the validation accuracy: hold some images out".into(),
        origin: None,
    }
}

/// The data sets that were loaded, each once.
struct Images<'a> {
    load: Load<'a>,
    loaded: Vec<(TrainConfig, Datasets)>,
}

impl Images<'_> {
    fn of(&mut self, config: &TrainConfig) -> Result<Datasets, TrainError> {
        let same = |there: &TrainConfig| {
            there.dataset == config.dataset
                && there.folder == config.folder
                && there.data_dir == config.data_dir
        };
        if let Some((_, datasets)) = self.loaded.iter().find(|(there, _)| same(there)) {
            return Ok(datasets.clone());
        }
        let datasets = (self.load)(config)?;
        self.loaded.push((config.clone(), datasets.clone()));
        Ok(datasets)
    }
}

/// Tells the observer of a sweep what happens in a run.
struct Forward<'a>(&'a mut dyn SweepObserver);

impl Observer for Forward<'_> {
    fn on_event(&mut self, event: &Event) -> std::io::Result<()> {
        self.0.event(event)
    }
}
