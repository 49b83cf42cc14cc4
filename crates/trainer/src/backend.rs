//! Where to compute. The only file that names backends and carries their features.

use std::fmt;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// A backend of Burn that Kiln can be compiled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The CPU, in pure Rust.
    Flex,
    /// GPUs through wgpu, on the graphics API that it finds.
    Wgpu,
    /// wgpu on Vulkan.
    Vulkan,
    /// wgpu on Metal.
    Metal,
    /// wgpu on WebGPU.
    WebGpu,
    /// NVIDIA GPUs.
    Cuda,
    /// AMD GPUs.
    Rocm,
    /// Burn's former CPU backend, for comparison.
    NdArray,
}

impl Backend {
    /// All backends, in the order in which `auto` tries those for GPUs.
    pub const ALL: [Self; 8] = [
        Self::Cuda,
        Self::Rocm,
        Self::Metal,
        Self::Vulkan,
        Self::WebGpu,
        Self::Wgpu,
        Self::Flex,
        Self::NdArray,
    ];

    /// Its name on the command line, which is also its cargo feature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::WebGpu => "webgpu",
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::NdArray => "ndarray",
        }
    }

    /// What it computes on.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Flex => "CPU, pure Rust",
            Self::Wgpu => "GPU, any graphics API",
            Self::Vulkan => "GPU, Vulkan",
            Self::Metal => "GPU, Metal",
            Self::WebGpu => "GPU, WebGPU",
            Self::Cuda => "NVIDIA GPU",
            Self::Rocm => "AMD GPU",
            Self::NdArray => "CPU, deprecated by Burn",
        }
    }

    /// Whether it is compiled in.
    #[must_use]
    pub fn is_compiled_in(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
            Self::WebGpu => cfg!(feature = "webgpu"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
            Self::NdArray => cfg!(feature = "ndarray"),
        }
    }

    /// Whether it computes on the CPU without an adapter.
    #[must_use]
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::NdArray)
    }

    /// The backend of that name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == name)
    }

    /// The adapters that the backend finds on this machine; none if it is not
    /// compiled in, and none for a CPU backend, which needs none.
    #[must_use]
    pub fn adapters(self) -> Vec<Adapter> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu::adapters(wgpu::Api::Auto),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => wgpu::adapters(wgpu::Api::Vulkan),
            #[cfg(feature = "metal")]
            Self::Metal => wgpu::adapters(wgpu::Api::Metal),
            #[cfg(feature = "webgpu")]
            Self::WebGpu => wgpu::adapters(wgpu::Api::WebGpu),
            #[cfg(feature = "cuda")]
            Self::Cuda => toolkit_adapters(burn::tensor::DeviceType::Cuda),
            #[cfg(feature = "rocm")]
            Self::Rocm => toolkit_adapters(burn::tensor::DeviceType::Rocm),
            _ => Vec::new(),
        }
    }

    /// The device of a CPU backend that is compiled in.
    fn cpu_device(self) -> Option<Device> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Some(Device::flex()),
            #[cfg(feature = "ndarray")]
            // Deprecated by Burn, and kept for comparison until it is gone there.
            #[allow(deprecated)]
            Self::NdArray => Some(Device::ndarray()),
            _ => None,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
        let names = || std::iter::once("auto").chain(Backend::ALL.map(Backend::name));
        let nearest = names()
            .map(|known| (strsim::jaro_winkler(known, name), known))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        Err(BackendError::Unknown {
            name: name.into(),
            nearest: nearest.map(|(_, known)| known.into()),
            known: names().collect::<Vec<_>>().join(", "),
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

/// Which kind of adapter a GPU backend takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A real GPU.
    #[default]
    Gpu,
    /// A software adapter, such as Mesa's llvmpipe: for tests, and slow.
    Cpu,
}

/// An adapter that a GPU backend found.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// As its driver names it.
    pub name: String,
    /// Whether it is a GPU or software.
    pub kind: AdapterKind,
    /// What tensors are created on.
    device: Device,
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

/// Why there is no backend to compute on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No backend of that name.
    #[error("there is no backend `{name}`{}; known: {known}", suggestion(.nearest))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The known name that looks most like it.
        nearest: Option<String>,
        /// All known names.
        known: String,
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
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(name) => format!(" (did you mean `{name}`?)"),
        None => String::new(),
    }
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

