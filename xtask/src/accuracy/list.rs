//! The recipes with their references and results, as text.

use super::{Reference, Score, Standing};

/// A score, and what it is held to.
pub fn verdict(reference: &Reference, score: &Score) -> String {
    let shown = score.shown();
    let percent = reference.reference.unwrap_or(0.0);
    match reference.is_met_by(score.mean) {
        None => shown,
        Some(true) => format!("{shown}; reference {percent} %"),
        Some(false) => format!("{shown}: misses {percent} %"),
    }
}

/// A line for each recipe.
pub fn list(standings: &[Standing]) -> String {
    let mut text = format!(
        "{:<20} {:>9}  {:<24} what\n",
        "recipe", "reference", "result"
    );
    for of in standings {
        let reference = of.reference.reference;
        let stale = of.stale();
        let result = match (&of.recipe, Score::of(&of.rows)) {
            (None, _) => "no recipe yet".into(),
            (_, Some(_)) if !stale.is_empty() => "of another recipe".into(),
            (_, Some(score)) => score.shown(),
            (_, None) if !of.reference.run_here => "not run to the end here".into(),
            (_, None) => "not run".into(),
        };
        text += &format!(
            "{:<20} {:>9}  {result:<24} {}\n",
            of.reference.name,
            reference.map_or("-".into(), |percent| format!("{percent:.2} %")),
            of.reference.what
        );
    }
    text
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::accuracy::{Recipe, Row, results};

    pub fn standing(name: &str, extra: &str, text: Option<&str>, rows: Vec<Row>) -> Standing {
        let reference = format!("name = \"{name}\"\nwhat = \"it\"\nsource = \"s\"\n{extra}");
        Standing {
            reference: toml::from_str(&reference).unwrap(),
            recipe: text.map(|text| Recipe::parse(name, text).unwrap()),
            dataset_note: None,
            rows,
        }
    }

    #[test]
    fn the_list_says_what_is_not_run() {
        const TEXT: &str = "dataset = \"mnist\"";
        let digest = Recipe::parse("a", TEXT).unwrap().sha256;
        let rows = |digest: &str| vec![results::tests::row(1, 0.981, 9.0, digest)];
        let all = [
            standing("a", "reference = 98.0", Some(TEXT), rows(&digest)),
            standing("b", "", Some(TEXT), rows("other")),
            standing("c", "", Some(TEXT), vec![]),
            standing("d", "run_here = false", Some(TEXT), vec![]),
            standing("e", "", None, vec![]),
        ];
        let shown = list(&all);
        let lines: Vec<&str> = shown.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "a                      98.00 %  98.10 % (1)              it",
                "b                            -  of another recipe        it",
                "c                            -  not run                  it",
                "d                            -  not run to the end here  it",
                "e                            -  no recipe yet            it",
            ]
        );
        let score = Score::of(&all[0].rows).unwrap();
        assert_eq!(
            verdict(&all[0].reference, &score),
            "98.10 % (1); reference 98 %"
        );
    }
}
