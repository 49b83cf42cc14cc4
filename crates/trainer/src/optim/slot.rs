//! Which rule, rate and decay each parameter gets.

use std::{collections::BTreeMap, sync::Arc};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{DType, Tensor},
};
use models::ParameterPath;

use super::{
    adagrad::Adagrad,
    adam::Adam,
    lion::Lion,
    muon::Muon,
    patterns::{check, matches},
    rmsprop::RmsProp,
    rule::Rule,
    sgd::Sgd,
};
use crate::{
    config::{ConfigError, OptimizerConfig, OptimizerName},
    flat::Layout,
};

/// What is known of a parameter.
#[derive(Debug)]
pub(super) struct Slot {
    pub layout: Layout,
    pub rule: Arc<dyn Rule>,
    /// Factor of the learning rate.
    pub lr_scale: f64,
    pub weight_decay: f64,
    /// In the order of the rule's names.
    pub state: Vec<Tensor<1>>,
}

impl Slot {
    /// The names of what is kept.
    pub fn names(&self) -> Vec<&'static str> {
        self.rule
            .state()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

/// The slots of the parameters of `module` that are trained.
pub(super) fn slots<M: Module>(
    config: &OptimizerConfig,
    module: &M,
) -> Result<BTreeMap<String, Slot>, ConfigError> {
    let mut finder = Finder {
        path: ParameterPath::default(),
        config,
        main: rule(config),
        beside: adamw_beside_muon(config),
        slots: BTreeMap::new(),
        names: Vec::new(),
    };
    module.visit(&mut finder);
    let Finder { slots, names, .. } = finder;
    if names.is_empty() {
        return Err(ConfigError::Value {
            key: "optimizer.freeze".into(),
            value: format!("{:?}", config.freeze),
            problem: "no parameter of the network is left to train".into(),
            origin: None,
        });
    }
    for (at, group) in config.groups.iter().enumerate() {
        let key = format!("optimizer.groups[{at}].parameters");
        check(key, &group.parameters, &names, "parameter that is trained")?;
    }
    for (at, pattern) in config.adamw_parameters.iter().flatten().enumerate() {
        let key = format!("optimizer.adamw_parameters[{at}]");
        check(key, pattern, &names, "parameter that is trained")?;
    }
    Ok(slots)
}

fn rule(config: &OptimizerConfig) -> Arc<dyn Rule> {
    match config.name {
        OptimizerName::Sgd => Arc::new(Sgd {
            momentum: config.momentum(),
            nesterov: config.nesterov(),
        }),
        OptimizerName::Adam | OptimizerName::AdamW => Arc::new(Adam {
            betas: config.betas(),
            eps: config.eps(),
            decoupled: config.name == OptimizerName::AdamW,
        }),
        OptimizerName::RmsProp => Arc::new(RmsProp {
            alpha: config.alpha(),
            eps: config.eps(),
            momentum: config.momentum(),
            centered: config.centered(),
        }),
        OptimizerName::Adagrad => Arc::new(Adagrad {
            lr_decay: config.lr_decay(),
            initial_accumulator: config.initial_accumulator(),
            eps: config.eps(),
        }),
        OptimizerName::Lion => Arc::new(Lion {
            betas: config.betas(),
        }),
        OptimizerName::Muon => Arc::new(Muon {
            momentum: config.momentum(),
            nesterov: config.nesterov(),
            adjust_lr: config.adjust_lr(),
        }),
    }
}

/// What Muon leaves to AdamW.
fn adamw_beside_muon(config: &OptimizerConfig) -> Option<Arc<dyn Rule>> {
    (config.name == OptimizerName::Muon).then(|| {
        let adamw: Arc<dyn Rule> = Arc::new(Adam {
            betas: config.betas(),
            eps: config.eps(),
            decoupled: true,
        });
        adamw
    })
}

struct Finder<'a> {
    path: ParameterPath,
    config: &'a OptimizerConfig,
    main: Arc<dyn Rule>,
    beside: Option<Arc<dyn Rule>>,
    slots: BTreeMap<String, Slot>,
    /// In the order of the module.
    names: Vec<String>,
}

impl ModuleVisitor for Finder<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        let config = self.config;
        let frozen = config.freeze.iter().any(|p| matches(p, &name));
        if frozen || !param.is_require_grad() {
            return;
        }
        let left_to_adamw = |patterns: &Option<Vec<String>>| {
            D < 2 || patterns.iter().flatten().any(|p| matches(p, &name))
        };
        let (rule, mut lr_scale) = match &self.beside {
            Some(adamw) if left_to_adamw(&config.adamw_parameters) => {
                (adamw, config.adamw_lr_scale())
            }
            _ => (&self.main, 1.0),
        };
        let mut weight_decay = match D < 2 && !config.decay_norm_and_bias {
            true => 0.0,
            false => config.weight_decay(),
        };
        let mut groups = config.groups.iter().rev();
        if let Some(group) = groups.find(|group| matches(&group.parameters, &name)) {
            lr_scale *= group.lr_scale;
            weight_decay = group.weight_decay.unwrap_or(weight_decay);
        }
        let layout = Layout::of(param, &self.path);
        let device = param.device().inner();
        let state = rule.state().into_iter();
        let state =
            state.map(|(_, first)| Tensor::full([layout.len()], first, (&device, DType::F32)));
        let slot = Slot {
            state: state.collect(),
            layout,
            rule: Arc::clone(rule),
            lr_scale,
            weight_decay,
        };
        self.names.push(name.clone());
        self.slots.insert(name, slot);
    }
}
