//! How long LeNet-5 takes to an accuracy, beside PyTorch.

use anyhow::{Context, ensure};

use super::{
    markdown::{failed, paragraph, table},
    origin::{machine, versions},
    ratio,
};
use crate::{
    bench::{
        cases::{Side, cases},
        time_to_accuracy::rows::Row,
    },
    numbers::duration,
};

/// The block, of the rows of `time-to-accuracy.csv`.
pub fn block(rows: &[Row]) -> anyhow::Result<String> {
    ensure!(!rows.is_empty(), "it has no rows");
    let of = &rows[0];
    let cases = cases(rows);
    ensure!(cases.len() == 1, "it has several targets");
    let kiln = cases[0].side("kiln").context("it has no row of Kiln")?;
    let torch = cases[0].side("torch").context("it has no row of PyTorch")?;
    let both = [kiln, torch];
    for side in both {
        if let Some(error) = side.error() {
            return Ok(format!("{}: {}\n", side.name(), failed(error)));
        }
    }
    let line = |what: &str, cell: fn(&Side<'_, Row>) -> String, last: String| {
        let [kiln, torch] = both.map(cell);
        vec![what.into(), kiln, torch, last]
    };
    let compared = kiln.ratio_to(torch).map_or(String::new(), ratio);
    let lines = [
        line(
            "training and validation",
            |of| seconds(of, |row| row.seconds),
            compared,
        ),
        line(
            "the program, from its start to its end",
            |of| seconds(of, |row| row.process_seconds),
            String::new(),
        ),
        line("epochs", epochs, String::new()),
        line("test accuracy, mean", test, String::new()),
    ];
    let origin = format!(
        "LeNet-5 on MNIST to {} % of 5,000 training images that are held out, by Kiln {} on Burn {} \
         and by PyTorch {} (eager), in turn in one run, {} threads each; medians of {} seeds ({}; \
         {}):",
        100.0 * of.target,
        of.kiln,
        of.burn,
        versions(rows.iter().map(|row| row.torch.clone())),
        of.threads,
        kiln.rows.len(),
        machine(&of.cpu, of.cores),
        of.date
    );
    let heads = ["", "Kiln", "PyTorch", "ratio (lowest, highest)"];
    Ok(format!("{}\n{}", paragraph(&origin), table(&heads, &lines)))
}

fn seconds(side: &Side<'_, Row>, value: fn(&Row) -> Option<f64>) -> String {
    side.median(value).map_or(String::new(), duration)
}

/// `3`, `3 to 4`.
fn epochs(side: &Side<'_, Row>) -> String {
    let all = || side.rows.iter().filter_map(|row| row.epochs);
    match (all().min(), all().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (least, _) => least.map_or(String::new(), |epochs| epochs.to_string()),
    }
}

fn test(side: &Side<'_, Row>) -> String {
    let known: Vec<f64> = side
        .rows
        .iter()
        .filter_map(|row| row.test_accuracy)
        .collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    format!("{:.2} %", 100.0 * mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::time_to_accuracy::rows::tests::rows;

    #[test]
    fn both_beside_each_other() {
        let block = block(&rows(&[
            "kiln,1,3,10,11,0.9912,0.9905,",
            "torch,1,3,32,35,0.9914,0.9915,",
            "torch,2,3,36,37,0.9911,0.9905,",
            "kiln,2,4,12,13,0.9904,0.9900,",
        ]));
        let table = "| | Kiln | PyTorch | ratio (lowest, highest) |\n|---|---|---|---|\n\
                     | training and validation | 11 s | 34 s | 3.1 (3.0 to 3.2) |\n\
                     | the program, from its start to its end | 12 s | 36 s | |\n\
                     | epochs | 3 to 4 | 3 | |\n\
                     | test accuracy, mean | 99.03 % | 99.10 % | |\n";
        let block = block.unwrap();
        assert!(block.ends_with(table), "{block}");
        let text = block.replace('\n', " ");
        assert!(
            text.starts_with("LeNet-5 on MNIST to 99 % of 5,000 training images")
                && text.contains("PyTorch 2.15.0 (eager), in turn in one run, 2 threads each; medians of 2 seeds (A, 2 cores; 2026-03-14):"),
            "{block}"
        );
    }

    #[test]
    fn a_side_that_failed_is_told() {
        let side = block(&rows(&[
            "kiln,1,3,10,11,0.9912,0.9905,",
            "torch,1,,,,,,out of memory",
        ]));
        assert!(side.unwrap().starts_with("torch: failed"));
        assert!(block(&rows(&["kiln,1,3,10,11,0.9912,0.9905,"])).is_err());
        assert!(block(&[]).is_err());
    }
}
