//! The type of numbers of a device.

use burn::tensor::DeviceError;

use super::Selected;
use crate::config::{ConfigError, Precision};

impl Selected {
    /// Has the tensors that are made on the device from now on be of `precision`, where
    /// nothing else is said. A process can say so once for a device, and before there
    /// is any tensor.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the device does not compute in it, or if this process
    /// computes in another one there already.
    pub(crate) fn compute_in(&self, precision: Precision) -> Result<(), ConfigError> {
        let fail = |problem: String| ConfigError::Value {
            key: "precision".into(),
            value: precision.to_string(),
            problem,
            origin: None,
        };
        let known = |of: &Precision| self.device.supports_dtype(of.dtype());
        if !known(&precision) {
            let all = Precision::ALL.into_iter().filter(known);
            let all: Vec<&str> = all.map(Precision::name).collect();
            return Err(fail(format!(
                "backend `{}` ({}) does not compute in it, but in {}",
                self.backend,
                self.name,
                all.join(", ")
            )));
        }
        if self.device.settings().float_dtype == precision.float() {
            return Ok(());
        }
        let configured = self.device.clone().configure(precision.float());
        configured.map_err(|error| match error {
            DeviceError::AlreadyInitialized { .. } => fail(format!(
                "this process computes on backend `{}` in another precision already: take \
                 another process",
                self.backend
            )),
            other => fail(other.to_string()),
        })
    }
}
