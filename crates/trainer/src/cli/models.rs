use std::{fmt::Write, process::ExitCode};

use models::{Architecture, ModelError, Summary, architectures, grouped};
use serde_json::json;
use trainer::TrainError;
use wildmatch::WildMatch;

use super::print;

#[derive(clap::Args)]
pub struct Args {
    /// Names to list, with * for anything and ? for a character, such as 'resnet*'; without these,
    /// a name, the beginning of names, or a family [default: all]
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let found = matching(self.pattern.as_deref().unwrap_or("*"))?;
        let rows: Result<Vec<_>, ModelError> = found
            .into_iter()
            .map(|known| {
                let model = known.model(known.usual_classes);
                Ok((known, model.summary(known.usual_image)?))
            })
            .collect();
        let rows = rows.map_err(TrainError::from)?;
        print(&match self.json {
            true => format!("{}\n", json!(rows.iter().map(object).collect::<Vec<_>>())),
            false => table(&rows)?,
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

type Row = (&'static Architecture, Summary);

fn matching(pattern: &str) -> Result<Vec<&'static Architecture>, TrainError> {
    let matches = WildMatch::new(pattern);
    let mut found: Vec<_> = architectures()
        .filter(|known| matches.matches(known.name))
        .collect();
    if found.is_empty() && !pattern.is_empty() && !pattern.contains(['*', '?']) {
        let lower = pattern.to_ascii_lowercase();
        found = architectures()
            .filter(|known| {
                known.name.starts_with(&lower) || known.family.eq_ignore_ascii_case(pattern)
            })
            .collect();
    }
    match found.is_empty() {
        false => Ok(found),
        true => Err(TrainError::NoMatch {
            what: "model",
            pattern: pattern.into(),
            known: architectures().map(|known| known.name).collect(),
        }),
    }
}

fn object((known, summary): &Row) -> serde_json::Value {
    json!({
        "name": known.name,
        "family": known.family,
        "parameters": summary.parameters(),
        "macs": summary.multiply_adds(),
        "input": known.usual_image,
        "classes": known.usual_classes,
        "forms": known.forms,
        "scalable": known.scalable,
        "paper": known.paper,
    })
}

fn table(rows: &[Row]) -> Result<String, std::fmt::Error> {
    let widest = |text: fn(&Architecture) -> &str, heading: &str| {
        let cells = rows.iter().map(|(known, _)| text(known).len());
        cells.max().unwrap_or(0).max(heading.len())
    };
    let (names, families) = (widest(|a| a.name, "name"), widest(|a| a.family, "family"));
    let mut text = String::new();
    writeln!(
        text,
        "{:<names$}  {:<families$}   parameters  multiply-adds  image      classes  paper",
        "name", "family"
    )?;
    for (known, summary) in rows {
        let [channels, height, width] = known.usual_image;
        writeln!(
            text,
            "{:<names$}  {:<families$}  {:>11}  {:>13}  {:<9}  {:>7}  {}",
            known.name,
            known.family,
            grouped(summary.parameters()),
            scaled(summary.multiply_adds()),
            format!("{channels}×{height}×{width}"),
            known.usual_classes,
            known.paper,
        )?;
    }
    Ok(text)
}

/// `1814073344` as `1.81 G`.
fn scaled(number: usize) -> String {
    let number = number as f64;
    match number {
        ..1e6 => format!("{:.1} k", number / 1e3),
        ..1e9 => format!("{:.1} M", number / 1e6),
        _ => format!("{:.2} G", number / 1e9),
    }
}