fn fixed(backend: Backend, kind: AdapterKind) -> Result<Selected, BackendError> {
    if !backend.is_compiled_in() {
        return Err(BackendError::NotCompiledIn {
            backend,
            compiled_in: compiled_in(),
        });
    }
    let reason = "asked for".to_string();
    if let Some(device) = backend.cpu_device() {
        return Ok(cpu(backend, device, reason));
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
            return Ok(cpu(backend, device, reason));
        }
    }
    Err(BackendError::None(reason))
}

fn cpu(backend: Backend, device: Device, reason: String) -> Selected {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let plural = if threads == 1 { "" } else { "s" };
    Selected {
        backend,
        device,
        name: format!("CPU, {threads} thread{plural}"),
        reason,
    }
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

/// The cards of a vendor's own toolkit: all are GPUs.
#[cfg(any(feature = "cuda", feature = "rocm"))]
fn toolkit_adapters(kind: burn::tensor::DeviceType) -> Vec<Adapter> {
    Device::enumerate(kind)
        .into_iter()
        .map(|device| Adapter {
            name: adapter_name(&device),
            kind: AdapterKind::Gpu,
            device,
        })
        .collect()
}

/// A GPU's name, as its driver gives it.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
fn adapter_name(device: &Device) -> String {
    match device.identity() {
        Some(identity) if !identity.name.is_empty() => identity.name,
        _ => format!("{device:?}"),
    }
}

#[cfg(feature = "wgpu")]
mod wgpu {
    use burn::tensor::{Device, DeviceKind, DeviceType};

    use super::{Adapter, AdapterKind, adapter_name};

    /// The graphics API that a backend pins wgpu to.
    #[derive(Clone, Copy)]
    pub enum Api {
        Auto,
        #[cfg(feature = "vulkan")]
        Vulkan,
        #[cfg(feature = "metal")]
        Metal,
        #[cfg(feature = "webgpu")]
        WebGpu,
    }

    impl Api {
        fn device(self, kind: DeviceKind) -> Device {
            match self {
                Self::Auto => Device::wgpu(kind),
                #[cfg(feature = "vulkan")]
                Self::Vulkan => Device::vulkan(kind),
                #[cfg(feature = "metal")]
                Self::Metal => Device::metal(kind),
                #[cfg(feature = "webgpu")]
                Self::WebGpu => Device::webgpu(kind),
            }
        }

        fn device_type(self) -> DeviceType {
            match self {
                Self::Auto => DeviceType::Wgpu,
                #[cfg(feature = "vulkan")]
                Self::Vulkan => DeviceType::Vulkan,
                #[cfg(feature = "metal")]
                Self::Metal => DeviceType::Metal,
                #[cfg(feature = "webgpu")]
                Self::WebGpu => DeviceType::WebGpu,
            }
        }
    }

    /// The adapters on an API, discrete GPUs first.
    ///
    /// Burn enumerates devices without saying of what kind they are, and makes
    /// a device of any kind without saying whether it exists: both together tell.
    pub fn adapters(api: Api) -> Vec<Adapter> {
        let found: Vec<Device> = Device::enumerate(api.device_type()).into_iter().collect();
        let gpus = |make: fn(usize) -> DeviceKind| {
            (0..found.len()).map(move |index| (make(index), AdapterKind::Gpu))
        };
        gpus(DeviceKind::DiscreteGpu)
            .chain(gpus(DeviceKind::IntegratedGpu))
            .chain(gpus(DeviceKind::VirtualGpu))
            .chain([(DeviceKind::Cpu, AdapterKind::Cpu)])
            .map(|(selector, kind)| (api.device(selector), kind))
            .filter(|(device, _)| found.contains(device))
            .map(|(device, kind)| Adapter {
                name: adapter_name(&device),
                kind,
                device,
            })
            .collect()
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
