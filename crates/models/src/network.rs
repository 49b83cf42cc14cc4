use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use crate::{
    ModelError, NetworkSpec, Shape,
    layer::{Activation, Layer, Source},
    shape,
};

/// A network with its parameters: a Burn module, for anybody's training loop.
///
/// Made by [`NetworkSpec::build`].
#[derive(Module, Debug)]
pub struct Network {
    pub(crate) layers: Vec<Named>,
    #[module(skip)]
    name: String,
    image: [usize; 3],
    classes: usize,
}

/// A layer under its name.
#[derive(Module, Debug)]
pub(crate) struct Named {
    #[module(skip)]
    pub name: String,
    pub layer: Layer,
}

impl Network {
    pub(crate) fn new(
        spec: &NetworkSpec,
        image: [usize; 3],
        device: &Device,
    ) -> Result<Self, ModelError> {
        let summary = shape::infer(spec, image)?;
        let Shape::Flat(classes) = summary.output() else {
            return Err(ModelError::Output {
                network: spec.name.clone(),
                output: summary.output(),
            });
        };
        let mut input = Shape::Map(image);
        let mut layers = Vec::with_capacity(spec.layers.len());
        for (position, ((name, layer), row)) in spec.layers.iter().zip(&summary.layers).enumerate()
        {
            let source = Source {
                init: spec.init,
                seed: spec.seed,
                layer: position,
            };
            layers.push(Named {
                name: name.clone(),
                layer: Layer::new(layer, input, &source, device),
            });
            input = row.output;
        }
        Ok(Self {
            layers,
            name: spec.name.clone(),
            image,
            classes,
        })
    }

    /// The logits `[N, classes]` of images `[N, C, H, W]`.
    ///
    /// Dropout is at work only on an autodiff device, as in all of Burn.
    ///
    /// # Panics
    /// If the images are not of the shape that the network was built for.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let [_, channels, height, width] = images.dims();
        assert_eq!(
            [channels, height, width],
            self.image,
            "{} was built for images {}, not {}",
            self.name,
            Shape::Map(self.image),
            Shape::Map([channels, height, width]),
        );
        let output = self
            .layers
            .iter()
            .fold(Activation::Map(images), |x, named| named.layer.forward(x));
        match output {
            Activation::Flat(logits) => logits,
            Activation::Map(_) => unreachable!("a network that ends in an image is not built"),
        }
    }

    /// The name of the architecture.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `[channels, height, width]` of the images it takes.
    #[must_use]
    pub fn image(&self) -> [usize; 3] {
        self.image
    }

    /// Number of classes, which is that of logits.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }
}
