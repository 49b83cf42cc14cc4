//! `cargo xtask bench train`: a training step of Kiln on the CPU, beside PyTorch's and
//! beside its own without kernels, in turns.

use std::path::PathBuf;

use anyhow::{bail, ensure};

use super::{
    contest::{Case, Contestant, zoo},
    machine::{Machine, warning_of_load},
    rows::{Row, heading, lines, write},
};
use crate::program;

#[derive(clap::Args)]
pub struct Args {
    /// A Python with PyTorch, to measure it in the same run
    #[arg(long, required_unless_present_any = ["zoo", "kernels_off"])]
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
    /// The file for the measurements, written anew [default: assets/bench/train.csv, with --zoo zoo.csv there]
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

/// What the README quotes.
const YARDSTICKS: [&str; 3] = ["lenet5", "resnet18", "vgg11-bn"];

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number >= 1 => Ok(number),
        _ => Err("expected a whole number of at least 1".into()),
    }
}

impl Args {
    /// Measures, prints ratios as they are known, and writes the file.
    pub fn run(&self) -> anyhow::Result<()> {
        // Before the build, which is a load too.
        if let Some(warning) = warning_of_load() {
            eprintln!("{warning}");
        }
        let kiln = match &self.kiln {
            Some(program) => program.clone(),
            None => {
                let messages = program::build(&["--package", "trainer", "--bin", "kiln"])?;
                program::executable(&messages, "bin", "kiln")?
            }
        };
        let machine = Machine::here(&kiln)?;
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
        let out = self.out();
        let mut rows = Vec::new();
        let mut failed = 0;
        for case in &cases {
            match self.rounds_of(case, &contestants) {
                Ok(of_case) => {
                    print!("{}", lines(&of_case));
                    rows.extend(of_case);
                    // The next may take an hour.
                    write(&out, &machine, &rows)?;
                }
                Err(error) => {
                    println!("{:<15} {error:#}", case.model);
                    failed += 1;
                }
            }
        }
        ensure!(!rows.is_empty(), "nothing could be measured");
        println!("\n{} measurements: {}", rows.len(), out.display());
        if failed > 0 {
            bail!("{failed} of {} networks could not be measured", cases.len());
        }
        Ok(())
    }

    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let file = if self.zoo { "zoo.csv" } else { "train.csv" };
            crate::root().join("assets/bench").join(file)
        })
    }

    /// The same for everybody.
    fn threads(&self) -> usize {
        let cores = || num_cpus::get_physical().min(num_cpus::get());
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
    /// measured first.
    fn rounds_of(&self, case: &Case, contestants: &[Contestant]) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for round in 0..self.rounds() {
            for turn in 0..contestants.len() {
                let contestant = &contestants[(round + turn) % contestants.len()];
                let found = contestant.measure(case);
                rows.push(Row {
                    contestant: contestant.clone(),
                    case: case.clone(),
                    found: found.map_err(|error| error.context(contestant.name()))?,
                });
            }
        }
        Ok(rows)
    }
}
