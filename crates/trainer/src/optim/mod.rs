//! Optimizers with PyTorch's arithmetic, for any Burn module.
//!
//! Burn's own keep their state by the ids of a process and load it on the default
//! device, have other constants, and clip each tensor by itself. These keep it by
//! the names of parameters, on the device, off the graph.

mod adagrad;
mod adam;
#[cfg(all(test, feature = "flex"))]
mod golden;
mod lion;
mod muon;
pub(crate) mod patterns;
mod rmsprop;
mod rule;
mod sgd;
mod slot;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::{Device, Tensor},
};
use models::{ParameterPath, StateDict, WeightsError};

pub use self::patterns::freeze;
use self::{
    rule::Update,
    slot::{Slot, slots},
};
use crate::{
    config::{ConfigError, OptimizerConfig},
    flat::{self, Kept},
    gradients::Gradients,
};

/// Changes the parameters of a module by their gradients.
///
/// It knows parameters by their names (`conv1.weight`), not by Burn's ids, which
/// are others in every process, and keeps what it needs of the past on their device.
#[derive(Debug)]
pub struct Optimizer {
    whose: String,
    clip_value: Option<f64>,
    clip_norm: Option<f64>,
    slots: BTreeMap<String, Slot>,
    updates: u64,
}

impl Optimizer {
    /// The optimizer of the parameters of `module` that require gradients and are
    /// not [frozen](OptimizerConfig::freeze). `module` is on an autodiff device.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a pattern that matches no parameter, with some
    /// names, and if nothing is left to train. `config` is valid otherwise.
    pub fn new<M: Module>(config: &OptimizerConfig, module: &M) -> Result<Self, ConfigError> {
        Ok(Self {
            whose: format!("the optimizer ({})", config.name),
            clip_value: config.clip_value,
            clip_norm: config.clip_norm,
            slots: slots(config, module)?,
            updates: 0,
        })
    }

    /// Clips `gradients` as configured (values first, then the norm over all) and
    /// does an update with learning rate `lr`, that of the schedule.
    ///
    /// A parameter without a gradient stays as it is.
    #[must_use]
    pub fn step<M: Module>(&mut self, lr: f64, module: M, mut gradients: Gradients) -> M {
        if let Some(bound) = self.clip_value {
            gradients.clip_value(bound);
        }
        if let Some(most) = self.clip_norm {
            // What is not trained has no part in the norm.
            let mut trained = Trained {
                path: ParameterPath::default(),
                slots: &self.slots,
                ids: HashSet::new(),
            };
            module.visit(&mut trained);
            gradients.retain(&trained.ids);
            gradients.clip_norm(most);
        }
        self.updates += 1;
        module.map(&mut Step {
            path: ParameterPath::default(),
            slots: &mut self.slots,
            gradients: gradients.into_map(),
            lr,
            number: self.updates,
        })
    }

    /// How many updates were done, which is the time of Adam's bias correction.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// What it keeps of the past, under the names of parameters and PyTorch's:
    /// `conv1.weight.exp_avg`, shaped as the parameters are in PyTorch.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn state_dict(&self) -> Result<StateDict, WeightsError> {
        flat::read(self.slots.iter().flat_map(|(name, slot)| {
            let kept = slot.names().into_iter().zip(&slot.state);
            kept.map(move |(of, values)| (format!("{name}.{of}"), &slot.layout, values))
        }))
    }

    /// Goes on where another optimizer of the same configuration was after `updates`
    /// updates, with its [`state_dict`](Self::state_dict): bit for bit, for
    /// parameters of 32 bits or less. `device` is that of the module.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] with all that is missing, unexpected or of another
    /// shape; nothing has changed then.
    pub fn load_state(
        &mut self,
        updates: u64,
        state: &StateDict,
        device: &Device,
    ) -> Result<(), WeightsError> {
        let mut kept = Vec::new();
        for (name, slot) in &mut self.slots {
            let names = slot.names();
            for (of, values) in names.into_iter().zip(&mut slot.state) {
                kept.push(Kept {
                    name: format!("{name}.{of}"),
                    layout: &slot.layout,
                    values,
                });
            }
        }
        flat::write(&self.whose, kept, state, device)?;
        self.updates = updates;
        Ok(())
    }
}

/// A walk that finds the parameters that are trained.
struct Trained<'a> {
    path: ParameterPath,
    slots: &'a BTreeMap<String, Slot>,
    ids: HashSet<ParamId>,
}

impl ModuleVisitor for Trained<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.slots.contains_key(&self.path.name()) {
            self.ids.insert(param.id);
        }
    }
}

/// A walk that updates.
struct Step<'a> {
    path: ParameterPath,
    slots: &'a mut BTreeMap<String, Slot>,
    gradients: HashMap<ParamId, Tensor<1>>,
    lr: f64,
    number: u64,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove(&param.id) else {
            return param;
        };
        let Some(slot) = self.slots.get_mut(&self.path.name()) else {
            return param;
        };
        let update = Update {
            lr: self.lr * slot.lr_scale,
            weight_decay: slot.weight_decay,
            number: self.number,
            layout: &slot.layout,
        };
        flat::replaced(param, |old| {
            slot.rule.update(&update, old, gradient, &mut slot.state)
        })
    }
}
