//! What falls away of a table when a later layer gives it another name.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::merge::Name;
use crate::config::TrainConfig;

/// The tables whose keys depend on their `name`, each with the keys that do not.
const NAMED: [(&str, &[&str]); 4] = [
    (
        "optimizer",
        &[
            "decay_norm_and_bias",
            "clip_value",
            "clip_norm",
            "freeze",
            "groups",
        ],
    ),
    ("schedule", &["warmup_epochs"]),
    ("loss", &[]),
    ("average", &[]),
];

/// The configuration that is made of nothing, as a table.
pub(super) fn defaults() -> toml::Table {
    toml::Table::try_from(TrainConfig::default()).expect("plain values")
}

/// The names in the tables of [`NAMED`], as far as they are given.
pub(super) fn names(table: &DeTable<'_>) -> [Option<String>; NAMED.len()] {
    NAMED.map(|(within, _)| {
        let name = table.get(within)?.get_ref().as_table()?.get("name")?;
        name.get_ref().as_str().map(Into::into)
    })
}

/// Takes the keys out of `table` that stand in `texts` and belong to other names than
/// it has now, those `below`. Whether there are any.
pub(super) fn drop_of_other_names(
    table: &mut DeTable<'_>,
    below: &[Option<String>],
    texts: &[Range<usize>],
) -> bool {
    let defaults = defaults();
    let now = names(table);
    let mut any = false;
    for (((within, common), below), now) in NAMED.into_iter().zip(below).zip(now) {
        let own = || Some(defaults.get(within)?.get("name")?.as_str()?.to_string());
        if below.clone().or_else(own) == now.or_else(own) {
            continue;
        }
        let Some(DeValue::Table(inner)) = table.get_mut(within).map(Spanned::get_mut) else {
            continue;
        };
        let falls = |name: &Name<'_>| {
            let at = name.span().start;
            let in_text = texts.iter().any(|text| text.contains(&at));
            in_text && !common.contains(&name.get_ref().as_ref())
        };
        let names: Vec<String> = inner
            .iter()
            .filter(|(name, _)| falls(name))
            .map(|(name, _)| name.get_ref().to_string())
            .collect();
        any |= !names.is_empty();
        for name in names {
            inner.remove(name.as_str());
        }
    }
    any
}
