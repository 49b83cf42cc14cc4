use std::{
    io::{self, IsTerminal, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use trainer::{
    Event, RunStatus, Scores, Sweep, SweepObserver, SweepRecord, SweptRun, SweptTrial,
    backend::Backend, shell::command_of,
};

use super::{of_flag, print, signals, store::StoreArgs};

/// Tries settings of a configuration, and tells which are best on the validation images.
///
/// The same command goes on with a sweep that was stopped, and with one whose file has more
/// trials or seeds by now.
#[derive(clap::Args)]
pub struct Args {
    /// What to try: `seeds`, [config], and [grid] or [random] (docs/settings.md, "Finding
    /// settings")
    #[arg(value_name = "GRID.toml")]
    file: PathBuf,
    /// Folder of the sweep, with those of its runs [default: sweeps/ and the name of the file]
    #[arg(help_heading = "Output", long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Run nothing: print the table of what is done
    #[arg(help_heading = "Output", long)]
    table: bool,
    /// Print nothing but the table
    #[arg(help_heading = "Output", long, short)]
    quiet: bool,
    /// Print one JSON object in the end: all runs, and the trials with the best first
    #[arg(help_heading = "Output", long)]
    json: bool,
    /// Threads that the CPU computes with [default: those of the file, or one for each physical
    /// core]
    #[arg(help_heading = "Where", long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    store: StoreArgs,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let folder = self.folder();
        if self.table {
            self.tell(&SweepRecord::read(&folder)?, &folder)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut sweep = Sweep::read(&self.file)?;
        if let Some(dir) = &self.store.data_dir {
            sweep = sweep.data_dir(dir);
        }
        if let Some(threads) = self.threads {
            sweep = sweep.threads(threads).map_err(of_flag)?;
        }
        let stop = signals::on_signals()?;
        let mut lines = Lines {
            to: match (self.quiet, self.json) {
                (true, _) => To::Nobody,
                (false, true) => To::Errors,
                (false, false) => To::Output,
            },
            file: &self.file,
            folder: &folder,
            live: stderr().is_terminal() && (self.json || stdout().is_terminal()),
            runs: sweep.runs(),
            bar: None,
            epochs: 0,
        };
        let mut load = |config: &_| self.store.load(config);
        let end = sweep.run(&folder, &mut load, Some(&stop), &mut lines)?;
        if !end.interrupted {
            self.tell(&end.record, &folder)?;
            return Ok(ExitCode::SUCCESS);
        }
        let words: Vec<String> = std::env::args().skip(1).collect();
        lines.say(&format!(
            "interrupted: {} of {} runs are done\ngo on: {} {}\n",
            end.record.over(),
            end.record.asked_for(),
            super::program(Backend::DEFAULT),
            command_of(words.iter().map(String::as_str)),
        ))?;
        Ok(signals::interrupted(stop.signal()))
    }

    fn folder(&self) -> PathBuf {
        match &self.out {
            Some(folder) => folder.clone(),
            None => Path::new("sweeps").join(self.file.file_stem().unwrap_or_default()),
        }
    }

    /// The table of what is done, or the object.
    fn tell(&self, record: &SweepRecord, folder: &Path) -> anyhow::Result<()> {
        let ranking = record.ranking();
        if self.json {
            let object = json!({
                // As a path it would fail if it is no Unicode.
                "sweep": folder.to_string_lossy(),
                "asked_for": record.asked_for(),
                "over": record.over(),
                "record": record,
                "ranking": ranking,
            });
            return Ok(print(&format!("{object}\n"))?);
        }
        let mut text = match self.quiet || self.table {
            true => String::new(),
            false => "\n".into(),
        };
        if record.over() < record.asked_for() {
            let (over, all) = (record.over(), record.asked_for());
            text += &format!("{over} of {all} runs are done\n\n");
        }
        text += &record.table();
        text += "mean ± standard deviation (runs); best validation accuracy first\n";
        let best = ranking.first().filter(|best| best.valid_accuracy.is_some());
        let run = best.and_then(|best| {
            let mut runs = record.runs.iter();
            runs.find(|run| run.trial == best.trial.trial && run.status == RunStatus::Done)
        });
        if let (Some(best), Some(run)) = (best, run) {
            let config = folder.join(&run.run).join("config.toml");
            let config = config.display().to_string();
            text += &format!(
                "best: trial {}, {}\nagain: {} {}\n",
                best.trial.trial,
                best.trial.name,
                super::program(Backend::DEFAULT),
                command_of(["train", "--config", &config]),
            );
        }
        Ok(print(&text)?)
    }
}

/// Where the lines go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Output,
    Errors,
    Nobody,
}

/// A line for each run, and a live bar on a terminal.
struct Lines<'a> {
    to: To,
    file: &'a Path,
    folder: &'a Path,
    live: bool,
    runs: usize,
    bar: Option<ProgressBar>,
    /// Epochs of the run under way.
    epochs: usize,
}

