//! The loader beside torchvision's.

use anyhow::{Context, ensure};

use super::{
    markdown::{failed, paragraph, table},
    origin::{machine, versions},
    ratio,
};
use crate::{
    bench::{
        cases::{Case, Side, cases},
        data::rows::{MEMORY, Row},
    },
    numbers::{listed, significant, thousands, timing},
};

/// What is done with the images, beyond the names of the rows.
const KNOWN: [(&str, &str); 3] = [
    ("normalise", "normalise"),
    ("crop, flip", "random crop with padding 4, flip, normalise"),
    ("affine, flip", "affine (bilinear), flip, normalise"),
];

/// The block, of the rows of `data.csv`.
pub fn block(rows: &[Row]) -> anyhow::Result<String> {
    ensure!(!rows.is_empty(), "it has no rows");
    let all = cases(rows);
    let (floor, recipes): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|case| case.side(MEMORY).is_some());
    let of = recipes.first().context("it has no recipes")?.first();
    let lines: Vec<_> = recipes.iter().map(line).collect();
    let rounds = rows.iter().map(|row| row.round).max().unwrap_or(0);
    let peer = versions(rows.iter().map(|row| row.torchvision.clone()));
    let heads = ["recipe", "Kiln", "torchvision", "ratio (lowest, highest)"];
    let origin = format!(
        "Images a second, batches of {}, {} threads of Kiln {} beside as many workers of torchvision \
         {}, in turn in one run; medians of {rounds} rounds ({}; {}):",
        of.batch,
        of.threads,
        of.kiln,
        peer,
        machine(&of.cpu, of.cores),
        of.date
    );
    let kilns = || recipes.iter().filter_map(|case| case.side("kiln"));
    let times: Vec<String> = kilns()
        .filter_map(|side| {
            let speed = side.median(|row| row.images_per_s)?;
            let recipe = &side.rows[0].recipe;
            Some(format!("{} µs ({recipe})", timing(1e6 / speed)))
        })
        .collect();
    let mut text = format!("An image takes {}", listed(&times));
    let write = floor.first().and_then(|case| case.side(MEMORY));
    match write.and_then(|side| side.median(|row| row.images_per_s)) {
        Some(speed) => {
            let nothing = timing(1e6 / speed);
            text += &format!("; writing its values and nothing else, {nothing} µs on one thread.");
        }
        None => text.push('.'),
    }
    let memory = kilns().flat_map(|side| &side.rows);
    let memory = memory.filter_map(|row| row.memory_mb).reduce(f64::max);
    if let Some(mb) = memory {
        text += &format!(
            " At its peak the process held {} MB more than the data set itself.",
            thousands(mb)
        );
    }
    Ok(format!(
        "{}\n{}\n{}",
        paragraph(&origin),
        table(&heads, &lines),
        paragraph(&text)
    ))
}

fn line(case: &Case<Row>) -> Vec<String> {
    let name = case.first().recipe.as_str();
    let title = KNOWN.iter().find(|(known, _)| *known == name);
    let (kiln, peer) = (case.side("kiln"), case.side("torchvision"));
    let compared = kiln.zip(peer).and_then(|(kiln, peer)| kiln.ratio_to(peer));
    vec![
        title.map_or(name, |(_, title)| title).into(),
        speed(kiln),
        speed(peer),
        compared.map_or(String::new(), ratio),
    ]
}

fn speed(side: Option<&Side<Row>>) -> String {
    let Some(side) = side else {
        return String::new();
    };
    let known = side.median(|row| row.images_per_s);
    match (side.error(), known) {
        (Some(error), _) => failed(error),
        (None, known) => known.map_or(String::new(), |speed| significant(speed, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let head = "date,cpu,cores,threads,kiln,torchvision,batch,recipe,contestant,round,\
                    images_per_s,memory_mb,command,error\n";
        let lines = lines
            .iter()
            .map(|line| format!("2026-03-14,A,2,2,0.1.0,{line}\n"));
        let text = head.to_string() + &lines.collect::<String>();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn recipes_the_floor_and_memory() {
        let rows = rows(&[
            ",256,normalise,kiln,1,537000,18.2,c,",
            ",256,\"crop, flip\",kiln,1,331000,20.6,c,",
            "0.27,256,\"crop, flip\",torchvision,1,4790,,c,",
            ",256,\"crop, flip\",kiln,2,333900,20.6,c,",
            "0.27,256,\"crop, flip\",torchvision,2,4790,,c,",
            ",256,write,memory,1,1204000,,c,",
        ]);
        let origin = paragraph(
            "Images a second, batches of 256, 2 threads of Kiln 0.1.0 beside as many \
workers of torchvision 0.27, in turn in one run; medians of 2 rounds (A, 2 \
cores; 2026-03-14):",
        );
        let table = [
            "| recipe | Kiln | torchvision | ratio (lowest, highest) |",
            "|---|---|---|---|",
            "| normalise | 537,000 | | |",
            "| random crop with padding 4, flip, normalise | 332,000 | 4,790 | 69 (69 to 70) |",
        ]
        .join("\n");
        let below = paragraph(
            "An image takes 1.9 µs (normalise) and 3.0 µs (crop, flip); writing its \
values and nothing else, 0.83 µs on one thread. At its peak the process held \
21 MB more than the data set itself.",
        );
        assert_eq!(
            block(&rows).unwrap(),
            format!("{origin}\n{table}\n\n{below}")
        );
    }

    #[test]
    fn a_peer_that_failed_says_so() {
        let rows = rows(&[
            ",256,\"crop, flip\",kiln,1,331000,,c,",
            ",256,\"crop, flip\",torchvision,1,,,c,No module named 'torchvision'",
        ]);
        let text = block(&rows).unwrap();
        assert!(
            text.contains("| 331,000 | failed: No module named 'torchvision' | |"),
            "{text}"
        );
    }
}
