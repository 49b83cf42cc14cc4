use std::{
    fmt::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use data::Split;
use serde_json::json;
use trainer::{
    RunDir, Schedule, TrainConfig, TrainError, config::ScheduleName, schedule_svg, write_whole,
};

use super::{config_args::ConfigArgs, new_file, svg_file};

#[derive(clap::Args)]
pub struct Args {
    /// A configuration, or the folder of a run; flags go over it [default: that of `kiln train`]
    #[arg(value_name = "CONFIG.toml|RUN", conflicts_with_all = ["config", "recipe"])]
    of: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// File to draw to [default: schedule.svg, if there is none; with --json, none]
    #[arg(long, value_name = "FILE.svg", value_parser = svg_file)]
    out: Option<PathBuf>,
    /// Print the rate of every update as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config()?;
        let images = self.training_images(&config)?;
        let batches = match config.loader.drop_last {
            true => images / config.batch_size,
            false => images.div_ceil(config.batch_size),
        };
        anyhow::ensure!(
            batches > 0,
            "an epoch has no batch: {images} images train, batch_size is {}, and \
             loader.drop_last leaves out a short one",
            config.batch_size
        );
        let updates = batches.div_ceil(config.accumulate);
        let schedule = Schedule::new(
            &config.schedule,
            config.optimizer.lr(),
            config.epochs,
            updates,
        );
        let curve = Curve {
            schedule,
            config,
            images,
            updates_per_epoch: updates,
        };
        if self.out.is_some() || !self.json {
            let out = new_file(self.out.clone(), "schedule.svg".into())?;
            let svg = schedule_svg(&curve.schedule, curve.updates(), updates, &curve.title());
            write_whole(&out, svg.as_bytes())?;
            if !self.json {
                super::print(&format!("{}\ndrawn: {}\n", curve.table()?, out.display()))?;
            }
        }
        if self.json {
            curve.print_json()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The configuration that is named, or what the flags make.
    fn config(&self) -> Result<TrainConfig, TrainError> {
        let (config, _) = match &self.of {
            None => self.config.config()?,
            Some(run) if run.is_dir() => {
                let config = RunDir::open(run)?.path().join("config.toml");
                self.config.config_over(Some(&config))?
            }
            Some(file) => self.config.config_over(Some(file))?,
        };
        Ok(config)
    }

    /// The number of images that train. Of a folder they are counted by loading it.
    fn training_images(&self, config: &TrainConfig) -> Result<usize, TrainError> {
        let known = data::catalog().iter().find(|e| e.name == config.dataset);
        let (all, validates) = match known {
            Some(entry) => (entry.train, false),
            None => {
                let loaded = self.config.store.load(config)?;
                (loaded.train.len(), loaded.valid.is_some())
            }
        };
        let images = config.limit.map_or(all, |limit| limit.min(all));
        if validates {
            return Ok(images);
        }
        // How many are held out does not depend on their labels.
        let split = Split::stratified(&vec![0; images], config.valid, config.seed)?;
        Ok(split.train.len())
    }
}

/// The learning rates of a run.
struct Curve {
    schedule: Schedule,
    config: TrainConfig,
    images: usize,
    updates_per_epoch: usize,
}

impl Curve {
    fn updates(&self) -> usize {
        self.config.epochs * self.updates_per_epoch
    }

    fn epoch(&self, update: usize) -> f64 {
        update as f64 / self.updates_per_epoch as f64
    }

    fn title(&self) -> String {
        let name = self.config.schedule.name.name();
        match self.config.schedule.warmup_epochs() {
            0.0 => name.into(),
            warmup => format!("{name} after a warm-up of {warmup} epochs"),
        }
    }

    fn table(&self) -> Result<String, fmt::Error> {
        let (last, warmup) = (self.updates() - 1, self.config.schedule.warmup_epochs());
        let rate = |update| self.schedule.lr(update);
        // The first of the largest.
        let peak = (1..=last).fold(0, |best, update| {
            if rate(update) > rate(best) {
                update
            } else {
                best
            }
        });
        let mut rows = vec![("start", 0), ("peak", peak), ("end", last)];
        if warmup > 0.0 {
            let after = (warmup * self.updates_per_epoch as f64).ceil() as usize;
            rows.insert(1, ("after warm-up", after.min(last)));
        }
        let mut text = format!(
            "{}: {} epochs of {} updates ({} images in batches of {})\n\n",
            self.title(),
            self.config.epochs,
            self.updates_per_epoch,
            self.images,
            self.config.batch_size
        );
        writeln!(text, "{:<13}  {:>9}  {:>9}  rate", "", "update", "epoch")?;
        for (name, update) in rows {
            let (epoch, rate) = (self.epoch(update), shown(rate(update)));
            writeln!(text, "{name:<13}  {update:>9}  {epoch:>9.2}  {rate}")?;
        }
        if self.config.schedule.name == ScheduleName::Plateau {
            writeln!(
                text,
                "\nPlateau goes by the validation losses: this is the rate while they fall."
            )?;
        }
        Ok(text)
    }

    /// A list of an object for each update.
    fn print_json(&self) -> std::io::Result<()> {
        const AT_ONCE: usize = 1 << 20;
        let mut text = String::from("[");
        for update in 0..self.updates() {
            let row = json!({
                "update": update,
                "epoch": self.epoch(update),
                "lr": self.schedule.lr(update),
            });
            text.push_str(if update == 0 { "\n" } else { ",\n" });
            text.push_str(&row.to_string());
            if text.len() > AT_ONCE {
                super::print(&text)?;
                text.clear();
            }
        }
        text.push_str("\n]\n");
        super::print(&text)
    }
}

/// A rate in four digits.
fn shown(rate: f64) -> String {
    match rate {
        0.0 => "0".into(),
        0.0001..10_000.0 => {
            let decimals = (3.0 - rate.log10().floor()).max(0.0) as usize;
            let text = format!("{rate:.decimals$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').into(),
                false => text,
            }
        }
        _ => format!("{rate:.3e}"),
    }
}
