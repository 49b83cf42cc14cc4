//! The file of a sweep.

use models::{suggest, toml_table::Document};
use serde::Deserialize;
use toml::{
    Spanned, Value,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use super::{Setting, Sweep, Trial, draw::Range};
use crate::{
    Recipe, TrainError,
    config::{ConfigError, Layer, TrainConfig, overlap},
};

const KEYS: [&str; 5] = ["recipe", "seeds", "config", "grid", "random"];
const RANGES: [&str; 4] = ["uniform", "log_uniform", "int", "choice"];
/// More are a slip: they would take years.
const MOST_RUNS: usize = 100_000;

/// A key of a configuration with what stands behind it in the file.
struct Axis<T> {
    key: String,
    line: usize,
    values: T,
}

type Entry<'t, 'a> = (&'t Spanned<DeString<'a>>, &'t Spanned<DeValue<'a>>);

/// The sweep of a file. Values of the configuration are not checked yet.
pub(super) fn read(text: &str, name: &str) -> Result<Sweep, TrainError> {
    let parsed = DeTable::parse(text).map_err(|mut e| {
        e.set_input(Some(text));
        ConfigError::Parse {
            file: name.into(),
            message: e.to_string().trim_end().into(),
        }
    })?;
    let root = parsed.get_ref();
    let reader = Reader {
        name,
        document: Document::new(text),
    };
    for (key, _) in in_order(root) {
        if !KEYS.contains(&key.get_ref().as_ref()) {
            let name = key.get_ref();
            let problem = format!("there is no key `{name}`{}", suggest(name, &KEYS));
            return Err(reader.wrong(key, problem).into());
        }
    }
    let mut base = Vec::new();
    if let Some((_, recipe)) = root.get_key_value("recipe") {
        let found = recipe.get_ref().as_str();
        let found =
            found.ok_or_else(|| reader.wrong(recipe, "recipe: it must be a name in quotes"))?;
        base.push(Recipe::find(found)?.layer());
    }
    if let Some((key, config)) = root.get_key_value("config") {
        reader.table((key, config))?;
        base.push(Layer::table(name, text, "config"));
    }
    let seeds = match root.get_key_value("seeds") {
        Some((_, seeds)) => reader.seeds(seeds)?,
        None => vec![TrainConfig::from_layers(&base)?.seed],
    };
    let (keys, trials) = match (root.get_key_value("grid"), root.get_key_value("random")) {
        (Some(grid), None) => reader.grid(grid)?,
        (None, Some(random)) => reader.random(random)?,
        (Some(_), Some((key, _))) => {
            let problem = "there is a table `grid` as well: leave one of them out";
            return Err(reader.wrong(key, problem).into());
        }
        (None, None) => {
            return Err(ConfigError::Parse {
                file: name.into(),
                message: "there is nothing to try: it needs a table `grid` or `random`, such as \
                          [grid] with optimizer.lr = [0.1, 0.05]"
                    .into(),
            }
            .into());
        }
    };
    let runs = trials.len() * seeds.len();
    if runs > MOST_RUNS {
        return Err(ConfigError::Parse {
            file: name.into(),
            message: format!("it asks for {runs} runs: at most {MOST_RUNS} are possible"),
        }
        .into());
    }
    Ok(Sweep {
        name: name.into(),
        base,
        keys,
        trials,
        seeds,
    })
}

/// The entries of a table in the order of the file.
fn in_order<'t, 'a>(table: &'t DeTable<'a>) -> Vec<Entry<'t, 'a>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The keys, and every trial.
type Trials = (Vec<String>, Vec<Trial>);

struct Reader<'a> {
    name: &'a str,
    document: Document<'a>,
}

