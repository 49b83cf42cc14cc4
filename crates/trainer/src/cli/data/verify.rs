use std::{fmt::Write, process::ExitCode};

use data::{FileReport, Status, VerifyReport, catalog};
use serde_json::json;

use crate::cli::{print, store::StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    /// Data sets, by name [default: all of which something is here]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Exit code 1 if a file is missing, malformed, or other than published.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.store.store(None);
        let names = match self.names.is_empty() {
            false => self.names,
            true => catalog()
                .iter()
                .map(|entry| entry.name)
                .filter(|name| store.locate(name).is_ok_and(|l| !l.found.is_empty()))
                .map(String::from)
                .collect(),
        };
        let reports: Vec<VerifyReport> = names
            .iter()
            .map(|name| store.verify(name).map_err(super::report))
            .collect::<Result<_, _>>()?;
        print(&match self.json {
            true => format!("{}\n", json!(reports)),
            false => table(&reports),
        })?;
        Ok(match reports.iter().all(VerifyReport::is_ok) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// What to do about a file that is not what it should be.
fn advice(report: &VerifyReport, file: &FileReport) -> String {
    match &file.path {
        Some(path) => format!(
            "\n           delete {}, and `kiln data fetch {}` gets it again",
            path.display(),
            report.name
        ),
        None => String::new(),
    }
}

pub(super) fn table(reports: &[VerifyReport]) -> String {
    let mut text = String::new();
    for report in reports {
        if report.files.is_empty() {
            _ = writeln!(text, "ok         {} (embedded in the program)", report.name);
        }
        for file in &report.files {
            let (word, detail) = match &file.status {
                Status::Ok { from, .. } => match *from {
                    "published" => ("ok", "as published".into()),
                    from => ("ok", format!("as in the {from}")),
                },
                Status::Differs { expected, found } => {
                    let problem = format!("expected {expected}, found {found}");
                    ("DIFFERS", problem + &advice(report, file))
                }
                Status::Missing => ("MISSING", "not there".into()),
                Status::Unpublished => {
                    let detail = "right in size and structure; no digest of it is published";
                    ("unknown", detail.into())
                }
                Status::Malformed { problem } => {
                    ("MALFORMED", format!("{problem}{}", advice(report, file)))
                }
                _ => ("?", String::new()),
            };
            _ = writeln!(text, "{word:<10} {}: {detail}", file.file);
        }
    }
    if reports.is_empty() {
        text += "nothing to verify: no data set of the catalogue is here\n";
    }
    text
}
