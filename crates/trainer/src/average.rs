//! Averaged weights.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{DType, Device, Tensor},
};
use models::{ParameterPath, StateDict, WeightsError};

use crate::{
    config::{AverageConfig, AverageName},
    flat::{self, Kept, Layout},
    optim::patterns::is_statistic,
};

/// An average of the weights of a module over training.
///
/// The first weights that it is given are the average; each of the next moves it,
/// as in `torch.optim.swa_utils.AveragedModel`. It is kept on the device, apart from
/// the module, by the names of the tensors.
#[derive(Debug)]
pub struct Average {
    kind: Kind,
    layouts: BTreeMap<String, Layout>,
    /// Empty until the first update.
    values: BTreeMap<String, Tensor<1>>,
    count: u64,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ema { decay: f64, warmup: bool },
    Swa { start_epoch: usize },
}

impl Average {
    /// The average of `config` for modules like `module` in a run of `epochs`
    /// epochs, without any weights yet. `None` if there is none to be.
    #[must_use]
    pub fn new<M: Module>(config: &AverageConfig, epochs: usize, module: &M) -> Option<Self> {
        let kind = match config.name {
            AverageName::None => return None,
            AverageName::Ema => Kind::Ema {
                decay: config.decay(),
                warmup: config.warmup(),
            },
            AverageName::Swa => Kind::Swa {
                start_epoch: config.start_epoch(epochs),
            },
        };
        let mut reader = Reader::of(module, kind);
        let found = std::mem::take(&mut reader.found);
        let layouts = found.into_iter().map(|(name, (layout, _))| (name, layout));
        Some(Self {
            kind,
            layouts: layouts.collect(),
            values: BTreeMap::new(),
            count: 0,
        })
    }

    /// To be called after each update: an exponential average takes the weights in.
    pub fn after_update<M: Module>(&mut self, module: &M) {
        if let Kind::Ema { .. } = self.kind {
            self.update(module);
        }
    }

    /// To be called after the updates of `epoch`, counted from 1: SWA takes the
    /// weights in, from its first epoch on.
    pub fn after_epoch<M: Module>(&mut self, epoch: usize, module: &M) {
        if let Kind::Swa { start_epoch } = self.kind
            && epoch >= start_epoch
        {
            self.update(module);
        }
    }

    /// Takes the weights of `module` in.
    fn update<M: Module>(&mut self, module: &M) {
        let t = self.count as f64;
        let share = match self.kind {
            Kind::Ema { decay, warmup } => {
                let most = if warmup { (1.0 + t) / (10.0 + t) } else { 1.0 };
                1.0 - decay.min(most)
            }
            Kind::Swa { .. } => 1.0 / (t + 1.0),
        };
        for (name, (_, new)) in Reader::of(module, self.kind).found {
            match self.values.get_mut(&name) {
                Some(mean) => flat::approach(mean, new, share),
                None => {
                    self.values.insert(name, new);
                }
            }
        }
        self.count += 1;
    }

    /// How many weights were taken in. Without any there is no average yet.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the running statistics of batch norms have to be computed anew for the
    /// averaged weights: [`Classifier::with_statistics_of`](crate::Classifier::with_statistics_of).
    #[must_use]
    pub fn needs_statistics(&self) -> bool {
        matches!(self.kind, Kind::Swa { .. })
    }

    /// `module` with the average in the place of its weights; as it is, if there is no
    /// average yet.
    #[must_use]
    pub fn applied_to<M: Module>(&self, module: M) -> M {
        module.map(&mut Writer {
            path: ParameterPath::default(),
            values: &self.values,
        })
    }

    /// The average, by the names of the weights. Empty without one.
    ///
    /// # Errors
    /// [`WeightsError::Device`] if the device does not give the values back.
    pub fn state_dict(&self) -> Result<StateDict, WeightsError> {
        let kept = self.layouts.iter().filter_map(|(name, layout)| {
            let values = self.values.get(name)?;
            Some((name.clone(), layout, values))
        });
        flat::read(kept)
    }

    /// Goes on where another average of the same configuration was with `count`
    /// weights taken in, with its [`state_dict`](Self::state_dict): bit for bit, for
    /// weights of 32 bits or less. `device` is that of the module.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] with all that is missing, unexpected or of another
    /// shape; nothing has changed then.
    pub fn load_state(
        &mut self,
        count: u64,
        state: &StateDict,
        device: &Device,
    ) -> Result<(), WeightsError> {
        let mut loaded = BTreeMap::new();
        if count > 0 {
            for name in self.layouts.keys() {
                let place = Tensor::<1>::zeros([1], device);
                loaded.insert(name.clone(), place);
            }
        }
        let kept = loaded.iter_mut().map(|(name, values)| Kept {
            name: name.clone(),
            layout: &self.layouts[name],
            values,
        });
        flat::write("the average", kept.collect(), state, device)?;
        self.values = loaded;
        self.count = count;
        Ok(())
    }
}

