use std::{ops::ControlFlow, path::PathBuf, process::ExitCode};

use serde_json::json;
use trainer::{
    Experiment, LrCurve, LrFind, LrPoint, LrSuggestion, NoSuggestion, Plan, RangeEnd,
    config::overlap, lr_find_svg, shell::command_of, write_whole,
};

use super::{config_args::ConfigArgs, new_file, of_flag, print, signals, svg_file};

/// Rows of the table.
const ROWS: usize = 20;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Learning rate of the first step
    #[arg(
        help_heading = "Range",
        long,
        value_name = "RATE",
        default_value_t = LrFind::default().from,
        allow_negative_numbers = true
    )]
    from: f64,
    /// Learning rate of the last step
    #[arg(
        help_heading = "Range",
        long,
        value_name = "RATE",
        default_value_t = LrFind::default().to,
        allow_negative_numbers = true
    )]
    to: f64,
    /// Updates, 20 to 10,000, the rate of each the same factor above the one before
    #[arg(
        help_heading = "Range",
        long,
        value_name = "N",
        default_value_t = LrFind::default().steps
    )]
    steps: usize,
    /// File to draw to [default: lr-find.svg, if there is none; with --json, none]
    #[arg(help_heading = "Output", long, value_name = "FILE.svg", value_parser = svg_file)]
    out: Option<PathBuf>,
    /// Print the curve and the suggestion as one JSON object
    #[arg(help_heading = "Output", long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let test = LrFind {
            from: self.from,
            to: self.to,
            steps: self.steps,
        };
        test.validate().map_err(of_flag)?;
        let (config, origins) = self.config.config()?;
        let out = match self.out.is_some() || !self.json {
            true => Some(new_file(self.out.clone(), "lr-find.svg".into())?),
            false => None,
        };
        let datasets = self.config.store.load(&config);
        let datasets = datasets.map_err(|error| origins.locate(error))?;
        let experiment = Experiment::with_datasets(config, datasets);
        let experiment = experiment.map_err(|error| origins.locate(error))?;
        let plan = experiment.plan();
        let title = format!("{} on {}", plan.spec.name(), plan.config.dataset);
        let program = super::program(plan.selected.backend);
        let heading = heading(plan, &test);

        let stop = signals::on_signals()?;
        let mut written = Ok(());
        let every = (self.steps / ROWS).max(1);
        let mut done = 0;
        let curve = experiment.find_lr(&test, &mut |point| {
            if !self.json && (done % every == 0 || done + 1 == self.steps) {
                // What cannot be is found before the first point.
                let before = if done == 0 { heading.as_str() } else { "" };
                written = print(&format!("{before}{}", row(point)));
            }
            done += 1;
            match stop.signal().is_some() || written.is_err() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        let curve = curve.map_err(|error| origins.locate(error))?;
        written?;
        let found = curve.suggestion();
        let words: Vec<String> = std::env::args().skip(1).collect();
        let command = |lr: f64| format!("{program} {}", train_words(&words, lr));
        // The result first: whatever becomes of the picture, it is not lost.
        print(&match self.json {
            true => as_json(&curve, &found, command)?,
            false => result(&curve, &found, command),
        })?;
        if let Some(out) = &out {
            write_whole(out, lr_find_svg(&curve, &title).as_bytes())?;
            if !self.json {
                print(&format!("drawn: {}\n", out.display()))?;
            }
        }
        Ok(match curve.end {
            RangeEnd::Interruption => signals::interrupted(stop.signal()),
            _ => ExitCode::SUCCESS,
        })
    }
}

fn heading(plan: &Plan, test: &LrFind) -> String {
    let LrFind { from, to, steps } = test;
    let images = plan.train.images();
    let together = plan
        .config
        .batch_size
        .saturating_mul(plan.config.accumulate);
    let each = together.min(images);
    format!(
        "model    {}, {} parameters\n\
         data     {}: {} training images, {each} an update\n\
         backend  {}: {}\n\
         range    {from:e} to {to:e} in {steps} updates of {}\n\n\
         {:>13}  {:>10}  {:>10}\n",
        plan.spec.name(),
        plan.summary.parameters(),
        plan.config.dataset,
        plan.train.images(),
        plan.selected.backend,
        plan.selected.name,
        plan.config.optimizer.name,
        "learning rate",
        "loss",
        "smoothed",
    )
}

fn row(point: &LrPoint) -> String {
    let LrPoint { lr, loss, smoothed } = point;
    format!("{lr:>13.3e}  {loss:>10.4}  {smoothed:>10.4}\n")
}

