//! The table `random` of the file of a sweep.

use std::collections::HashSet;

use toml::{
    Spanned, Value,
    de::{DeString, DeValue},
};

use super::{
    Setting, Trial,
    draw::Range,
    file::{Axis, Entry, MOST_RUNS, Reader, Trials},
};
use crate::config::ConfigError;

const RANGES: [&str; 4] = ["uniform", "log_uniform", "int", "choice"];

impl Reader<'_> {
    /// As many different draws as are asked for.
    pub(super) fn random(&self, entry: Entry<'_, '_>) -> Result<Trials, ConfigError> {
        let mut table = self.table(entry)?.clone();
        let mut number = |key: &str, least: i64| {
            let Some((name, value)) = table.remove_entry(key) else {
                return Ok(None);
            };
            let found = self.value(&value)?.as_integer();
            let found = found.filter(|&found| found >= least);
            let problem = format!("{key}: it must be a whole number of at least {least}");
            found
                .map(|found| Some(found as u64))
                .ok_or_else(|| self.wrong(&name, problem))
        };
        let seed = number("seed", 0)?.unwrap_or(0);
        let missing = || self.wrong(entry.0, "random: `trials` is missing, the number of trials");
        let wanted = number("trials", 1)?.ok_or_else(missing)?;
        if wanted > MOST_RUNS as u64 {
            let problem = format!("random: at most {MOST_RUNS} trials are possible");
            return Err(self.wrong(entry.0, problem));
        }
        let mut axes: Vec<Axis<Range>> = Vec::new();
        self.axes(&table, "", &mut axes, &|key, value| self.range(key, value))?;
        self.some(entry, &axes)?;

        let mut trials: Vec<Trial> = Vec::new();
        let mut names = HashSet::new();
        // Of a small space, draws soon repeat each other.
        for number in 0..wanted.saturating_mul(20) + 1000 {
            let settings = axes.iter().map(|axis| Setting {
                key: axis.key.clone(),
                value: axis.values.draw(seed, number, &axis.key),
                line: axis.line,
            });
            let trial = Trial(settings.collect());
            if names.insert(trial.name()) {
                trials.push(trial);
            }
            if trials.len() as u64 == wanted {
                return Ok((axes.into_iter().map(|axis| axis.key).collect(), trials));
            }
        }
        Err(self.wrong(
            entry.0,
            format!(
                "random: trials = {wanted}: only {} different ones were found; take fewer",
                trials.len()
            ),
        ))
    }

    /// Where the values of a key are drawn from; `None` for a table of keys.
    fn range(
        &self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Option<Range>, ConfigError> {
        let wrong = |problem: String| self.wrong(key, format!("{}: {problem}", key.get_ref()));
        let kinds = "{ uniform = [from, to] }, { log_uniform = [from, to] }, { int = [from, to] } \
                     or { choice = [value, …] }";
        let Some(table) = value.get_ref().as_table() else {
            return Err(wrong(format!("it must say what is drawn: {kinds}")));
        };
        let is_kind = |name: &str| RANGES.contains(&name);
        let Some((kind, list)) = table.iter().find(|(name, _)| is_kind(name.get_ref())) else {
            let tables = table.iter().all(|(_, value)| value.get_ref().is_table());
            return match tables && !table.is_empty() {
                true => Ok(None),
                false => Err(wrong(format!("it must be one of {kinds}"))),
            };
        };
        if table.len() > 1 {
            return Err(wrong(format!("it must be just one of {kinds}")));
        }
        let kind: &str = kind.get_ref();
        let Some(items) = list.get_ref().as_array() else {
            return Err(wrong(format!("{kind} must be a list")));
        };
        if kind == "choice" {
            return self.different(key, items).map(Range::Choice).map(Some);
        }
        let values: Result<Vec<Value>, ConfigError> = items.iter().map(|i| self.value(i)).collect();
        let values = values?;
        let float = |value: &Value| value.as_float().or(value.as_integer().map(|i| i as f64));
        let range = match (kind, values.as_slice()) {
            ("int", [Value::Integer(from), Value::Integer(to)]) if from < to => {
                Some(Range::Int(*from, *to))
            }
            ("int", _) => None,
            (_, [from, to]) => match (float(from), float(to)) {
                (Some(from), Some(to)) if from < to && (to - from).is_finite() => match kind {
                    "uniform" => Some(Range::Uniform(from, to)),
                    _ => Some(Range::LogUniform(from, to)).filter(|_| from > 0.0),
                },
                _ => None,
            },
            _ => None,
        };
        let two = match kind {
            "int" => "two whole numbers, the smaller one first",
            "uniform" => "two numbers, the smaller one first",
            _ => "two numbers above 0, the smaller one first",
        };
        range
            .map(Some)
            .ok_or_else(|| wrong(format!("{kind} must be a list of {two}")))
    }
}
