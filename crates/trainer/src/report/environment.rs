//! Where and with what a run was computed, and how to do it again.

use serde::Serialize;

use super::{
    format::count,
    source::{Part, Source},
};
use crate::{RunSummary, Status, fit::EndedBy, run_dir::Weights, shell::in_shell};

/// Versions, device, machine and digests.
pub(super) fn environment(source: &Source) -> Part<Vec<(&'static str, String)>> {
    let summary = source.summary.as_ref().map_err(String::clone)?;
    let mut rows = vec![
        ("Kiln", summary.versions.kiln.clone()),
        ("Burn", summary.versions.burn.clone()),
        ("Backend", summary.backend.clone()),
        ("Device", summary.device.clone()),
    ];
    if let Some(machine) = &summary.machine {
        let cores = count(machine.cores, "core");
        rows.push((
            "Processor",
            match &machine.cpu {
                Some(cpu) => format!("{cpu}, {cores}"),
                None => format!("{}, {cores}", machine.arch),
            },
        ));
        rows.push(("System", format!("{} on {}", machine.os, machine.arch)));
    }
    rows.push(("Seed", summary.seed.to_string()));
    let changes = summary.changes.iter();
    rows.extend(changes.map(|change| ("Changed on the way", change.clone())));
    if let Some(weights) = &summary.weights {
        rows.push((
            "Started from",
            format!("{}, SHA-256 {}", weights.file.display(), weights.sha256),
        ));
    }
    if let Some(digests) = &summary.sha256 {
        let files = [
            ("SHA-256 of best.safetensors", &digests.best),
            ("SHA-256 of last.safetensors", &digests.last),
        ];
        rows.extend(
            files
                .into_iter()
                .filter_map(|(label, digest)| Some((label, digest.clone()?))),
        );
    }
    Ok(rows)
}

/// A command, and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Command {
    what: &'static str,
    line: String,
}

/// Whether the same configuration gives the same weights again: on the CPU, unless the run was
/// ended by a person or a clock, or changed on the way.
fn gives_the_same_bits(summary: &RunSummary) -> bool {
    ["flex", "ndarray"].contains(&summary.backend.as_str())
        && !matches!(summary.ended_by, EndedBy::Interruption | EndedBy::Minutes)
        && summary.changes.is_empty()
}

/// The commands that go on from a run.
pub(super) fn commands(source: &Source) -> Vec<Command> {
    let run = in_shell(source.path().display());
    let config = in_shell(source.path().join("config.toml").display());
    let same = source.summary.as_ref().is_ok_and(gives_the_same_bits);
    let mut commands = vec![Command {
        what: match same {
            true => "Train again, to the same bits",
            false => "Train again",
        },
        line: format!("kiln train --config {config}"),
    }];
    let done = source.summary.as_ref();
    if !done.is_ok_and(|summary| summary.status == Status::Done) {
        commands.push(Command {
            what: "Go on with it",
            line: format!("kiln train --resume {run}"),
        });
    }
    if source.path().join(Weights::Best.file_name()).is_file() {
        commands.push(Command {
            what: "Score it again on the test set",
            line: format!("kiln eval {run}"),
        });
    }
    commands
}