fn result(
    curve: &LrCurve,
    found: &Result<LrSuggestion, NoSuggestion>,
    command: impl Fn(f64) -> String,
) -> String {
    let done = curve.points.len();
    let mut text = match curve.end {
        RangeEnd::Steps => String::new(),
        RangeEnd::Diverged => format!(
            "{}ended after {done} of {} updates: the smoothed loss is more than 4 times its lowest\n",
            curve.points.last().map(row).unwrap_or_default(),
            curve.steps
        ),
        RangeEnd::NotFinite => format!(
            "ended after {done} of {} updates: the next loss is not finite\n",
            curve.steps
        ),
        RangeEnd::Interruption => {
            format!("interrupted after {done} of {} updates\n", curve.steps)
        }
    };
    text.push('\n');
    match found {
        Err(none) => text += &format!("no suggestion: {none}\n"),
        Ok(found) => {
            let LrSuggestion {
                steepest, valley, ..
            } = found;
            if let Some(valley) = valley {
                text += &format!("valley            {:.2e} (suggested)\n", valley.lr);
            }
            text += &format!("steepest descent  {:.2e}", steepest.lr);
            text += match valley {
                Some(_) => " (bold: training may diverge)\n",
                None => " (suggested)\n",
            };
            if found.at_the_end {
                text += "the loss falls most at the end of the range: try a larger --to\n";
            }
            text += &format!("train: {}\n", command(found.lr()));
        }
    }
    text
}

fn as_json(
    curve: &LrCurve,
    found: &Result<LrSuggestion, NoSuggestion>,
    command: impl Fn(f64) -> String,
) -> serde_json::Result<String> {
    let found_or = found.as_ref().ok();
    let object = json!({
        "lr": found_or.map(LrSuggestion::lr),
        "suggestion": found_or,
        "no_suggestion": found.as_ref().err().map(ToString::to_string),
        "train": found_or.map(|found| command(found.lr())),
        "end": curve.end,
        "steps": curve.steps,
        "points": curve.points,
    });
    Ok(serde_json::to_string(&object)? + "\n")
}

/// The words of a training with the rate `lr`, out of `given`, those of this verb:
/// without its own flags and without another rate.
fn train_words(given: &[String], lr: f64) -> String {
    let mut words = vec!["train".to_string()];
    let mut part_of_rate = false;
    let mut given = given.iter().skip(1);
    while let Some(word) = given.next() {
        let (flag, mut value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_string())),
            _ => (word.as_str(), None),
        };
        let separate = value.is_none();
        let drop = match flag {
            "--json" => continue,
            "--from" | "--to" | "--steps" | "--out" | "--lr" => {
                if separate {
                    given.next();
                }
                true
            }
            "--set" => {
                if separate {
                    value = given.next().cloned();
                }
                let assignment = value.as_deref().unwrap_or_default();
                let key = assignment.split('=').next().unwrap_or_default().trim();
                part_of_rate |= key != RATE && overlap(key, RATE);
                if separate && key != RATE {
                    words.push(word.clone());
                    words.push(assignment.into());
                }
                separate || key == RATE
            }
            _ => false,
        };
        if !drop {
            words.push(word.clone());
        }
    }
    // A flag beside a table that is set whole would be refused.
    match part_of_rate {
        true => words.extend(["--set".into(), format!("{RATE}={lr:.2e}")]),
        false => words.extend(["--lr".into(), format!("{lr:.2e}")]),
    }
    command_of(words.iter().map(String::as_str))
}

/// The key of the rate.
const RATE: &str = "optimizer.lr";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_the_words_but_for_the_range() {
        for (given, expected) in [
            ("lr-find", "train --lr 1.23e-2"),
            (
                "lr-find --model mlp --from 1e-5 --to=1 --steps 50 --json --out a.svg --limit=9",
                "train --model mlp --limit=9 --lr 1.23e-2",
            ),
            (
                "lr-find --lr 3 --set optimizer.lr=4 --set=optimizer.lr=5 --set epochs=2 --set=seed=1",
                "train --set epochs=2 --set=seed=1 --lr 1.23e-2",
            ),
            (
                "lr-find --set optimizer={lr=1} --seed 3",
                "train --set 'optimizer={lr=1}' --seed 3 --set optimizer.lr=1.23e-2",
            ),
        ] {
            let given: Vec<String> = given.split(' ').map(Into::into).collect();
            assert_eq!(train_words(&given, 0.01234), expected, "{given:?}");
        }
    }
}