impl Lines<'_> {
    fn say(&self, text: &str) -> io::Result<()> {
        match self.to {
            To::Output => print(text),
            To::Errors => {
                eprint!("{text}");
                Ok(())
            }
            To::Nobody => Ok(()),
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl SweepObserver for Lines<'_> {
    fn started(&mut self, record: &SweepRecord) -> io::Result<()> {
        self.runs = record.asked_for();
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let done = match record.over() {
            0 => String::new(),
            over => format!(", {over} of them done"),
        };
        self.say(&format!(
            "sweep    {}: {} × {} = {}{done}\nfolder   {}\n\n",
            self.file.display(),
            count(record.trials.len(), "trial"),
            count(record.seeds.len(), "seed"),
            count(self.runs, "run"),
            self.folder.display(),
        ))
    }

    fn run_started(&mut self, number: usize, trial: &SweptTrial, seed: u64) -> io::Result<()> {
        if self.live && self.to != To::Nobody {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}");
            bar.set_style(style.expect("the template is right").progress_chars("━╸ "));
            let runs = self.runs;
            bar.set_prefix(format!("run {number}/{runs}  {} seed {seed}", trial.name));
            self.bar = Some(bar);
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match (event, &self.bar) {
            (Event::Warning { message }, bar) => {
                let write = || tell!("warning: {message}");
                match bar {
                    Some(bar) => bar.suspend(write),
                    None => write(),
                }
            }
            (Event::FitStarted(fit), Some(bar)) => {
                bar.set_length((fit.epochs * fit.steps_per_epoch) as u64);
                self.epochs = fit.epochs;
            }
            (Event::StepDone(step), Some(bar)) => {
                bar.set_position(step.global_step as u64);
                bar.set_message(format!("epoch {}/{}", step.epoch, self.epochs));
            }
            _ => {}
        }
        Ok(())
    }

    fn run_ended(&mut self, number: usize, trial: &SweptTrial, run: &SweptRun) -> io::Result<()> {
        self.clear();
        let accuracy = |scores: Option<Scores>| match scores {
            Some(scores) => format!("{:>6.2} %", 100.0 * scores.accuracy),
            None => format!("{:>8}", "-"),
        };
        let width = self.runs.to_string().len();
        let outcome = match run.status {
            RunStatus::Done => format!(
                "valid {}  test {}  {:>6.1} s",
                accuracy(run.valid),
                accuracy(run.test),
                run.seconds
            ),
            RunStatus::Diverged => format!("diverged in epoch {}", run.epochs),
            RunStatus::Interrupted => format!("interrupted after {} epochs", run.epochs),
        };
        self.say(&format!(
            "{number:>width$}/{}  {outcome}  seed {}  {}\n",
            self.runs, run.seed, trial.name
        ))
    }
}

impl Drop for Lines<'_> {
    /// A sweep that fails leaves no half-drawn bar.
    fn drop(&mut self) {
        self.clear();
    }
}
