//! `cargo xtask bench overhead`: Kiln's training loop beside a bare one on Burn.

pub mod rows;

use std::path::PathBuf;

use anyhow::Context;

use self::rows::{Report, rows, table};
use super::{
    at_least_one,
    machine::{Machine, warning_of_load},
    place,
};
use crate::{csv_file, program};

const FILE: &str = "overhead.csv";

#[derive(clap::Args, Default)]
pub struct Args {
    /// Turns that count with LeNet-5 [default: of the example]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    lenet: Option<usize>,
    /// Turns that count with ResNet-18 [default: of the example]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    resnet: Option<usize>,
    /// Turns that count with LeNet-5 on one image [default: of the example]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    small: Option<usize>,
    /// The file for the measurements, written anew [default: assets/bench/overhead.csv; in
    /// target/bench with other turns]
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

impl Args {
    /// Builds and runs the example of the trainer: the chores themselves do without
    /// Burn. Prints a table, and writes the file.
    pub fn run(&self) -> anyhow::Result<()> {
        if let Some(warning) = warning_of_load() {
            eprintln!("{warning}");
        }
        let machine = Machine::here()?;
        let words = ["--package", "trainer", "--example", "overhead"];
        let example = program::executable(&program::build(&words)?, "example", "overhead")?;
        let turns = self.turns();
        let reports = program::json(program::measuring(&example).arg("--json").args(&turns))?;
        let reports: Vec<Report> =
            serde_json::from_value(reports).context("the example printed something else")?;
        let mut command = vec!["cargo xtask bench overhead".into()];
        command.extend(turns);
        let rows = rows(&reports, &machine, &command.join(" "));
        print!("{}", table(&rows));
        let others = place::given([
            ("--lenet", self.lenet.is_some()),
            ("--resnet", self.resnet.is_some()),
            ("--small", self.small.is_some()),
        ]);
        let out = place::file(self.out.as_deref(), FILE, &others);
        csv_file::write(&out, &rows)?;
        println!("\n{} rows: {}", rows.len(), out.display());
        if let Some(note) = place::note(self.out.as_deref(), &others) {
            println!("{note}");
        }
        Ok(())
    }

    /// What goes on to the example.
    fn turns(&self) -> Vec<String> {
        let flags = [
            ("--lenet", self.lenet),
            ("--resnet", self.resnet),
            ("--small", self.small),
        ];
        let given = flags.into_iter().filter_map(|(flag, n)| Some((flag, n?)));
        given
            .flat_map(|(flag, n)| [flag.into(), n.to_string()])
            .collect()
    }
}
