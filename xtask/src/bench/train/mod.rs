//! `cargo xtask bench train`: a training step of Kiln on the CPU, beside PyTorch's and
//! beside its own without kernels, in turns.

mod contest;
pub mod rows;

use std::path::PathBuf;

use self::{
    contest::{Case, Contestant, zoo},
    rows::{Row, heading, lines},
};
use super::{
    at_least_one, cases, cores,
    machine::{Machine, warning_of_load},
    place,
};
use crate::{csv_file, program};

#[derive(clap::Args, Default)]
pub struct Args {
    /// A Python with PyTorch, to measure it in the same run
    #[arg(long)]
    python: Option<PathBuf>,
    /// Networks, as `kiln models` names them, with commas between them [default: the three that
    /// the README quotes; with --zoo, all]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    models: Vec<String>,
    /// Every network that Kiln knows by name, with its kernels and without
    #[arg(long)]
    zoo: bool,
    /// Kiln without its own kernels as well
    #[arg(long)]
    kernels_off: bool,
    /// Rounds, in each of which everybody has a turn [default: 5; with --zoo 3]
    #[arg(long, value_parser = at_least_one)]
    rounds: Option<usize>,
    /// Threads of everybody [default: one for each physical core]
    #[arg(long, value_parser = at_least_one)]
    threads: Option<usize>,
    /// Images in a step [default: 256 of lenet5, 32 of resnet18 and vgg11-bn, 64 of others and
    /// with --zoo]
    #[arg(long, visible_alias = "batch", value_name = "N", value_parser = at_least_one)]
    batch_size: Option<usize>,
    /// Steps of a measurement [default: 60 of lenet5, 8 of others; with --zoo 3]
    #[arg(long, value_parser = at_least_one)]
    steps: Option<usize>,
    /// Steps before these, which are not measured [default: 3; with --zoo 1]
    #[arg(long)]
    warmup: Option<usize>,
    /// A program that is built already [default: what `cargo run -p trainer` runs]
    #[arg(long, value_name = "FILE")]
    kiln: Option<PathBuf>,
    /// The file for the measurements, written anew [default: assets/bench/train.csv; in
    /// target/bench if other flags than --python and --kiln ask for another set, with --zoo as
    /// zoo.csv]
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

/// What the README quotes.
const YARDSTICKS: [&str; 3] = ["lenet5", "resnet18", "vgg11-bn"];

impl Args {
    /// What the README quotes.
    pub fn of_readme(python: Option<PathBuf>) -> Self {
        Self {
            python,
            ..Self::default()
        }
    }

    /// Measures, prints ratios as they are known, and writes the file.
    pub fn run(&self) -> anyhow::Result<()> {
        // Before the build, which is a load too.
        if let Some(warning) = warning_of_load() {
            eprintln!("{warning}");
        }
        let kiln = program::kiln(self.kiln.as_deref(), &[])?;
        let machine = Machine::with(&kiln, self.kiln.is_some())?;
        let models = match (self.models.is_empty(), self.zoo) {
            (false, _) => self.models.clone(),
            (true, true) => zoo(&kiln)?,
            (true, false) => YARDSTICKS.map(Into::into).to_vec(),
        };
        let cases: Vec<Case> = models.iter().map(|model| self.case(model)).collect();
        let contestants = self.contestants(kiln);

        println!(
            "{}, {} threads; Kiln {}, Burn {}; {} rounds in turn\n",
            machine.cpu,
            self.threads(),
            machine.kiln,
            machine.burn,
            self.rounds()
        );
        print!("{}", heading());
        let (name, others) = self.set();
        let out = place::file(self.out.as_deref(), name, &others);
        let mut rows = Vec::new();
        for case in &cases {
            let of_case = self.rounds_of(case, &contestants, &machine);
            print!("{}", lines(&of_case));
            rows.extend(of_case);
            // The next may take an hour.
            csv_file::write(&out, &rows)?;
        }
        println!("\n{} rows: {}", rows.len(), out.display());
        if let Some(note) = place::note(self.out.as_deref(), &others) {
            println!("{note}");
        }
        cases::ended(&rows)
    }

    /// The name of the file, and the flags by which it is another set than the README's.
    fn set(&self) -> (&'static str, Vec<&'static str>) {
        let others = place::given([
            ("--zoo", self.zoo),
            ("--models", !self.models.is_empty()),
            ("--kernels-off", self.kernels_off && !self.zoo),
            ("--rounds", self.rounds.is_some()),
            ("--threads", self.threads.is_some()),
            ("--batch-size", self.batch_size.is_some()),
            ("--steps", self.steps.is_some()),
            ("--warmup", self.warmup.is_some()),
            ("no --python", self.python.is_none() && !self.zoo),
        ]);
        (if self.zoo { "zoo.csv" } else { "train.csv" }, others)
    }

    /// The same for everybody.
    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(cores)
    }

    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.zoo { 3 } else { 5 })
    }

    fn case(&self, model: &str) -> Case {
        let (batch, steps) = match model {
            _ if self.zoo => (64, 3),
            "lenet5" => (256, 60),
            "resnet18" | "vgg11-bn" => (32, 8),
            _ => (64, 8),
        };
        Case {
            model: model.into(),
            batch: self.batch_size.unwrap_or(batch),
            steps: self.steps.unwrap_or(steps),
            warmup: self.warmup.unwrap_or(if self.zoo { 1 } else { 3 }),
            threads: self.threads(),
        }
    }

    fn contestants(&self, program: PathBuf) -> Vec<Contestant> {
        let kiln = |kernels| Contestant::Kiln {
            program: program.clone(),
            kernels,
        };
        let mut contestants = vec![kiln(true)];
        if self.zoo || self.kernels_off {
            contestants.push(kiln(false));
        }
        if let Some(python) = self.python.clone() {
            contestants.push(Contestant::Torch { python });
        }
        contestants
    }

    /// All rounds of a case. Each begins with the next of them, so that nobody is always
    /// measured first. Who fails has a row that says so, and no more turns.
    fn rounds_of(&self, case: &Case, contestants: &[Contestant], machine: &Machine) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut failed = vec![false; contestants.len()];
        for round in 0..self.rounds() {
            for turn in 0..contestants.len() {
                let at = (round + turn) % contestants.len();
                if failed[at] {
                    continue;
                }
                let found = contestants[at].measure(case);
                failed[at] = found.is_err();
                rows.push(Row::new(machine, &contestants[at], case, found));
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        Words::parse_from([&["bench"], words].concat()).args
    }

    #[test]
    fn another_set_than_the_readmes_is_known_by_its_flags() {
        assert_eq!(args(&["--python", "p"]).set(), ("train.csv", vec![]));
        assert_eq!(args(&["--zoo"]).set(), ("zoo.csv", vec!["--zoo"]));
        let other = args(&["--python", "p", "--models", "mlp", "--steps", "2"]);
        assert_eq!(other.set(), ("train.csv", vec!["--models", "--steps"]));
        assert_eq!(args(&[]).set(), ("train.csv", vec!["no --python"]));
    }

    #[test]
    fn who_fails_has_one_row_in_its_case() {
        let args = args(&["--rounds", "3", "--steps", "1"]);
        let contestants = [Contestant::Torch {
            python: "no-such-python".into(),
        }];
        let machine = Machine {
            date: "2026-03-14".into(),
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        };
        let rows = args.rounds_of(&args.case("lenet5"), &contestants, &machine);
        assert_eq!(rows.len(), 1);
        assert!(
            rows[0].error.starts_with("cannot run no-such-python"),
            "{}",
            rows[0].error
        );
    }
}
