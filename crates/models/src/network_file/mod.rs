//! Networks written in TOML.

mod error;
mod layers;
mod origin;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

pub use self::error::NetworkFileError;
pub(crate) use self::origin::Origin;
use self::{
    error::Wrong,
    layers::{LONGEST, Walk},
};
use crate::{
    Init, NetworkSpec,
    toml_table::{self, Document},
};

/// A network in a file of TOML, found to be one.
///
/// ```toml
/// name = "my-net"            # left out: the name of the file
///
/// [init]                     # left out: as PyTorch does by default
/// conv = { name = "kaiming-normal", fan = "fan-out" }
///
/// [[layers]]
/// name = "conv1"             # its weights are conv1.weight and conv1.bias
/// kind = "conv2d"            # LayerSpec::Conv2d, whose fields are the other keys
/// channels = 32
/// kernel = 3
///
/// [[layers]]
/// name = "block1"
/// kind = "residual"          # lists of layers: body, shortcut, after
/// [[layers.body]]
/// name = "conv"
/// kind = "conv2d"
/// channels = 32
/// kernel = 3
/// padding = 1
///
/// [[layers]]
/// name = "mixed"
/// kind = "concat"            # a list of lists of layers
/// branches = [
///     [{ name = "a", kind = "conv2d", channels = 8, kernel = 1 }],
///     [{ name = "b", kind = "max-pool2d", kernel = 3, stride = 1, padding = 1 }],
/// ]
///
/// [[layers]]
/// name = "pool"
/// kind = "adaptive-avg-pool2d"
/// size = 1
///
/// [[layers]]
/// name = "flatten"
/// kind = "flatten"
///
/// [[layers]]
/// name = "fc"
/// kind = "linear"
/// features = "classes"       # as many as the data set has; also as `channels`
/// ```
///
/// Names have up to 100 characters, a network up to 10,000 layers, in up to 32
/// blocks within blocks, and a file up to 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkFile {
    file: PathBuf,
    text: String,
    name: String,
    /// Whether the name is that of the file.
    unnamed: bool,
}

impl NetworkFile {
    /// Bytes that a file may have.
    pub const LARGEST: u64 = toml_table::LARGEST;

    /// Reads a file.
    ///
    /// # Errors
    /// [`NetworkFileError::Read`], or as [`NetworkSpec::from_toml`].
    pub fn read(file: &Path) -> Result<Self, NetworkFileError> {
        let fail = |message: String| NetworkFileError::Read {
            file: file.display().to_string(),
            message,
        };
        let found = std::fs::metadata(file).map_err(|e| fail(e.to_string()))?;
        // A pipe would be waited for, and a device may have no end.
        if !found.is_file() {
            return Err(fail("it is no file".into()));
        }
        let text = toml_table::read_text(file, "network").map_err(|e| fail(e.to_string()))?;
        // Nothing but a size depends on the number of classes.
        let spec = NetworkSpec::from_toml(&text, file, 1)?;
        let unnamed = DeTable::parse(&text).is_ok_and(|root| !root.get_ref().contains_key("name"));
        Ok(Self {
            file: file.into(),
            name: spec.name,
            unnamed,
            text,
        })
    }

    /// The file that it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The name of the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network for so many classes, at least 1, with seed 0.
    ///
    /// # Errors
    /// None that [`read`](Self::read) did not find.
    pub fn spec(&self, classes: usize) -> Result<NetworkSpec, NetworkFileError> {
        NetworkSpec::from_toml(&self.text, &self.file, classes)
    }

    /// The text, with the name of the network in it: the same network under any
    /// name of the file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        if !self.unnamed {
            return self.text.clone();
        }
        let text = self.text.trim_start_matches('\u{feff}');
        let name = toml::Value::String(self.name.clone());
        format!("name = {name}  # that of the file\n{text}")
    }
}

