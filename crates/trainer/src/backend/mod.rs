//! Where to compute. The only folder that names backends and carries their features.

mod precision;
mod select;
mod threads;
#[cfg(feature = "wgpu")]
mod wgpu;

use std::fmt;

use burn::tensor::Device;
use data::{Batch, BatchTensors};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use select::host;
pub use select::{BackendChoice, BackendError, Selected, select};
pub use threads::{physical_cores, threads_of_environment, use_threads};

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

    /// The one that is compiled in when no feature is named.
    pub const DEFAULT: Self = Self::Flex;

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

    /// Whether tensors of `device` lie in the memory of the CPU.
    fn is_in_host_memory(device: &Device) -> bool {
        let mut cpus = Self::ALL.into_iter().filter_map(Self::cpu_device);
        cpus.any(|cpu| cpu == *device)
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

    /// The driver of an adapter of that name, with its version, where the backend knows it:
    /// wgpu and its pinned relatives.
    #[must_use]
    #[cfg_attr(not(feature = "wgpu"), expect(unused_variables))]
    pub fn driver(self, adapter: &str) -> Option<String> {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu | Self::Vulkan | Self::Metal | Self::WebGpu => wgpu::driver(adapter),
            _ => None,
        }
    }

    /// Whether it is compiled in, and has a device: the CPU, or an adapter of that kind.
    #[must_use]
    pub fn has_device(self, kind: AdapterKind) -> bool {
        match self.is_cpu() {
            true => self.is_compiled_in(),
            false => self.adapters().iter().any(|adapter| adapter.kind == kind),
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

/// Puts a batch on `device`: at once, unless it lies in the memory of the CPU, where
/// nothing is gained by that.
pub(crate) fn send(batch: Batch, device: &Device) -> BatchTensors {
    match Backend::is_in_host_memory(device) {
        true => batch.to_tensors(device),
        false => batch.to_tensors_at_once(device),
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which kind of adapter a GPU backend takes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A real GPU.
    #[default]
    Gpu,
    /// A software adapter, such as Mesa's llvmpipe: for tests, and slow.
    Cpu,
}

/// As it is written in a configuration.
impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        })
    }
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
