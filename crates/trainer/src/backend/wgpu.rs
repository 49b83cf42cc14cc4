//! The adapters of wgpu and its pinned relatives.

use std::{
    future::Future,
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
};

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

/// The driver of the adapter of that name, as it names itself, with its version: `Mesa 22.3.6
/// (LLVM 15.0.6)`.
pub fn driver(adapter: &str) -> Option<String> {
    let info = known().iter().find(|info| info.name == adapter)?;
    // Some repeat the name of the driver in its version.
    let words = match info.driver_info.contains(&info.driver) {
        true => info.driver_info.clone(),
        false => format!("{} {}", info.driver, info.driver_info),
    };
    Some(words.trim().to_string()).filter(|words| !words.is_empty())
}

/// What wgpu itself knows of the adapters, asked once.
fn known() -> &'static [graphics::AdapterInfo] {
    static KNOWN: OnceLock<Vec<graphics::AdapterInfo>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let all = graphics::Backends::all();
        let instance = graphics::Instance::new(graphics::InstanceDescriptor {
            backends: all,
            ..graphics::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = pin!(instance.enumerate_adapters(all));
        // What is native answers at once.
        match adapters.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(adapters) => adapters.iter().map(graphics::Adapter::get_info).collect(),
            Poll::Pending => Vec::new(),
        }
    })
}
