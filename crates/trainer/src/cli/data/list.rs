use std::{fmt::Write, process::ExitCode};

use data::{Store, catalog};
use serde_json::json;

use crate::cli::{print, store::StoreArgs};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.store.store(None);
        let rows = catalog()
            .iter()
            .map(|entry| (entry, place(&store, entry.name)));
        if self.json {
            let rows: Vec<_> = rows
                .map(|(entry, place)| {
                    let mut row = json!(entry);
                    row["here"] = json!(place);
                    row
                })
                .collect();
            print(&format!("{}\n", json!(rows)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut text =
            String::from("name           classes   train    test   image     here       \n");
        for (entry, place) in rows {
            let [channels, height, width] = entry.shape;
            writeln!(
                text,
                "{:<14} {:>7} {:>7} {:>7}   {:<9} {:<10} {}",
                entry.name,
                entry.classes.len(),
                entry.train,
                entry.test,
                format!("{channels}×{height}×{width}"),
                place,
                entry.title,
            )?;
        }
        writeln!(text, "folder:PATH    images in a folder for each class")?;
        if let Ok(root) = store.root() {
            writeln!(text, "\nfolder of the data sets: {}", root.display())?;
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether a data set is here: `embedded`, `yes`, `partly`, `no`, or `as pickles`.
fn place(store: &Store, name: &str) -> &'static str {
    match store.locate(name) {
        Err(data::DataError::Pickles { .. }) => "as pickles",
        Err(_) => "no",
        Ok(location) => match (location.found.len(), location.missing.len()) {
            (0, 0) => "embedded",
            (_, 0) => "yes",
            (0, _) => "no",
            (_, _) => "partly",
        },
    }
}