impl NetworkSpec {
    /// Reads a network as [`NetworkFile`] describes it, for so many classes, at
    /// least 1. `file` names its source in errors, those of shape inference
    /// included, and the network, if the text does not.
    ///
    /// # Errors
    /// [`NetworkFileError::Content`] with line, layer and key.
    pub fn from_toml(text: &str, file: &Path, classes: usize) -> Result<Self, NetworkFileError> {
        let shown = file.display().to_string();
        let classes = classes.to_string();
        let document = Document::new(text);
        let mut walk = Walk::new(&document, &classes);
        let parts = parts(&document).and_then(|parts| {
            let layers = walk.network(parts.layers)?;
            Ok((parts.name, parts.init, layers))
        });
        let (name, init, layers) = parts.map_err(|wrong| wrong.of_file(&shown))?;
        let mut spec = Self::new(&name.unwrap_or_else(|| name_of(file)))
            .init(init)
            .layers(layers);
        spec.origin = Origin::new(shown, walk.into_lines());
        Ok(spec)
    }
}

/// What a file is made of.
struct Parts<'a> {
    name: Option<String>,
    init: Init,
    layers: Spanned<DeValue<'a>>,
}

fn parts<'a>(document: &Document<'a>) -> Result<Parts<'a>, Wrong> {
    let parsed = DeTable::parse(document.text()).map_err(|error| {
        // The parser's own message has the whole line in it, however long that is.
        let at = error.span().map_or(0, |span| span.start);
        Wrong::new(
            document.line(at),
            format!("{}: {}", document.around(at), error.message()),
        )
    });
    let mut root = parsed?.into_inner();
    let name = root.remove_entry("name");
    let init = root.remove_entry("init");
    let layers = root.remove("layers");
    let at = |span: std::ops::Range<usize>| document.line(span.start);
    if let Some(key) = root.keys().next() {
        let known = ["name", "init", "layers"];
        let problem = toml_table::unknown("key ", key.get_ref(), &known);
        return Err(Wrong::new(at(key.span()), problem).key(key.get_ref()));
    }
    let name = match name {
        Some((key, value)) => Some(read_name(document, &key, &value)?),
        None => None,
    };
    let init = match init {
        Some((key, value)) => read_init(document, &key, &value)?,
        None => Init::default(),
    };
    let layers = layers.ok_or_else(|| {
        let problem = "it has no layers: each is a table [[layers]] with `name` and `kind`";
        Wrong::new(1, problem.into())
    })?;
    Ok(Parts { name, init, layers })
}

fn read_name(
    document: &Document<'_>,
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<String, Wrong> {
    let possible = |name: &&str| {
        (1..=LONGEST).contains(&name.chars().count()) && !name.contains(char::is_control)
    };
    match value.get_ref().as_str().filter(possible) {
        Some(name) => Ok(name.into()),
        None => {
            let written = document.excerpt(value.span());
            let problem =
                format!("name = {written}: it must be 1 to {LONGEST} characters in quotes");
            Err(Wrong::new(document.line(key.span().start), problem).key("name"))
        }
    }
}

/// The name of a network that has none: that of its file, made possible.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let plain = stem.chars().filter(|c| !c.is_control()).take(LONGEST);
    match plain.collect::<String>() {
        name if name.is_empty() => "network".into(),
        name => name,
    }
}

fn read_init(
    document: &Document<'_>,
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Init, Wrong> {
    let init: Init = toml_table::read(document, value, "", &[]).map_err(|e| {
        Wrong::new(e.line, format!("init: {}", e.problem)).key(e.key.as_deref().unwrap_or("init"))
    })?;
    init.validate().map_err(|problem| {
        let wrong = problem.split('.').next().unwrap_or_default();
        let table = value.get_ref().as_table();
        let entry = table.and_then(|table| table.get_key_value(wrong));
        let span = entry.map_or(key.span(), |(key, _)| key.span());
        Wrong::new(document.line(span.start), format!("init: {problem}")).key(wrong)
    })?;
    Ok(init)
}
