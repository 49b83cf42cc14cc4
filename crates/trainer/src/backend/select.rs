//! From what a user wants to a device.

use std::{borrow::Cow, fmt};

use burn::tensor::Device;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{AdapterKind, Backend, threads};
use models::suggest;

/// Which backend a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// A GPU if one is compiled in and present, else the CPU.
    #[default]
    Auto,
    /// This one and no other.
    Fixed(Backend),
}

impl fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Fixed(backend) => backend.name(),
        })
    }
}

impl std::str::FromStr for BackendChoice {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        if let Some(backend) = Backend::named(name) {
            return Ok(Self::Fixed(backend));
        }
        let known = std::iter::once("auto").chain(Backend::ALL.map(Backend::name));
        Err(BackendError::Unknown {
            name: name.into(),
            known: known.collect(),
        })
    }
}

impl Serialize for BackendChoice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BackendChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for BackendChoice {
    fn schema_name() -> Cow<'static, str> {
        "BackendChoice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |name: &str, about: &str| json!({ "const": name, "description": about });
        let auto = one(
            "auto",
            "a GPU if one is compiled in and present, else the CPU",
        );
        let fixed = Backend::ALL.map(|backend| one(backend.name(), backend.about()));
        let all: Vec<_> = std::iter::once(auto).chain(fixed).collect();
        json_schema!({ "type": "string", "oneOf": all })
    }
}

/// A backend and a device to compute on.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The backend.
    pub backend: Backend,
    /// What tensors are created on.
    pub device: Device,
    /// The device, as the backend names it.
    pub name: String,
    /// Why it was taken, as half a sentence.
    pub reason: String,
}

impl Selected {
    /// Whether the device should get images as bytes, and normalise them itself:
    /// a quarter of the transfer.
    pub(crate) fn normalizes(&self) -> bool {
        !self.backend.is_cpu() && data::holds_bytes(&self.device)
    }
}

/// Why there is no backend to compute on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No backend of that name.
    #[error("there is no backend `{name}`{}", suggest(.name, .known))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// All known names.
        known: Vec<&'static str>,
    },
    /// It is not compiled in.
    #[error(
        "backend `{backend}` is not compiled in; add `--features {backend}` to the cargo command \
         (compiled in: {compiled_in})"
    )]
    NotCompiledIn {
        /// The backend.
        backend: Backend,
        /// Those that are.
        compiled_in: String,
    },
    /// No adapter of the wanted kind.
    #[error(
        "backend `{backend}` found no {wanted}{others}; see `kiln devices`, or use `--backend auto`"
    )]
    NoAdapter {
        /// The backend.
        backend: Backend,
        /// What was wanted.
        wanted: &'static str,
        /// What is there instead.
        others: String,
    },
    /// No backend at all is compiled in that could be taken.
    #[error("no backend can be used: {0}; add `--features flex` to the cargo command for the CPU")]
    None(String),
    /// The system does not start the threads of the CPU.
    #[error(
        "cannot start the {threads} threads that compute on the CPU: {problem}; ask for fewer with `--threads`"
    )]
    Threads {
        /// How many.
        threads: usize,
        /// What the system says.
        problem: String,
    },
}

/// Finds the device of a choice.
///
/// `auto` takes the first real GPU of [`Backend::ALL`], else the CPU. Software
/// adapters are taken only for an explicit backend with [`AdapterKind::Cpu`].
///
/// # Errors
/// [`BackendError`], saying what to do.
pub fn select(choice: BackendChoice, kind: AdapterKind) -> Result<Selected, BackendError> {
    match choice {
        BackendChoice::Fixed(backend) => fixed(backend, kind),
        BackendChoice::Auto => auto(),
    }
}

/// The CPU, where nothing has to be moved; what `auto` takes if it is not compiled in.
pub(crate) fn host() -> Result<Selected, BackendError> {
    let mut all = Backend::ALL.into_iter();
    let host = all.find(|backend| backend.is_cpu() && backend.is_compiled_in());
    let choice = host.map_or(BackendChoice::Auto, BackendChoice::Fixed);
    select(choice, AdapterKind::Gpu)
}

fn fixed(backend: Backend, kind: AdapterKind) -> Result<Selected, BackendError> {
    if !backend.is_compiled_in() {
        return Err(BackendError::NotCompiledIn {
            backend,
            compiled_in: compiled_in(),
        });
    }
    let reason = "asked for".to_string();
    if let Some(device) = backend.cpu_device() {
        return cpu(backend, device, reason);
    }
    let adapters = backend.adapters();
    if let Some(adapter) = adapters.iter().find(|adapter| adapter.kind == kind) {
        return Ok(Selected {
            backend,
            device: adapter.device.clone(),
            name: adapter.name.clone(),
            reason,
        });
    }
    let (wanted, flag) = match kind {
        AdapterKind::Gpu => ("GPU", "cpu"),
        AdapterKind::Cpu => ("software adapter", "gpu"),
    };
    let others = match adapters.first() {
        Some(other) => format!(" (but {}, which `--adapter {flag}` takes)", other.name),
        None => String::new(),
    };
    Err(BackendError::NoAdapter {
        backend,
        wanted,
        others,
    })
}

fn auto() -> Result<Selected, BackendError> {
    let mut tried = Vec::new();
    for backend in Backend::ALL {
        if backend.is_cpu() || !backend.is_compiled_in() {
            continue;
        }
        let adapters = backend.adapters();
        if let Some(gpu) = adapters
            .iter()
            .find(|adapter| adapter.kind == AdapterKind::Gpu)
        {
            return Ok(Selected {
                backend,
                device: gpu.device.clone(),
                name: gpu.name.clone(),
                reason: "a GPU is compiled in and present".into(),
            });
        }
        tried.push(match adapters.first() {
            Some(software) => format!("{backend} found no GPU, only {}", software.name),
            None => format!("{backend} found no GPU"),
        });
    }
    let reason = match tried.is_empty() {
        true => "no GPU backend is compiled in".to_string(),
        false => tried.join(", "),
    };
    for backend in [Backend::Flex, Backend::NdArray] {
        if let Some(device) = backend.cpu_device() {
            return cpu(backend, device, reason);
        }
    }
    Err(BackendError::None(reason))
}

fn cpu(backend: Backend, device: Device, reason: String) -> Result<Selected, BackendError> {
    let threads = threads::start(None)?;
    let plural = if threads == 1 { "" } else { "s" };
    Ok(Selected {
        backend,
        device,
        name: format!("CPU, {threads} thread{plural}"),
        reason,
    })
}

fn compiled_in() -> String {
    let names: Vec<_> = Backend::ALL
        .into_iter()
        .filter(|backend| backend.is_compiled_in())
        .map(Backend::name)
        .collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in [
            "auto", "flex", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm", "ndarray",
        ] {
            assert_eq!(name.parse::<BackendChoice>().unwrap().to_string(), name);
        }
        let error = "wpgu".parse::<BackendChoice>().unwrap_err().to_string();
        assert!(error.contains("did you mean `wgpu`?"), "{error}");
    }

    #[test]
    fn what_is_not_compiled_in_names_its_feature() {
        // No build has both toolkits.
        let missing = [Backend::Cuda, Backend::Rocm]
            .into_iter()
            .find(|b| !b.is_compiled_in());
        let error = select(BackendChoice::Fixed(missing.unwrap()), AdapterKind::Gpu).unwrap_err();
        assert!(error.to_string().contains("--features "), "{error}");
    }
}