impl Reader<'_> {
    /// An error at the line of something.
    fn wrong<T>(&self, at: &Spanned<T>, problem: impl std::fmt::Display) -> ConfigError {
        let line = self.document.line(at.span().start);
        ConfigError::Parse {
            file: self.name.into(),
            message: format!("line {line}: {problem}"),
        }
    }

    fn table<'t, 'a>(&self, (key, value): Entry<'t, 'a>) -> Result<&'t DeTable<'a>, ConfigError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.wrong(key, format!("{}: it must be a table", key.get_ref())))
    }

    fn seeds(&self, list: &Spanned<DeValue<'_>>) -> Result<Vec<u64>, ConfigError> {
        let problem = "seeds: it must be a list of different whole numbers of at least 0";
        let wrong = || self.wrong(list, problem);
        let mut seeds: Vec<u64> = Vec::new();
        for item in list.get_ref().as_array().ok_or_else(wrong)? {
            let seed = self.value(item)?.as_integer();
            let seed = seed.and_then(|seed| u64::try_from(seed).ok());
            let seed = seed
                .filter(|seed| !seeds.contains(seed))
                .ok_or_else(wrong)?;
            seeds.push(seed);
        }
        match seeds.is_empty() {
            true => Err(wrong()),
            false => Ok(seeds),
        }
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, ConfigError> {
        Value::deserialize(ValueDeserializer::from(value.clone()))
            .map_err(|e| self.wrong(value, e.message()))
    }

    /// Every combination, the last key changing first.
    fn grid(&self, entry: Entry<'_, '_>) -> Result<Trials, ConfigError> {
        let mut axes: Vec<Axis<Vec<Value>>> = Vec::new();
        self.axes(
            self.table(entry)?,
            "",
            &mut axes,
            &|key, value| match value.get_ref() {
                DeValue::Table(_) => Ok(None),
                DeValue::Array(items) => self.different(key, items).map(Some),
                _ => Err(self.wrong(key, "it must be a list of values to try")),
            },
        )?;
        self.some(entry, &axes)?;
        let sizes = axes.iter().map(|axis| axis.values.len());
        let all = sizes.fold(1_usize, usize::saturating_mul);
        if all > MOST_RUNS {
            let problem = format!("it has {all} combinations: at most {MOST_RUNS} are possible");
            return Err(self.wrong(entry.0, problem));
        }
        let mut trials = vec![Trial(Vec::new())];
        for axis in &axes {
            let with = |trial: &Trial, value: &Value| {
                let mut settings = trial.0.clone();
                settings.push(Setting {
                    key: axis.key.clone(),
                    value: value.clone(),
                    line: axis.line,
                });
                Trial(settings)
            };
            trials = trials
                .iter()
                .flat_map(|trial| axis.values.iter().map(move |value| with(trial, value)))
                .collect();
        }
        Ok((axes.into_iter().map(|axis| axis.key).collect(), trials))
    }

    /// As many different draws as are asked for.
    fn random(&self, entry: Entry<'_, '_>) -> Result<Trials, ConfigError> {
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
        let mut names = std::collections::HashSet::new();
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

    /// Puts the keys of `table` and of the tables in it into `axes`. `read` gives what
    /// stands behind a key, and `None` for a table of keys.
    fn axes<'t, 'a, T>(
        &self,
        table: &'t DeTable<'a>,
        within: &str,
        axes: &mut Vec<Axis<T>>,
        read: &impl Fn(
            &Spanned<DeString<'a>>,
            &'t Spanned<DeValue<'a>>,
        ) -> Result<Option<T>, ConfigError>,
    ) -> Result<(), ConfigError> {
        for (key, value) in in_order(table) {
            let name = match within {
                "" => key.get_ref().to_string(),
                _ => format!("{within}.{}", key.get_ref()),
            };
            let named = |problem: String| self.wrong(key, format!("{name}: {problem}"));
            let Some(values) = read(key, value)? else {
                if let DeValue::Table(inner) = value.get_ref() {
                    self.axes(inner, &name, axes, read)?;
                }
                continue;
            };
            if name == "seed" {
                return Err(named(
                    "the seeds of the runs are a list of their own: seeds = [1, 2]".into(),
                ));
            }
            if let Some(other) = axes.iter().find(|other| overlap(&other.key, &name)) {
                let Axis { key, line, .. } = other;
                return Err(named(format!(
                    "it is given as `{key}` on line {line} already"
                )));
            }
            axes.push(Axis {
                line: self.document.line(key.span().start),
                key: name,
                values,
            });
        }
        Ok(())
    }

    fn some<T>(&self, (key, _): Entry<'_, '_>, axes: &[Axis<T>]) -> Result<(), ConfigError> {
        match axes.is_empty() {
            true => Err(self.wrong(key, format!("{}: there is no key in it", key.get_ref()))),
            false => Ok(()),
        }
    }

    /// The values of a list, of which there are some, and none twice.
    fn different(
        &self,
        key: &Spanned<DeString<'_>>,
        items: &[Spanned<DeValue<'_>>],
    ) -> Result<Vec<Value>, ConfigError> {
        let mut values: Vec<Value> = Vec::new();
        for item in items {
            let value = self.value(item)?;
            if values.contains(&value) {
                return Err(self.wrong(item, format!("{}: {value} is there twice", key.get_ref())));
            }
            values.push(value);
        }
        match values.is_empty() {
            true => Err(self.wrong(key, format!("{}: the list is empty", key.get_ref()))),
            false => Ok(values),
        }
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
