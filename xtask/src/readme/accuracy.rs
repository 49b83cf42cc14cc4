//! What the recipes reach.

use anyhow::{Context, ensure};

use super::{
    markdown::{Notes, paragraph, table},
    origin::{dates, distinct, kilns, machine},
};
use crate::{
    accuracy::{Reference, Row, Score, Standing},
    numbers::{duration, listed},
};

/// The block, of all results. Recipes without any are left out, but for those that are not to
/// be run to their end here.
pub fn block(standings: &[Standing]) -> anyhow::Result<String> {
    let mut notes = Notes::default();
    let mut lines = Vec::new();
    let mut rows: Vec<&Row> = Vec::new();
    for of in standings {
        let (name, reference) = (&of.reference.name, &of.reference);
        let Some(score) = Score::of(&of.rows) else {
            if of.recipe.is_some() && !reference.run_here {
                let result = "not run to the end here".into();
                lines.push(line(reference, result, String::new()));
            }
            continue;
        };
        ensure!(
            of.stale().is_empty(),
            "assets/results/{name}.csv: its runs of the seeds {} are of another recipe than \
             assets/recipes/{name}.toml is now: `cargo xtask accuracy {name} --seeds {}`",
            listed(&seeds(&of.stale())),
            seeds(&of.stale()).join(",")
        );
        rows.extend(&of.rows);
        let mut result = score.shown();
        let noted = of.rows.iter().map(|row| row.dataset_note.clone());
        // Also if it became known only after the runs.
        for note in distinct(noted.chain(of.dataset_note.clone())) {
            let dataset = &of.rows[0].dataset;
            result += &notes.mark(&format!("`{dataset}`: {note}"));
        }
        if reference.is_met_by(score.mean) == Some(false) {
            let why = reference.note.as_deref().with_context(|| {
                format!(
                    "{name} misses its reference of {} % with {}: say why, as its `note` in \
                     assets/results/references.toml",
                    reference.reference.unwrap_or_default(),
                    score.shown()
                )
            })?;
            result = format!("{result}, **misses it**{}", notes.mark(why));
        }
        lines.push(line(reference, result, duration(score.seconds)));
    }
    ensure!(
        !rows.is_empty(),
        "assets/results has no results: `cargo xtask accuracy` makes them"
    );
    let of = |value: fn(&Row) -> String| distinct(rows.iter().map(|row| value(row)));
    let heads = ["recipe", "what it is", "reference", "Kiln", "a run"];
    let origin = format!(
        "Test accuracy, mean ± standard deviation (runs, a seed each), the test set read once at the \
         end of a run; Kiln {} on {} ({}; {}):",
        kilns(rows.iter().map(|row| row.kiln.clone())),
        listed(&of(|row| row.backend.clone())),
        listed(&of(|row| machine(&row.cpu, row.cores))),
        dates(rows.iter().map(|row| row.date.clone()))
    );
    Ok(format!(
        "{}\n{}{}",
        paragraph(&origin),
        table(&heads, &lines),
        notes.text()
    ))
}

fn line(reference: &Reference, result: String, time: String) -> Vec<String> {
    let held_to = reference.reference.map(|percent| {
        let sign = if reference.within.is_some() {
            ""
        } else {
            "≥ "
        };
        format!("{sign}{percent} % ({})", reference.source)
    });
    vec![
        format!("`{}`", reference.name),
        reference.what.clone(),
        held_to.unwrap_or_default(),
        result,
        time,
    ]
}

fn seeds(seeds: &[u64]) -> Vec<String> {
    seeds.iter().map(u64::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::Recipe;

    const COPY: &str = "a JPEG copy";
    const TEXT: &str = "dataset = \"cifar10\"";

    fn row(seed: u64, accuracy: f64, note: &str) -> Row {
        Row {
            date: format!("2026-03-1{seed}"),
            recipe: "a".into(),
            model: "mlp".into(),
            dataset: "cifar10".into(),
            seed,
            epochs: 10,
            best_epoch: Some(9),
            valid_accuracy: None,
            test_accuracy: accuracy,
            test_loss: 0.1,
            seconds: 64.0,
            cpu: "A".into(),
            cores: 2,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
            backend: "flex".into(),
            device: "CPU".into(),
            dataset_note: note.into(),
            recipe_sha256: Recipe::parse("a", TEXT).unwrap().sha256,
            command: "c".into(),
        }
    }

    fn standing(name: &str, extra: &str, rows: Vec<Row>) -> Standing {
        let reference = format!("name = \"{name}\"\nwhat = \"it\"\nsource = \"goal\"\n{extra}");
        Standing {
            reference: toml::from_str(&reference).unwrap(),
            recipe: Some(Recipe::parse(name, TEXT).unwrap()),
            dataset_note: None,
            rows,
        }
    }

    #[test]
    fn results_beside_their_references() {
        let mut all = [
            standing(
                "met",
                "reference = 11.35\nwithin = 0.01",
                vec![row(1, 0.1135, "")],
            ),
            standing(
                "copy",
                "reference = 90.0",
                vec![row(1, 0.91, COPY), row(2, 0.92, COPY)],
            ),
            standing(
                "missed",
                "reference = 95.5\nnote = \"It is narrow.\"",
                vec![row(3, 0.90, "")],
            ),
            standing("not-run", "reference = 50.0", vec![]),
            standing("large", "reference = 94.0\nrun_here = false", vec![]),
        ];
        // Known only after the run.
        all[2].dataset_note = Some(COPY.into());
        let origin = paragraph(
            "Test accuracy, mean ± standard deviation (runs, a seed each), the test set \
read once at the end of a run; Kiln 0.1.0 on flex (A, 2 cores; 2026-03-11 to \
2026-03-13):",
        );
        let table = [
            "| recipe | what it is | reference | Kiln | a run |",
            "|---|---|---|---|---|",
            "| `met` | it | 11.35 % (goal) | 11.35 % (1) | 1 min 4 s |",
            "| `copy` | it | ≥ 90 % (goal) | 91.50 ± 0.71 % (2)¹ | 1 min 4 s |",
            "| `missed` | it | ≥ 95.5 % (goal) | 90.00 % (1)¹, **misses it**² | 1 min 4 s |",
            "| `large` | it | ≥ 94 % (goal) | not run to the end here | |",
        ]
        .join("\n");
        let notes = "¹ `cifar10`: a JPEG copy  \n² It is narrow.\n";
        assert_eq!(
            block(&all).unwrap(),
            format!("{origin}\n{table}\n\n{notes}")
        );
    }

    #[test]
    fn what_misses_without_a_reason_or_is_of_another_recipe_is_an_error() {
        let problem = |of: Standing| block(&[of]).unwrap_err().to_string();
        let missed = standing("a", "reference = 99.0", vec![row(1, 0.5, "")]);
        assert!(problem(missed).contains("say why, as its `note`"));
        let mut old = row(2, 0.5, "");
        old.recipe_sha256 = "before".into();
        assert!(
            problem(standing("a", "", vec![row(1, 0.5, ""), old]))
                .contains("`cargo xtask accuracy a --seeds 2`")
        );
        assert!(problem(standing("a", "", vec![])).contains("`cargo xtask accuracy` makes them"));
    }
}
