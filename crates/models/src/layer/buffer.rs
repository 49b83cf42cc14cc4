use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::{
    module::{
        Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
        ParamId,
    },
    tensor::{Device, Tensor},
};

/// A tensor that the forward pass changes and no gradient reaches, PyTorch's
/// `buffer`.
///
/// Burn's `RunningState` is shared by clones, so that weights kept aside would go
/// on changing, and shows its value one update late. A clone of this one is a copy.
#[derive(Debug)]
pub(crate) struct Buffer {
    id: ParamId,
    value: Mutex<Tensor<1>>,
}

impl Buffer {
    pub fn new(value: Tensor<1>) -> Self {
        Self::with_id(ParamId::new(), value)
    }

    fn with_id(id: ParamId, value: Tensor<1>) -> Self {
        Self {
            id,
            value: Mutex::new(value),
        }
    }

    pub fn value(&self) -> Tensor<1> {
        self.lock().clone()
    }

    /// Replaces the value by what `change` makes of it.
    pub fn update(&self, change: impl FnOnce(Tensor<1>) -> Tensor<1>) {
        let mut value = self.lock();
        let new = change(value.clone());
        *value = new;
    }

    fn lock(&self) -> MutexGuard<'_, Tensor<1>> {
        // The value is whole whatever a thread that held it died of.
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn map_value(self, change: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        Self::with_id(self.id, change(self.value()))
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::with_id(self.id, self.value())
    }
}

impl Module for Buffer {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_float(&Param::initialized(self.id, self.value()));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let param = mapper.map_float(Param::initialized(self.id, self.value()));
        // A record brings its own id.
        Self::with_id(param.id, param.val().set_require_grad(false))
    }

    fn collect_devices(&self, mut devices: Vec<Device>) -> Vec<Device> {
        let device = self.lock().device();
        if !devices.contains(&device) {
            devices.push(device);
        }
        devices
    }

    fn to_device(self, device: &Device) -> Self {
        self.map_value(|value| value.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        Self::with_id(self.id, self.value().without_autodiff())
    }

    fn train(self) -> Self {
        self.map_value(Tensor::from_inner)
    }
}

impl ModuleDisplayDefault for Buffer {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&"Buffer").optional()
    }
}

impl ModuleDisplay for Buffer {}
