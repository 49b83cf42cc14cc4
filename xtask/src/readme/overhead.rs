//! What the training loop costs.

use anyhow::{Context, ensure};

use super::{
    markdown::{paragraph, table},
    origin::machine,
};
use crate::{
    bench::overhead::rows::{KILN, Row, SAME},
    numbers::{listed, signed},
};

/// The block, of the rows of `overhead.csv`.
pub fn block(rows: &[Row]) -> anyhow::Result<String> {
    ensure!(!rows.is_empty(), "it has no rows");
    let mut cases: Vec<(&str, usize)> = Vec::new();
    for row in rows {
        let case = (row.network.as_str(), row.batch);
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    let find = |case: &(&str, usize), name: &str, clock: &str| {
        rows.iter().find(|row| {
            (row.network.as_str(), row.batch) == *case && row.name == name && row.clock == clock
        })
    };
    let mut lines = Vec::new();
    let mut noise = [Vec::new(), Vec::new()];
    for case in &cases {
        let (network, batch) = case;
        let of_loop = |clock| find(case, KILN, clock);
        let wall = of_loop("wall").with_context(|| format!("it has no {KILN} of {network}"))?;
        lines.push(vec![
            match batch {
                1 => format!("{network}, one image a step"),
                batch => format!("{network}, batch {batch}"),
            },
            cell(wall),
            of_loop("cpu").map_or(String::new(), cell),
        ]);
        for (noise, clock) in noise.iter_mut().zip(["wall", "cpu"]) {
            let same = find(case, SAME, clock);
            noise.extend(same.map(|row| size(row.over_bare.abs())));
        }
    }
    let of = &rows[0];
    let heads = ["", "wall time", "CPU time"];
    let origin = format!(
        "How much longer a step takes in Kiln's loop than in the bare one: the median, and its 95 % \
         interval (Kiln {} on Burn {}; {}; {}):",
        of.kiln,
        of.burn,
        machine(&of.cpu, of.cores),
        of.date
    );
    let mut text = String::new();
    let [wall, cpu] = &noise;
    if !wall.is_empty() {
        text += &format!(
            "The bare loop beside itself differs by {} % in wall time",
            listed(wall)
        );
        if !cpu.is_empty() {
            text += &format!(", and by {} % in CPU time", listed(cpu));
        }
        text += ": what is below that is noise. ";
    }
    let apart = rows
        .iter()
        .map(|row| row.loss_difference)
        .fold(0.0, f64::max);
    text += &match apart == 0.0 {
        true => "The losses are the same bits.".to_string(),
        false => format!("The losses differ by at most {apart:.1e} of their size."),
    };
    Ok(format!(
        "{}\n{}\n{}",
        paragraph(&origin),
        table(&heads, &lines),
        paragraph(&text)
    ))
}

/// `−1.2 % (−2.6 to −0.2)`.
fn cell(row: &Row) -> String {
    let decimals = decimals(row.over_bare);
    let shown = |value| signed(value, decimals);
    format!(
        "{} % ({} to {})",
        shown(row.over_bare),
        shown(row.lowest),
        shown(row.highest)
    )
}

fn size(value: f64) -> String {
    format!("{value:.*}", decimals(value))
}

fn decimals(per_cent: f64) -> usize {
    usize::from(per_cent.abs() < 9.95)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let head = "date,cpu,cores,kiln,burn,network,batch,image,loop,clock,steps,ms_per_step,\
                    over_bare,lowest,highest,loss_difference,command\n";
        let lines = lines
            .iter()
            .map(|line| format!("2026-03-14,A,2,0.1.0,0.22.1,LeNet-5,{line},c\n"));
        let text = head.to_string() + &lines.collect::<String>();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn kilns_loop_and_what_is_noise() {
        let rows = rows(&[
            "256,1×28×28,\"bare, Burn's optimizer\",wall,200,9.1,0,0,0,0",
            "256,1×28×28,the same again,wall,200,9.1,-0.42,-1,1,0",
            "256,1×28×28,the same again,cpu,200,17,0.7,0,1,0",
            "256,1×28×28,Kiln's loop,wall,200,9,-1.21,-2.6,-0.2,0",
            "256,1×28×28,Kiln's loop,cpu,200,17,0.8,-0.2,2,0",
            "1,1×28×28,the same again,wall,200,0.4,1.1,0,2,0",
            "1,1×28×28,the same again,cpu,200,0.6,10.2,9,12,0",
            "1,1×28×28,Kiln's loop,wall,200,0.4,-8.7,-8.9,-8.3,0",
            "1,1×28×28,Kiln's loop,cpu,200,0.6,12.2,11.4,13,0",
        ]);
        let origin = paragraph(
            "How much longer a step takes in Kiln's loop than in the bare one: the median, \
and its 95 % interval (Kiln 0.1.0 on Burn 0.22.1; A, 2 cores; 2026-03-14):",
        );
        let table = [
            "| | wall time | CPU time |",
            "|---|---|---|",
            "| LeNet-5, batch 256 | −1.2 % (−2.6 to −0.2) | +0.8 % (−0.2 to +2.0) |",
            "| LeNet-5, one image a step | −8.7 % (−8.9 to −8.3) | +12 % (+11 to +13) |",
        ]
        .join("\n");
        let below = paragraph(
            "The bare loop beside itself differs by 0.4 and 1.1 % in wall time, and by \
0.7 and 10 % in CPU time: what is below that is noise. The losses are the \
same bits.",
        );
        assert_eq!(
            block(&rows).unwrap(),
            format!("{origin}\n{table}\n\n{below}")
        );
        assert!(block(&rows[..1]).is_err());
    }
}