/// The tensors of a module that are averaged.
struct Reader {
    path: ParameterPath,
    kind: Kind,
    found: BTreeMap<String, (Layout, Tensor<1>)>,
}

impl Reader {
    fn of<M: Module>(module: &M, kind: Kind) -> Self {
        let mut reader = Self {
            path: ParameterPath::default(),
            kind,
            found: BTreeMap::new(),
        };
        module.visit(&mut reader);
        reader
    }
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        if matches!(self.kind, Kind::Swa { .. }) && is_statistic(&name) {
            return;
        }
        let layout = Layout::of(param, &self.path);
        let values = param.val().without_autodiff().reshape([layout.len()]);
        let values = values.cast(DType::F32);
        self.found.insert(name, (layout, values));
    }
}

struct Writer<'a> {
    path: ParameterPath,
    values: &'a BTreeMap<String, Tensor<1>>,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.values.get(&self.path.name()) {
            Some(values) => flat::replaced(param, |_| values.clone()),
            None => param,
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use models::Network;

    use super::*;

    fn network(seed: u64, device: &Device) -> Network {
        let model = models::lenet5(10).seed(seed);
        model.build([1, 28, 28], device).expect("a LeNet")
    }

    fn ema() -> AverageConfig {
        AverageConfig {
            name: AverageName::Ema,
            decay: Some(0.7),
            ..AverageConfig::default()
        }
    }

    #[test]
    fn goes_on_bit_for_bit() {
        let device = Device::flex().autodiff();
        let mut average = Average::new(&ema(), 1, &network(0, &device)).unwrap();
        (0..3).for_each(|seed| average.after_update(&network(seed, &device)));
        let state = average.state_dict().unwrap();
        let mut again = Average::new(&ema(), 1, &network(0, &device)).unwrap();
        again.load_state(3, &state, &device).unwrap();
        for average in [&mut average, &mut again] {
            (3..6).for_each(|seed| average.after_update(&network(seed, &device)));
        }
        let (expected, found) = (average.state_dict().unwrap(), again.state_dict().unwrap());
        assert_eq!(found, expected);
        assert_ne!(expected, state);
        assert_eq!(again.count(), 6);
        let applied = average.applied_to(network(9, &device));
        assert_eq!(applied.state_dict().unwrap(), expected);
        // It can be trained on.
        let loss = applied.forward(Tensor::ones([1, 1, 28, 28], &device)).sum();
        assert_eq!(crate::Gradients::of(&loss, &applied).len(), 10);
    }

    #[test]
    fn is_none_before_the_first_weights() {
        let device = Device::flex().autodiff();
        let config = AverageConfig {
            name: AverageName::Swa,
            start_epoch: Some(2),
            ..AverageConfig::default()
        };
        let mut average = Average::new(&config, 3, &network(0, &device)).unwrap();
        let own = network(1, &device);
        average.after_epoch(1, &own);
        average.after_update(&own);
        assert_eq!(average.count(), 0);
        assert!(average.state_dict().unwrap().is_empty());
        let same = average.applied_to(own.clone()).state_dict().unwrap();
        assert_eq!(same, own.state_dict().unwrap());
        average.after_epoch(2, &own);
        assert_eq!(average.count(), 1);
        assert!(Average::new(&AverageConfig::default(), 3, &own).is_none());
    }

    #[test]
    fn weights_that_stay_are_their_own_average() {
        let device = Device::flex().autodiff();
        let own = network(1, &device);
        let mut average = Average::new(&ema(), 1, &own).unwrap();
        (0..50).for_each(|_| average.after_update(&own));
        assert_eq!(average.state_dict().unwrap(), own.state_dict().unwrap());
    }

    #[test]
    fn an_exponential_average_follows_early_updates() {
        let device = Device::flex().autodiff();
        let config = AverageConfig {
            name: AverageName::Ema,
            ..AverageConfig::default()
        };
        let (first, own) = (network(0, &device), network(1, &device));
        let mut average = Average::new(&config, 1, &first).unwrap();
        average.after_update(&first);
        (0..70).for_each(|_| average.after_update(&own));
        let found = average.state_dict().unwrap();
        for (name, expected) in own.state_dict().unwrap().iter() {
            for (found, expected) in found.get(name).unwrap().values.iter().zip(&expected.values) {
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{name}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn another_state_is_refused() {
        let device = Device::flex();
        let mut average = Average::new(&ema(), 1, &network(0, &device)).unwrap();
        let error = average.load_state(2, &StateDict::default(), &device);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("the average") && error.contains("missing: conv1.bias"),
            "{error}"
        );
        let state = network(0, &device).state_dict().unwrap();
        let error = average
            .load_state(0, &state, &device)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unexpected: fc3.weight"), "{error}");
        assert_eq!(average.count(), 0);
    }
}
