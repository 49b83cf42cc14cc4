//! Layers as Burn modules, by hand: the derived code would name a parameter
//! after variants and positions, and a record must find it by the name of its
//! layer, as PyTorch does, whatever other layers come to be.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor},
    tensor::Device,
};

use super::{Layer, Named, Stack};

/// The layer with every module in it changed.
macro_rules! change {
    ($layer:expr, $module:ident => $change:expr) => {
        match $layer {
            Layer::Conv2d($module) => Layer::Conv2d($change),
            Layer::Linear($module) => Layer::Linear($change),
            Layer::BatchNorm($module) => Layer::BatchNorm($change),
            Layer::Dropout($module) => Layer::Dropout($change),
            Layer::Op(spec) => Layer::Op(spec.clone()),
            Layer::Residual {
                body,
                shortcut,
                after,
            } => Layer::Residual {
                body: {
                    let $module = body;
                    $change
                },
                shortcut: {
                    let $module = shortcut;
                    $change
                },
                after: {
                    let $module = after;
                    $change
                },
            },
            Layer::Concat(branches) => {
                let mut changed = Vec::with_capacity(branches.len());
                for $module in branches {
                    changed.push($change);
                }
                Layer::Concat(changed)
            }
            Layer::Auxiliary { layers, weight } => Layer::Auxiliary {
                layers: {
                    let $module = layers;
                    $change
                },
                weight: weight.clone(),
            },
        }
    };
}

/// Does something with every module in a layer.
macro_rules! each {
    ($layer:expr, $module:ident => $action:expr) => {
        match $layer {
            Layer::Conv2d($module) => $action,
            Layer::Linear($module) => $action,
            Layer::BatchNorm($module) => $action,
            Layer::Dropout($module) => $action,
            Layer::Op(_) => {}
            Layer::Residual {
                body,
                shortcut,
                after,
            } => {
                for $module in [body, shortcut, after] {
                    $action
                }
            }
            Layer::Concat(branches) => {
                for $module in branches {
                    $action
                }
            }
            Layer::Auxiliary {
                layers: $module, ..
            } => $action,
        }
    };
}

impl Module for Layer {
    fn collect_devices(&self, mut devices: Vec<Device>) -> Vec<Device> {
        each!(self, module => devices = module.collect_devices(devices));
        devices
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        each!(self, module => module.visit(visitor));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        change!(self, module => module.map(mapper))
    }

    fn fork(self, device: &Device) -> Self {
        change!(self, module => module.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        change!(self, module => module.to_device(device))
    }

    fn train(self) -> Self {
        change!(self, module => module.train())
    }

    fn valid(&self) -> Self {
        change!(self, module => module.valid())
    }

    fn materialize(self) -> Self {
        change!(self, module => module.materialize())
    }
}

impl Named {
    fn with(self, change: impl FnOnce(Layer) -> Layer) -> Self {
        Self {
            layer: change(self.layer),
            ..self
        }
    }
}

impl Stack {
    fn with(self, change: impl FnMut(Named) -> Named) -> Self {
        Self(self.0.into_iter().map(change).collect())
    }
}

/// What Burn's visitors take for the type that holds a layer.
const CONTAINER: &str = "Network";

impl Module for Stack {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        let layers = self.0.iter();
        layers.fold(devices, |devices, named| {
            named.layer.collect_devices(devices)
        })
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for named in &self.0 {
            visitor.enter_module(&named.name, CONTAINER);
            named.layer.visit(visitor);
            visitor.exit_module(&named.name, CONTAINER);
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        self.with(|named| {
            mapper.enter_module(&named.name, CONTAINER);
            let named = named.with(|layer| layer.map(mapper));
            mapper.exit_module(&named.name, CONTAINER);
            named
        })
    }

    fn fork(self, device: &Device) -> Self {
        self.with(|named| named.with(|layer| layer.fork(device)))
    }

    fn to_device(self, device: &Device) -> Self {
        self.with(|named| named.with(|layer| layer.to_device(device)))
    }

    fn train(self) -> Self {
        self.with(|named| named.with(Module::train))
    }

    fn valid(&self) -> Self {
        let layers = self.0.iter().map(|named| Named {
            name: named.name.clone(),
            path: named.path.clone(),
            layer: named.layer.valid(),
        });
        Self(layers.collect())
    }

    fn materialize(self) -> Self {
        self.with(|named| named.with(Module::materialize))
    }
}
