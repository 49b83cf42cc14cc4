//! What the training loop costs.

use anyhow::{Context, ensure};

use super::{
    markdown::{paragraph, table},
    origin::machine,
};
use crate::{
    bench::overhead::rows::{BURNS, KILN, KILNS, Row, SAME},
    numbers::signed,
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
    let mut lines = Vec::new();
    for case in cases {
        let (network, batch) = case;
        let rows = rows.iter();
        let of_case: Vec<&Row> = rows
            .filter(|row| (row.network.as_str(), row.batch) == case)
            .collect();
        let mut line = vec![match batch {
            1 => format!("{network}, one image a step"),
            batch => format!("{network}, batch {batch}"),
        }];
        for (name, base) in [(KILN, KILNS), (KILNS, BURNS), (SAME, BURNS)] {
            let over = |clock| over(&of_case, name, base, clock);
            let wall = over("wall").with_context(|| format!("it has no {name} of {network}"))?;
            let both: Vec<String> = [Some(wall), over("cpu")]
                .into_iter()
                .flatten()
                .map(cell)
                .collect();
            line.push(both.join(" / "));
        }
        lines.push(line);
    }
    let of = &rows[0];
    let heads = [
        "",
        "Kiln's loop over the bare one",
        "Kiln's SGD in place of Burn's",
        "the bare loop beside itself",
    ];
    let origin = format!(
        "What a step takes more, in wall time / CPU time (Kiln {} on Burn {}; {}; {}):",
        of.kiln,
        of.burn,
        machine(&of.cpu, of.cores),
        of.date
    );
    let apart = rows
        .iter()
        .map(|row| row.loss_difference)
        .fold(0.0, f64::max);
    let text = match apart == 0.0 {
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

/// What a step of a loop takes more than one of its base, in per cent: by the turns if they were
/// compared so, else by the medians of both.
fn over(rows: &[&Row], name: &str, base: &str, clock: &str) -> Option<f64> {
    let find = |name| {
        let mut rows = rows.iter();
        rows.find(|row| row.name == name && row.clock == clock)
    };
    let row = find(name)?;
    let beside = match row.base.is_empty() {
        true => BURNS,
        false => row.base.as_str(),
    };
    if beside == base {
        return Some(row.over_bare);
    }
    Some(100.0 * (row.ms_per_step / find(base)?.ms_per_step - 1.0))
}

/// `−1.2 %`.
fn cell(per_cent: f64) -> String {
    let decimals = usize::from(per_cent.abs() < 9.95);
    format!("{} %", signed(per_cent, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(head: &str, lines: &[&str]) -> Vec<Row> {
        let head =
            format!("date,cpu,cores,kiln,burn,network,batch,image,loop,clock,{head},command");
        let lines = lines
            .iter()
            .map(|line| format!("2026-03-14,A,2,0.1.0,0.22.1,LeNet-5,{line},c\n"));
        let text = format!("{head}\n{}", lines.collect::<String>());
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    const BEFORE: &str = "steps,ms_per_step,over_bare,lowest,highest,loss_difference";
    const NOW: &str = "steps,ms_per_step,base,over_bare,lowest,highest,loss_difference";

    fn block_of(lines: &[&str]) -> String {
        let origin = paragraph(
            "What a step takes more, in wall time / CPU time (Kiln 0.1.0 on Burn 0.22.1; A, 2 cores; \
             2026-03-14):",
        );
        let heads = "| | Kiln's loop over the bare one | Kiln's SGD in place of Burn's | the bare \
                     loop beside itself |\n|---|---|---|---|";
        let below = paragraph("The losses are the same bits.");
        format!("{origin}\n{heads}\n{}\n\n{below}", lines.join("\n"))
    }

    #[test]
    fn the_loop_is_held_beside_the_one_with_its_optimizer() {
        // Its steps took as long as those of the loop with Burn's optimizer.
        let rows = rows(
            BEFORE,
            &[
                "256,1×28×28,\"bare, Burn's optimizer\",wall,200,10,0,0,0,0",
                "256,1×28×28,the same again,wall,200,10,-0.42,-1,1,0",
                "256,1×28×28,\"bare, Kiln's optimizer\",wall,200,8,-20.1,-21,-19,0",
                "256,1×28×28,Kiln's loop,wall,200,10,0.1,-0.1,0.2,0",
            ],
        );
        assert_eq!(
            block(&rows).unwrap(),
            block_of(&["| LeNet-5, batch 256 | +25 % | −20 % | −0.4 % |"])
        );
        assert!(block(&rows[..3]).is_err());
        assert!(block(&[]).is_err());
    }

    #[test]
    fn turns_that_were_compared_are_taken() {
        let rows = rows(
            NOW,
            &[
                "1,1×28×28,the same again,wall,9,10,\"bare, Burn's optimizer\",0.4,0,1,0",
                "1,1×28×28,the same again,cpu,9,10,\"bare, Burn's optimizer\",10.2,9,12,0",
                "1,1×28×28,\"bare, Kiln's optimizer\",wall,9,8,\"bare, Burn's optimizer\",-20.1,0,0,0",
                "1,1×28×28,\"bare, Kiln's optimizer\",cpu,9,8,\"bare, Burn's optimizer\",-1.24,0,0,0",
                "1,1×28×28,Kiln's loop,wall,9,10,\"bare, Kiln's optimizer\",6.2,6,7,0",
                "1,1×28×28,Kiln's loop,cpu,9,10,\"bare, Kiln's optimizer\",2.1,1,3,0",
            ],
        );
        assert_eq!(
            block(&rows).unwrap(),
            block_of(&[
                "| LeNet-5, one image a step | +6.2 % / +2.1 % | −20 % / −1.2 % | +0.4 % / +10 % |"
            ])
        );
    }
}
