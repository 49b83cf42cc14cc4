//! The page as text: templates, and what is put into them.

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde,
};

use super::{compare::Comparison, run::Run};
use crate::{TrainError, Versions};

/// What the templates get.
#[derive(Debug)]
pub(super) struct Page {
    runs: Vec<Run>,
    comparison: Option<Comparison>,
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("templates/", $name)))),*]
    };
}

const TEMPLATES: [(&str, &str); 18] = templates![
    "page.html",
    "header.html",
    "curves.html",
    "chart.html",
    "classes.html",
    "confusion.html",
    "gallery.html",
    "mistakes.html",
    "predictions.html",
    "tile.html",
    "layers.html",
    "network.html",
    "speed.html",
    "settings.html",
    "environment.html",
    "commands.html",
    "compare.html",
    "missing.html",
];
const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/script.js");

impl Page {
    /// Of at least one run.
    pub fn new(runs: Vec<Run>, comparison: Option<Comparison>) -> Self {
        Self { runs, comparison }
    }

    pub fn render(&self) -> Result<String, TrainError> {
        let failed = |e: minijinja::Error| TrainError::Report(format!("{e:#}"));
        let environment = environment().map_err(failed)?;
        let page = environment.get_template("page.html").map_err(failed)?;
        let title = match &self.runs[..] {
            [run] => run.title(),
            runs => format!("{} runs compared", runs.len()),
        };
        page.render(context! {
            title,
            runs => Serde(&self.runs),
            comparison => Serde(&self.comparison),
            version => Versions::current().kiln,
            style => STYLE,
            script => SCRIPT,
        })
        .map_err(failed)
    }
}

/// The templates. All that is put into them is escaped, whatever their names, but for
/// style, script, and the data URIs of images: base64 has nothing to be escaped, but `/`
/// would be. A slip in a name is an error.
fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}
