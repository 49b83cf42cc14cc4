use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use data::Store;
use trainer::{Report, RunDir};

use super::{folder_of, new_file, print};

#[derive(clap::Args)]
pub struct Args {
    /// Folders of runs; several are compared
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// File to write [default: report.html in the folder of the run; of several runs, here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder of the data sets, of which nothing is fetched [default: that of the run, else
    /// $KILN_DATA, or kiln/data in the user's cache]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runs = self.runs.iter().map(|run| RunDir::open(run));
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        let out = match (self.out, &runs[..]) {
            // It is made of the other files, and may be made anew.
            (None, [run]) => run.report(),
            (Some(out), [run]) if is_same(&out, &run.report()) => run.report(),
            (out, _) => new_file(out, Path::new("report.html").into())?,
        };
        Report::of_runs(&runs, &|of_run| {
            Store::new(self.data_dir.as_deref().or(of_run)).offline(true)
        })
        .write(&out)?;
        print(&format!("report: {}\n", out.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether both are the same file of a folder that is there.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |file: &Path| Some((folder_of(file).ok()?, file.file_name()?.to_owned()));
    place(one).is_some_and(|one| place(other) == Some(one))
}
