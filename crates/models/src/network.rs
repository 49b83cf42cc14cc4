use std::{fmt, sync::Arc};

use burn::{
    module::{Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor},
    tensor::{Device, Tensor},
};

use crate::{
    Activation, ModelError, NetworkSpec, Shape, Summary,
    layer::{Builder, Stack, Trace},
    shape,
};

/// A network with its parameters: a Burn module, for anybody's training loop.
///
/// Made by [`NetworkSpec::build`]. Burn's records, parameter groups and visitors
/// find its parameters under the names of its layers: `layer1.0.conv1.weight`.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) stack: Stack,
    summary: Arc<Summary>,
    classes: usize,
}

/// What a network gives in training.
#[derive(Debug)]
pub struct TrainingOutput {
    /// The logits `[N, classes]`.
    pub logits: Tensor<2>,
    /// Share in the loss and logits `[N, classes]` of each second classifier.
    pub auxiliary: Vec<(f64, Tensor<2>)>,
}

impl Network {
    pub(crate) fn new(
        spec: &NetworkSpec,
        image: [usize; 3],
        device: &Device,
    ) -> Result<Self, ModelError> {
        let summary = shape::infer(spec, image)?;
        let Shape::Flat(classes) = summary.output() else {
            return Err(spec.locate(ModelError::Output {
                network: spec.name.clone(),
                output: summary.output(),
            }));
        };
        let mut builder = Builder {
            init: &spec.init,
            seed: spec.seed,
            device,
            position: 0,
        };
        let (stack, _) = builder
            .stack(&spec.layers, "", Shape::Map(image))
            .expect("shape inference went through the same layers");
        Ok(Self {
            stack,
            summary: Arc::new(summary),
            classes,
        })
    }

    /// The logits `[N, classes]` of images `[N, C, H, W]`.
    ///
    /// Dropout is at work, and batch norms go by the statistics of the batch,
    /// only on an autodiff device, as in all of Burn.
    ///
    /// # Panics
    /// If the images are not of the shape that the network was built for.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.run(images, &mut Trace::default())
    }

    /// As [`forward`](Self::forward), with what second classifiers say: GoogLeNet
    /// adds their losses to its own, each with its share.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[must_use]
    pub fn forward_training(&self, images: Tensor<4>) -> TrainingOutput {
        let mut trace = Trace {
            with_auxiliary: true,
            ..Trace::default()
        };
        let logits = self.run(images, &mut trace);
        TrainingOutput {
            logits,
            auxiliary: trace.auxiliary,
        }
    }

    /// As [`forward`](Self::forward), with what the layers of these names give,
    /// in the order of the names. Their gradients, too:
    /// [`score_gradients`](Self::score_gradients).
    ///
    /// # Errors
    /// [`ModelError::NoSuchLayer`] with the names of all layers.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn forward_collect(
        &self,
        images: Tensor<4>,
        layers: &[&str],
    ) -> Result<(Tensor<2>, Vec<Activation>), ModelError> {
        for layer in layers {
            self.summary.layer(layer)?;
        }
        let mut trace = Trace {
            wanted: layers,
            with_auxiliary: true,
            ..Trace::default()
        };
        let logits = self.run(images, &mut trace);
        let collected = layers.iter().map(|name| {
            let of_name = trace.collected.iter().find(|(layer, _)| layer == name);
            of_name.expect("every layer is run").1.clone()
        });
        Ok((logits, collected.collect()))
    }

    pub(crate) fn run(&self, images: Tensor<4>, trace: &mut Trace<'_>) -> Tensor<2> {
        let [_, channels, height, width] = images.dims();
        assert_eq!(
            [channels, height, width],
            self.image(),
            "{} was built for images {}, not {}",
            self.name(),
            Shape::Map(self.image()),
            Shape::Map([channels, height, width]),
        );
        match self.stack.forward(Activation::Map(images), trace) {
            Activation::Flat(logits) => logits,
            Activation::Map(_) => unreachable!("a network that ends in an image is not built"),
        }
    }

    /// The name of the architecture.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.summary.network
    }

    /// `[channels, height, width]` of the images it takes.
    #[must_use]
    pub fn image(&self) -> [usize; 3] {
        self.summary.image
    }

    /// Number of classes, which is that of logits.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What it is made of.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    fn with(self, change: impl FnOnce(Stack) -> Stack) -> Self {
        Self {
            stack: change(self.stack),
            ..self
        }
    }
}

impl Module for Network {
    /// Number of trained parameters: no running statistics, which Burn's own
    /// modules count as well.
    fn num_params(&self) -> usize {
        self.summary.parameters()
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.stack.collect_devices(devices)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.stack.visit(visitor);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        self.with(|stack| stack.map(mapper))
    }

    fn fork(self, device: &Device) -> Self {
        self.with(|stack| stack.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.with(|stack| stack.to_device(device))
    }

    fn train(self) -> Self {
        self.with(|stack| stack.train())
    }

    fn valid(&self) -> Self {
        Self {
            stack: self.stack.valid(),
            summary: Arc::clone(&self.summary),
            classes: self.classes,
        }
    }

    fn materialize(self) -> Self {
        self.with(|stack| stack.materialize())
    }
}

impl fmt::Display for Network {
    /// Its summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}

impl ModuleDisplayDefault for Network {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&*self.summary).optional()
    }

    fn num_params(&self) -> usize {
        self.summary.parameters()
    }
}

/// For modules that have a network in them.
impl ModuleDisplay for Network {}
