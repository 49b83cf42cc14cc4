//! `cargo xtask bench time-to-accuracy`: LeNet-5 on MNIST until it tells 99 of 100 held-out
//! images, by `kiln train` and by PyTorch, in turns.

mod contest;
pub mod rows;

use std::path::PathBuf;

use data::Store;

use self::{
    contest::Contestant,
    rows::{Row, heading, lines},
};
use super::{
    at_least_one, cases, cores,
    machine::{Machine, warning_of_load},
    place,
};
use crate::{csv_file, program};

const ROUNDS: usize = 5;
const FILE: &str = "time-to-accuracy.csv";

#[derive(clap::Args, Default)]
pub struct Args {
    /// A Python with PyTorch, to measure it in the same run
    #[arg(long)]
    python: Option<PathBuf>,
    /// Folder with `MNIST/raw/` [default: $KILN_DATA, or kiln/data in the user's cache]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The share of the held-out images, 0 to 1 [default: 0.99]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    target: Option<f64>,
    /// Rounds, in each of which everybody has a turn with the seed of its number [default: 5]
    #[arg(long, value_parser = at_least_one)]
    rounds: Option<usize>,
    /// Threads of everybody [default: one for each physical core]
    #[arg(long, value_parser = at_least_one)]
    threads: Option<usize>,
    /// A program that is built already [default: what `cargo run -p trainer` runs]
    #[arg(long, value_name = "FILE")]
    kiln: Option<PathBuf>,
    /// The file for the measurements, written anew [default: assets/bench/time-to-accuracy.csv;
    /// in target/bench if other flags than --python, --data-dir and --kiln ask for another set]
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

/// What everybody trains by.
pub struct Task {
    data: PathBuf,
    target: f64,
    threads: usize,
}

/// Of a flag.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("expected a number above 0 and at most 1".into()),
    }
}

impl Args {
    /// What the README quotes.
    pub fn of_readme(data_dir: Option<PathBuf>, python: Option<PathBuf>) -> Self {
        Self {
            data_dir,
            python,
            ..Self::default()
        }
    }

    /// Measures, prints a table, and writes the file after every turn. Who fails has a row that
    /// says so, and no more turns.
    pub fn run(&self) -> anyhow::Result<()> {
        if let Some(warning) = warning_of_load() {
            eprintln!("{warning}");
        }
        let kiln = program::kiln(self.kiln.as_deref(), &[])?;
        let machine = Machine::with(&kiln, self.kiln.is_some())?;
        let store = Store::new(self.data_dir.as_deref()).offline(true);
        // What is missing is told here, and not by each of them.
        store.load("mnist", &mut |_| {})?;
        let task = Task {
            data: store.root()?,
            target: self.target.unwrap_or(0.99),
            threads: self.threads.unwrap_or_else(cores),
        };
        let others = self.others();
        let out = place::file(self.out.as_deref(), FILE, &others);
        let mut contestants = vec![Contestant::Kiln(kiln)];
        contestants.extend(self.python.clone().map(Contestant::Torch));
        print!("{}", heading());
        let mut rows: Vec<Row> = Vec::new();
        for round in 1..=self.rounds.unwrap_or(ROUNDS) {
            // Nobody is always measured first.
            contestants.rotate_left(1);
            for contestant in &contestants {
                let failed =
                    |row: &Row| row.contestant == contestant.name() && !row.error.is_empty();
                if rows.iter().any(failed) {
                    continue;
                }
                let found = contestant.train(&task, round as u64);
                let row = Row::new(&machine, contestant, &task, round, found);
                print!("{row}");
                rows.push(row);
                csv_file::write(&out, &rows)?;
            }
        }
        print!("{}", lines(&rows));
        println!("{} rows: {}", rows.len(), out.display());
        if let Some(note) = place::note(self.out.as_deref(), &others) {
            println!("{note}");
        }
        cases::ended(&rows)
    }

    /// The flags by which it is another set than the README's.
    fn others(&self) -> Vec<&'static str> {
        place::given([
            ("--target", self.target.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--threads", self.threads.is_some()),
            ("no --python", self.python.is_none()),
        ])
    }
}

/// A folder of this process alone, for what is thrown away.
fn scratch() -> PathBuf {
    let name = format!("kiln-time-to-accuracy-{}", std::process::id());
    std::env::temp_dir().join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_share() {
        assert_eq!(share("0.99"), Ok(0.99));
        for wrong in ["0", "99", "-1", "nan", "much"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_set_than_the_readmes_is_known_by_its_flags() {
        let readme = Args::of_readme(Some("data".into()), Some("python".into()));
        assert!(readme.others().is_empty());
        let other = Args {
            rounds: Some(1),
            ..Args::default()
        };
        assert_eq!(other.others(), ["--rounds", "no --python"]);
    }
}
