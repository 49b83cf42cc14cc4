//! Patterns of names in a configuration.

use std::collections::HashSet;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::Tensor,
};
use models::ParameterPath;
use wildmatch::WildMatch;

use crate::config::ConfigError;

/// How many names an error lists.
const LISTED: usize = 12;

/// Whether `name` matches `pattern`, with `*` for any characters and `?` for one.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    WildMatch::new(pattern).matches(name)
}

/// An error if `pattern`, the value of `key`, matches none of `names`.
pub(super) fn check(
    key: String,
    pattern: &str,
    names: &[String],
    what: &str,
) -> Result<(), ConfigError> {
    if names.iter().any(|name| matches(pattern, name)) {
        return Ok(());
    }
    let mut listed = names[..names.len().min(LISTED)].join(", ");
    if names.len() > LISTED {
        listed += &format!(" and {} more", names.len() - LISTED);
    }
    Err(ConfigError::Value {
        key: key.into(),
        value: format!("\"{pattern}\""),
        problem: format!(
            "no {what} is named so (* stands for any characters, ? for one); there are: {listed}"
        ),
        origin: None,
    })
}

/// `module` with the parameters whose names match one of `patterns` (`conv1.*`)
/// left out of differentiation: they stay as they are.
///
/// The names are those of PyTorch, `layer1.0.conv1.weight`. Batch norms of frozen
/// layers go on normalising by the batch in training, and their running statistics
/// go on following it, as in PyTorch.
///
/// # Errors
/// [`ConfigError::Value`] for a pattern, one of `optimizer.freeze`, that matches no
/// parameter, with some names.
pub fn freeze<M: Module>(module: M, patterns: &[String]) -> Result<M, ConfigError> {
    let mut names = names_of(&module);
    names.retain(|name| !is_statistic(name));
    for (at, pattern) in patterns.iter().enumerate() {
        let key = format!("optimizer.freeze[{at}]");
        check(key, pattern, &names, "parameter")?;
    }
    if patterns.is_empty() {
        return Ok(module);
    }
    let frozen = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    Ok(module.map(&mut Switch {
        path: ParameterPath::default(),
        to: false,
        which: &frozen,
    }))
}

/// The names of the parameters that are differentiated. `module` is on a device with autodiff.
pub(crate) fn differentiated<M: Module>(module: &M) -> HashSet<String> {
    let mut found = Differentiated::default();
    module.visit(&mut found);
    found.names
}

/// Takes back what [`freeze`] did to the parameters of these names.
pub(crate) fn thaw<M: Module>(module: M, frozen: &HashSet<String>) -> M {
    if frozen.is_empty() {
        return module;
    }
    module.map(&mut Switch {
        path: ParameterPath::default(),
        to: true,
        which: &|name| frozen.contains(name),
    })
}

/// The names of all floats of a module, running statistics among them.
pub(crate) fn names_of<M: Module>(module: &M) -> Vec<String> {
    let floats = floats_of(module).into_iter();
    floats.map(|(_, name)| name).collect()
}

/// As [`names_of`], each with its id.
pub(crate) fn floats_of<M: Module>(module: &M) -> Vec<(ParamId, String)> {
    let mut floats = Floats::default();
    module.visit(&mut floats);
    floats.found
}

#[derive(Default)]
struct Floats {
    path: ParameterPath,
    found: Vec<(ParamId, String)>,
}

impl ModuleVisitor for Floats {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((param.id, self.path.name()));
    }
}

#[derive(Default)]
struct Differentiated {
    path: ParameterPath,
    names: HashSet<String>,
}

impl ModuleVisitor for Differentiated {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            self.names.insert(self.path.name());
        }
    }
}

/// Has some parameters differentiated, or left out of that.
struct Switch<'a> {
    path: ParameterPath,
    to: bool,
    which: &'a dyn Fn(&str) -> bool,
}

impl ModuleMapper for Switch<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match (self.which)(&self.path.name()) {
            true => param.set_require_grad(self.to),
            false => param,
        }
    }
}

/// Whether this is a running statistic of a batch norm, which no gradient reaches:
/// they go by these names in PyTorch, in Burn and here.
pub(crate) fn is_statistic(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(last, "running_mean" | "running_var")
}
