//! The measurements as a file, and as a table of ratios.

use std::{fs, path::Path};

use anyhow::Context;

use super::{
    contest::{Case, Contestant, Found},
    machine::Machine,
    median,
};

/// A measurement.
pub struct Row {
    pub contestant: Contestant,
    pub case: Case,
    pub found: Found,
}

const COLUMNS: [&str; 15] = [
    "date",
    "cpu",
    "cores",
    "threads",
    "kiln",
    "burn",
    "torch",
    "contestant",
    "model",
    "batch",
    "steps",
    "ms_per_step",
    "images_per_s",
    "peak_rss_mb",
    "command",
];

/// Writes all measurements, a row each.
pub fn write(path: &Path, machine: &Machine, rows: &[Row]) -> anyhow::Result<()> {
    let mut text = COLUMNS.join(",") + "\n";
    for row in rows {
        let Row {
            contestant,
            case,
            found,
        } = row;
        let cells = [
            machine.date.clone(),
            machine.cpu.clone(),
            machine.cores.to_string(),
            case.threads.to_string(),
            machine.kiln.clone(),
            machine.burn.clone(),
            found.torch.clone().unwrap_or_default(),
            contestant.name().into(),
            case.model.clone(),
            case.batch.to_string(),
            case.steps.to_string(),
            format!("{:.3}", found.ms_per_step),
            format!("{:.1}", found.images_per_s),
            found
                .peak_rss_mb
                .map_or(String::new(), |mb| format!("{mb:.0}")),
            contestant.command(case),
        ];
        text += &(cells.map(quoted).join(",") + "\n");
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A cell of RFC 4180.
fn quoted(cell: String) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

/// The heads of [`lines`].
pub fn heading() -> String {
    format!(
        "{:<15} {:>5} {:>9}  {:<17} {:>9}  {:>5}  {:<13} {:>7} {:>7}\n",
        "model", "batch", "kiln ms", "rival", "its ms", "ratio", "min to max", "kiln MB", "its MB"
    )
}

/// Of one case: Kiln beside each rival. The ratio is that of images a second, Kiln's over
/// the rival's, above 1 if Kiln is faster: the median over the rounds, in each of which
/// all were measured right after each other.
pub fn lines(rows: &[Row]) -> String {
    let Some(first) = rows.first() else {
        return String::new();
    };
    let kiln: Vec<&Found> = of(rows, "kiln");
    let mut rivals: Vec<&str> = rows.iter().map(|row| row.contestant.name()).collect();
    rivals.sort_unstable();
    rivals.dedup();
    let mut text = String::new();
    for rival in rivals.into_iter().filter(|&name| name != "kiln") {
        let its = of(rows, rival);
        let pairs = kiln.iter().zip(&its);
        let mut ratios: Vec<f64> = pairs
            .map(|(kiln, its)| kiln.images_per_s / its.images_per_s)
            .collect();
        if ratios.is_empty() {
            continue;
        }
        ratios.sort_by(f64::total_cmp);
        let range = format!("{:.2} to {:.2}", ratios[0], ratios[ratios.len() - 1]);
        text += &format!(
            "{:<15} {:>5} {:>9.2}  {rival:<17} {:>9.2}  {:>5.2}  {range:<13} {:>7} {:>7}\n",
            first.case.model,
            first.case.batch,
            median(kiln.iter().map(|found| found.ms_per_step).collect()),
            median(its.iter().map(|found| found.ms_per_step).collect()),
            median(ratios),
            megabytes(&kiln),
            megabytes(&its),
        );
    }
    text
}

/// What a contestant's measurements found, round by round.
fn of<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Found> {
    let rows = rows.iter().filter(|row| row.contestant.name() == name);
    rows.map(|row| &row.found).collect()
}

fn megabytes(found: &[&Found]) -> String {
    let known: Vec<f64> = found.iter().filter_map(|found| found.peak_rss_mb).collect();
    match known.is_empty() {
        true => "-".into(),
        false => format!("{:.0}", median(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kernels: bool, ms: f64, mb: Option<f64>) -> Row {
        Row {
            contestant: Contestant::Kiln {
                program: "kiln".into(),
                kernels,
            },
            case: Case {
                model: "lenet5".into(),
                batch: 10,
                steps: 3,
                warmup: 3,
                threads: 2,
            },
            found: Found {
                ms_per_step: ms,
                images_per_s: 1e4 / ms,
                peak_rss_mb: mb,
                torch: None,
            },
        }
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let rows = [
            row(true, 10.0, Some(50.0)),
            row(false, 20.0, None),
            row(false, 60.0, None),
            row(true, 20.0, Some(70.0)),
            row(true, 10.0, Some(60.0)),
            row(false, 25.0, None),
        ];
        let expected = "lenet5             10     10.00  kiln, kernels off     25.00   2.50  \
                        2.00 to 3.00       60       -\n";
        assert_eq!(lines(&rows), expected);
        assert_eq!(lines(&rows[..1]), "");
    }

    #[test]
    fn a_file_has_a_row_for_each_measurement() {
        let file = std::env::temp_dir().join(format!("kiln-rows-{}.csv", std::process::id()));
        let machine = Machine {
            date: "2026-03-14".into(),
            cpu: "A \"B\", C".into(),
            cores: 4,
            kiln: "0.1.0".into(),
            burn: "0.22.1".into(),
        };
        write(&file, &machine, &[row(true, 8.0, Some(50.4))]).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        assert!(head.starts_with("date,cpu,cores,threads,kiln,burn,torch,"));
        assert_eq!(
            rest,
            "2026-03-14,\"A \"\"B\"\", C\",4,2,0.1.0,0.22.1,,kiln,lenet5,10,3,8.000,1250.0,50,\
             kiln bench --backend flex --model lenet5 --batch 10 --steps 3 --warmup 3 --threads 2 \
             --json\n"
        );
    }
}
