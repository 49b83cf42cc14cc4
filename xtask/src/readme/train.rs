//! A training step beside PyTorch's.

use anyhow::ensure;

use super::{
    markdown::{failed, paragraph, table},
    origin::{machine, versions},
    ratio,
};
use crate::{
    bench::{
        cases::{Side, cases},
        train::rows::Row,
    },
    numbers::{thousands, timing},
};

/// What the networks are, of those that the README quotes.
const KNOWN: [(&str, &str); 3] = [
    ("lenet5", "LeNet-5"),
    ("resnet18", "ResNet-18, 32×32, width 64"),
    ("vgg11-bn", "VGG-11 with batch norms, 32×32"),
];

/// The block, of the rows of `train.csv`.
pub fn block(rows: &[Row]) -> anyhow::Result<String> {
    ensure!(!rows.is_empty(), "it has no rows");
    let mut lines = Vec::new();
    let mut rounds = Vec::new();
    for case in cases(rows) {
        let of = case.first();
        let network = KNOWN.iter().find(|(name, _)| *name == of.model);
        let network = network.map_or(of.model.as_str(), |(_, title)| title);
        let (kiln, torch) = (case.side("kiln"), case.side("torch"));
        let both = kiln.zip(torch);
        let compared = both.and_then(|(kiln, torch)| kiln.ratio_to(torch));
        rounds.extend(case.sides.iter().map(|side| side.rows.len().to_string()));
        lines.push(vec![
            format!("{network}, {}", of.batch),
            time(kiln),
            time(torch),
            compared.map_or(String::new(), ratio),
            both.map_or(String::new(), |(kiln, torch)| {
                format!("{} / {}", memory(kiln), memory(torch))
            }),
        ]);
    }
    let of = &rows[0];
    let torch = versions(rows.iter().map(|row| row.torch.clone()));
    let heads = [
        "network, batch",
        "Kiln",
        "PyTorch",
        "ratio (lowest, highest)",
        "peak memory, Kiln / PyTorch",
    ];
    let origin = format!(
        "Kiln {} on Burn {} beside PyTorch {} (eager), in turn in one run, {} threads each; medians \
         of {} rounds ({}; {}):",
        of.kiln,
        of.burn,
        torch,
        of.threads,
        rounds.iter().max().map_or("", String::as_str),
        machine(&of.cpu, of.cores),
        of.date
    );
    Ok(format!("{}\n{}", paragraph(&origin), table(&heads, &lines)))
}

fn time(side: Option<&Side<Row>>) -> String {
    let Some(side) = side else {
        return "not measured".into();
    };
    match (side.error(), side.median(|row| row.ms_per_step)) {
        (Some(error), _) => failed(error),
        (None, Some(ms)) => format!("{} ms", timing(ms)),
        (None, None) => "not measured".into(),
    }
}

fn memory(side: &Side<Row>) -> String {
    let known = side.median(Row::memory);
    known.map_or("?".into(), |mb| format!("{} MB", thousands(mb)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "date,cpu,cores,threads,kiln,burn,torch,contestant,model,batch,steps,\
                        ms_per_step,images_per_s,peak_rss_mb,command,error\n";

    fn rows(lines: &[&str]) -> Vec<Row> {
        let text = lines
            .iter()
            .map(|line| format!("2026-03-14,A,2,2,0.1.0 (abc),0.22.1,{line}\n"));
        let text = HEAD.to_string() + &text.collect::<String>();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn medians_ratios_and_where_they_are_from() {
        let rows = rows(&[
            ",kiln,lenet5,256,60,10.0,25600,37,c,",
            "2.15.0+cu132,torch,lenet5,256,60,24.0,10667,775,c,",
            ",kiln,lenet5,256,60,8.0,32000,38,c,",
            "2.15.0,torch,lenet5,256,60,24.1,10622,1193,c,",
            ",kiln,lenet5,256,60,9.27,27616,37,c,",
            "2.15.0,torch,lenet5,256,60,27.81,9205,780,c,",
        ]);
        let origin = paragraph(
            "Kiln 0.1.0 (abc) on Burn 0.22.1 beside PyTorch 2.15.0 (eager), in turn in \
one run, 2 threads each; medians of 3 rounds (A, 2 cores; 2026-03-14):",
        );
        let table = [
            "| network, batch | Kiln | PyTorch | ratio (lowest, highest) | peak memory, Kiln / PyTorch |",
            "|---|---|---|---|---|",
            "| LeNet-5, 256 | 9.3 ms | 24.1 ms | 3.0 (2.4 to 3.0) | 37 MB / 780 MB |",
        ]
        .join("\n");
        assert_eq!(block(&rows).unwrap(), format!("{origin}\n{table}\n"));
    }

    #[test]
    fn who_failed_says_so_and_the_others_have_figures() {
        let rows = rows(&[
            ",kiln,mine,8,3,10.0,800,,c,",
            ",torch,mine,8,3,,,,c,no network `mine`",
        ]);
        let text = block(&rows).unwrap();
        let last = text.lines().last().unwrap();
        assert_eq!(
            last,
            "| mine, 8 | 10.0 ms | failed: no network `mine` | | ? / ? |"
        );
        assert!(block(&[]).is_err());
    }
}
