//! Prediction as a service: paths of images in, a line of JSON out for each.
//!
//! ```text
//! cargo run -p examples --bin service                        # feeds itself with digits
//! ls photos/*.jpg | cargo run -p examples --bin service -- runs/NAME
//! ```
//!
//! Loads a run once and answers until its input ends. What is no image is answered too, with an
//! error, and the loop goes on. Times of the answers are on standard error in the end. Without
//! a run, it trains LeNet-5 on the embedded digits for five epochs; feeding itself, it tells
//! 193 of 200 test images, in 0.2 ms each.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::ensure;
use clap::Parser;
use data::folder;
use serde_json::json;
use trainer::{
    Experiment, Guess, Inference, InferenceOptions, RunDir, TrainConfig, TrainError,
    bench::{quantile, sorted},
};

/// Tells the classes of images, whose paths come on standard input, a line each.
#[derive(Parser)]
struct Args {
    /// Folder of a run; without one, LeNet-5 is trained on the embedded digits
    run: Option<PathBuf>,
    /// Take embedded digits as input, as where standard input is a terminal
    #[arg(long)]
    demo: bool,
}

fn main() -> anyhow::Result<()> {
    let Args { run, demo } = Args::parse();
    let scratch = tempfile::tempdir()?;
    let run = match run {
        Some(run) => run,
        None => train(scratch.path())?,
    };
    let service = Inference::open(RunDir::open(&run)?, InferenceOptions::default())?;

    let demo = demo || io::stdin().is_terminal();
    // What a digit is comes with it, and is held against the answer.
    let (input, expected): (Box<dyn BufRead>, _) = match demo {
        true => write_digits(scratch.path())?,
        false => (Box::new(io::stdin().lock()), Vec::new()),
    };
    let (mut times, mut right, mut failed) = (Vec::new(), 0, 0);
    for (number, line) in input.split(b'\n').enumerate() {
        let line = String::from_utf8_lossy(&line?).into_owned();
        let path = line.trim_end_matches('\r');
        let started = Instant::now();
        let answer = match tell(&service, path) {
            Ok(Guess { label, probability }) => {
                let class = &service.classes()[label];
                let ms = started.elapsed().as_micros() as f64 / 1e3;
                times.push(ms);
                right += usize::from(expected.get(number) == Some(class));
                json!({ "image": path, "class": class, "probability": probability, "ms": ms })
            }
            Err(error) => {
                failed += 1;
                json!({ "image": path, "error": error.to_string() })
            }
        };
        writeln!(io::stdout(), "{answer}")?;
    }
    let told = times.len();
    if told > 0 {
        let times = sorted(times);
        let [p50, p95] = [0.5, 0.95].map(|share| quantile(&times, share));
        eprintln!("{told} told, {failed} failed; p50 {p50:.2} ms, p95 {p95:.2} ms");
    }
    if demo {
        eprintln!("{right} of {told} digits right");
        ensure!(right > 185 && failed == 1, "that is too low");
    }
    Ok(())
}

/// The most probable class of the image in the file `path`.
fn tell(service: &Inference, path: &str) -> Result<Guess, TrainError> {
    let image = folder::read_image(path, &service.folder_options())?;
    Ok(service.predict(&[image])?[0].best())
}

/// A run on the embedded digits.
fn train(scratch: &Path) -> anyhow::Result<PathBuf> {
    let mut config = TrainConfig {
        model: "lenet5".into(),
        epochs: 5,
        ..TrainConfig::default()
    };
    config.log.report = false;
    let run = scratch.join("run");
    Experiment::new(config)?.run_in(&run)?;
    Ok(run)
}

/// 200 embedded digits as files, and one that is none: their paths, a line each, and classes.
fn write_digits(folder: &Path) -> anyhow::Result<(Box<dyn BufRead>, Vec<String>)> {
    let digits = data::load("mnist-mini")?.test;
    let (mut paths, mut classes) = (String::new(), Vec::new());
    for index in (0..digits.len()).step_by(5) {
        let path = folder.join(format!("{index}.png"));
        let grey = image::ExtendedColorType::L8;
        image::save_buffer(&path, digits.image(index), 28, 28, grey)?;
        paths += &format!("{}\n", path.display());
        classes.push(digits.info().classes[usize::from(digits.labels()[index])].clone());
    }
    paths += "no-such-file.png\n";
    Ok((Box::new(io::Cursor::new(paths)), classes))
}
