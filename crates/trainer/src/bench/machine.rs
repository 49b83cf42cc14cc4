use crate::{backend::Backend, machine, short_name::short_name};

/// The processor, as Linux names it; elsewhere its architecture.
#[must_use]
pub fn processor() -> String {
    machine::processor().unwrap_or_else(|| std::env::consts::ARCH.into())
}

/// What computes, as a part of the name of a file: the processor for a CPU backend, the
/// adapter for another one.
#[must_use]
pub fn device_slug(backend: Backend, device: &str, processor: &str) -> String {
    let name = if backend.is_cpu() { processor } else { device };
    // "Intel(R) Xeon(R)" and "NVIDIA GeForce RTX 4090/PCIe" have more dashes than words.
    let words = name.replace("(R)", " ").replace("(TM)", " ");
    let words: Vec<&str> = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    short_name(&words.join("-"), "device")
}

/// `on` or `off`, of [Kiln's own kernels](kernels), for the backend that has them.
#[must_use]
pub fn kernels_switch(backend: Backend, enabled: bool) -> Option<&'static str> {
    let switch = if enabled { "on" } else { "off" };
    (backend == Backend::Flex).then_some(switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_what_computes() {
        let cpu = "Intel(R) Xeon(R) Processor @ 2.10GHz";
        let slug = |backend, device| device_slug(backend, device, cpu);
        assert_eq!(
            slug(Backend::Flex, "CPU, 2 threads"),
            "intel-xeon-processor-2-10ghz"
        );
        assert_eq!(
            slug(Backend::Wgpu, "llvmpipe (LLVM 15.0.7, 256 bits)"),
            "llvmpipe-llvm-15-0-7-256-bits"
        );
        assert_eq!(slug(Backend::Cuda, "///"), "device");
    }
}
