//! The convolutions of ResNet-18 for images of 32×32, and their arithmetic.

use std::fmt;

/// Channels of the images.
const COLOURS: usize = 3;

/// One convolution, square everywhere, whose padding keeps the size but for the stride.
#[derive(Debug, Clone)]
pub struct Layer {
    pub name: String,
    /// How many of them the network has.
    pub count: usize,
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    /// Height and width of the input.
    pub image: usize,
    pub kernel: usize,
    pub stride: usize,
}

/// What is computed of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Forward,
    InputGradient,
    WeightGradient,
}

impl Pass {
    pub const ALL: [Self; 3] = [Self::Forward, Self::InputGradient, Self::WeightGradient];
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Forward => "forward",
            Self::InputGradient => "input gradient",
            Self::WeightGradient => "weight gradient",
        })
    }
}

impl Layer {
    /// Whether a step of training needs the pass: no gradient goes to the images.
    pub fn trains(&self, pass: Pass) -> bool {
        self.inputs != COLOURS || pass != Pass::InputGradient
    }

    /// Zeros on every side.
    pub fn padding(&self) -> usize {
        self.kernel / 2
    }

    /// `[N, C, H, W]`.
    pub fn input(&self) -> [usize; 4] {
        [self.batch, self.inputs, self.image, self.image]
    }

    /// `[outputs, C, height, width]`.
    pub fn weight(&self) -> [usize; 4] {
        [self.outputs, self.inputs, self.kernel, self.kernel]
    }

    /// `[N, outputs, H', W']`.
    pub fn output(&self) -> [usize; 4] {
        let size = (self.image + 2 * self.padding() - self.kernel) / self.stride + 1;
        [self.batch, self.outputs, size, size]
    }

    /// Additions and multiplications of the direct sum, the same for all passes.
    pub fn flop(&self) -> f64 {
        let products = self.output().iter().product::<usize>();
        2.0 * (products * self.inputs * self.kernel * self.kernel) as f64
    }

    /// Bytes of input, weights and output, each read or written once.
    pub fn bytes(&self) -> f64 {
        let values = [self.input(), self.weight(), self.output()];
        let values = values.map(|shape| shape.iter().product::<usize>());
        (size_of::<f32>() * values.iter().sum::<usize>()) as f64
    }

    /// What of [`flop`](Self::flop) is left for the matrix products between Winograd's
    /// transforms; `None` where there are none. Tiles of 4 outputs take 36 products, tiles
    /// of 2 take 16.
    pub fn flop_of_winograd(&self) -> Option<f64> {
        let suits = self.kernel == 3 && self.stride == 1 && self.inputs.min(self.outputs) >= 16;
        let tiles = |tile: usize| self.batch * self.image.div_ceil(tile).pow(2);
        // As in the kernels, what the transforms of the weights take counts as well.
        let four = 36 * (tiles(4) + 80) < 16 * (tiles(2) + 80);
        let products = if four { 36 * tiles(4) } else { 16 * tiles(2) };
        let products = self.inputs * self.outputs * products;
        (suits && kernels::is_enabled()).then_some(2.0 * products as f64)
    }
}

/// Every convolution of the network, those of the same shape as one, in the form for
/// small images: the first is 3×3 and of stride 1.
pub fn resnet18(batch: usize) -> Vec<Layer> {
    let layer = |name: &str, count, channels: [usize; 2], image, kernel, stride| Layer {
        name: name.to_owned(),
        count,
        batch,
        inputs: channels[0],
        outputs: channels[1],
        image,
        kernel,
        stride,
    };
    let mut layers = vec![
        layer("conv1", 1, [COLOURS, 64], 32, 3, 1),
        layer("layer1, 3×3", 4, [64; 2], 32, 3, 1),
    ];
    for stage in 1..4 {
        let (channels, image) = ([32 << stage, 64 << stage], 64 >> stage);
        let name = |part: &str| format!("layer{}, {part}", stage + 1);
        layers.extend([
            layer(&name("3×3 by 2"), 1, channels, image, 3, 2),
            layer(&name("1×1 by 2"), 1, channels, image, 1, 2),
            layer(&name("3×3"), 3, [channels[1]; 2], image / 2, 3, 1),
        ]);
    }
    layers
}
