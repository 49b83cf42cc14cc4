//! The file of a sweep.

use models::{suggest, toml_table::Document};
use serde::Deserialize;
use toml::{
    Spanned, Value,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use super::{Setting, Sweep, Trial};
use crate::{
    Recipe, TrainError,
    config::{ConfigError, Layer, TrainConfig, overlap},
};

const KEYS: [&str; 5] = ["recipe", "seeds", "config", "grid", "random"];
/// More are a slip: they would take years.
pub(super) const MOST_RUNS: usize = 100_000;

/// A key of a configuration with what stands behind it in the file.
pub(super) struct Axis<T> {
    pub key: String,
    pub line: usize,
    pub values: T,
}

pub(super) type Entry<'t, 'a> = (&'t Spanned<DeString<'a>>, &'t Spanned<DeValue<'a>>);

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
pub(super) type Trials = (Vec<String>, Vec<Trial>);

pub(super) struct Reader<'a> {
    name: &'a str,
    document: Document<'a>,
}

impl Reader<'_> {
    /// An error at the line of something.
    pub(super) fn wrong<T>(&self, at: &Spanned<T>, problem: impl std::fmt::Display) -> ConfigError {
        let line = self.document.line(at.span().start);
        ConfigError::Parse {
            file: self.name.into(),
            message: format!("line {line}: {problem}"),
        }
    }

    pub(super) fn table<'t, 'a>(
        &self,
        (key, value): Entry<'t, 'a>,
    ) -> Result<&'t DeTable<'a>, ConfigError> {
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

    pub(super) fn value(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, ConfigError> {
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

    /// Puts the keys of `table` and of the tables in it into `axes`. `read` gives what
    /// stands behind a key, and `None` for a table of keys.
    pub(super) fn axes<'t, 'a, T>(
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
            if name == "threads" {
                return Err(named(
                    "a process starts its threads once, and all trials are in one: --threads N, or \
                     threads = N under [config], for all of them"
                        .into(),
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

    pub(super) fn some<T>(
        &self,
        (key, _): Entry<'_, '_>,
        axes: &[Axis<T>],
    ) -> Result<(), ConfigError> {
        match axes.is_empty() {
            true => Err(self.wrong(key, format!("{}: there is no key in it", key.get_ref()))),
            false => Ok(()),
        }
    }

    /// The values of a list, of which there are some, and none twice.
    pub(super) fn different(
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
}
