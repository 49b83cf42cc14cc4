//! From a specification that shape inference has found to fit, layers.

use burn::{
    module::Param,
    nn::{DropoutConfig, Linear, PaddingConfig2d, conv::Conv2d},
    tensor::{Device, Tensor, TensorData},
};

use super::{BatchNorm, Layer, Named, Stack};
use crate::{
    Init, LayerSpec, Shape,
    init::{Fan, Initial, Role, Source},
    shape::{join, one},
    spec::Layers,
    transpose::transposed,
};

/// Draws the parameters of one layer after the other.
pub(crate) struct Builder<'a> {
    pub init: &'a Init,
    pub seed: u64,
    pub device: &'a Device,
    /// Layers before, those within blocks included.
    pub position: usize,
}

impl Builder<'_> {
    /// The layers, and what the last one gives.
    pub fn stack(
        &mut self,
        layers: &Layers,
        block: &str,
        mut input: Shape,
    ) -> Result<(Stack, Shape), String> {
        let mut stack = Vec::with_capacity(layers.len());
        for (name, spec) in layers {
            let path = join(block, name);
            let (layer, output) = self.layer(spec, &path, input)?;
            stack.push(Named {
                name: name.clone(),
                path,
                layer,
            });
            input = output;
        }
        Ok((Stack(stack), input))
    }

    fn layer(
        &mut self,
        spec: &LayerSpec,
        path: &str,
        input: Shape,
    ) -> Result<(Layer, Shape), String> {
        match spec {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                let (mut body, sum) = self.stack(body, path, input)?;
                if self.init.zero_residual
                    && let Some(Layer::BatchNorm(norm)) =
                        body.0.last_mut().map(|named| &mut named.layer)
                {
                    norm.zero_scale();
                }
                let (shortcut, _) = self.stack(shortcut, path, input)?;
                let (after, output) = self.stack(after, path, sum)?;
                let residual = Layer::Residual {
                    body,
                    shortcut,
                    after,
                };
                Ok((residual, output))
            }
            LayerSpec::Concat { branches } => {
                let mut stacks = Vec::with_capacity(branches.len());
                let mut outputs = Vec::with_capacity(branches.len());
                for branch in branches {
                    let (stack, output) = self.stack(branch, path, input)?;
                    stacks.push(stack);
                    outputs.push(output);
                }
                Ok((Layer::Concat(stacks), crate::shape::joined(&outputs)?))
            }
            LayerSpec::Auxiliary { layers, weight } => {
                let (layers, _) = self.stack(layers, path, input)?;
                let weight = *weight;
                Ok((Layer::Auxiliary { layers, weight }, input))
            }
            spec => {
                let output = one(spec, input)?.output;
                let layer = self.single(spec, input);
                self.position += 1;
                Ok((layer, output))
            }
        }
    }

    /// A layer that is no block.
    fn single(&self, spec: &LayerSpec, input: Shape) -> Layer {
        let channels_in = match input {
            Shape::Map([channels, _, _]) | Shape::Flat(channels) => channels,
        };
        match *spec {
            LayerSpec::Conv2d {
                channels,
                kernel,
                stride,
                padding,
                groups,
                bias,
            } => {
                let shape = [channels, channels_in / groups, kernel, kernel];
                let Initial { weight, bias } = self.draw(Role::Conv, &shape, bias);
                Layer::Conv2d(Conv2d {
                    weight: param(weight, shape, self.device),
                    bias: bias.map(|bias| param(bias, [channels], self.device)),
                    stride: [stride; 2],
                    kernel_size: [kernel; 2],
                    dilation: [1; 2],
                    groups,
                    padding: PaddingConfig2d::Explicit(padding, padding, padding, padding),
                })
            }
            LayerSpec::WhiteningConv2d { kernel } => {
                let channels = 2 * channels_in * kernel * kernel;
                let shape = [channels, channels_in, kernel, kernel];
                let Initial { weight, bias } = self.draw(Role::Conv, &shape, true);
                let weight: Param<Tensor<4>> = param(weight, shape, self.device);
                Layer::Conv2d(Conv2d {
                    weight: weight.set_require_grad(false),
                    bias: bias.map(|bias| param(bias, [channels], self.device)),
                    stride: [1; 2],
                    kernel_size: [kernel; 2],
                    dilation: [1; 2],
                    groups: 1,
                    padding: PaddingConfig2d::Valid,
                })
            }
            LayerSpec::Linear { features, bias } => {
                let Initial { weight, bias } =
                    self.draw(Role::Linear, &[features, channels_in], bias);
                let weight = transposed(&weight, features, channels_in);
                Layer::Linear(Linear {
                    weight: param(weight, [channels_in, features], self.device),
                    bias: bias.map(|bias| param(bias, [features], self.device)),
                })
            }
            LayerSpec::BatchNorm {
                epsilon,
                momentum,
                scale,
            } => Layer::BatchNorm(BatchNorm::new(
                channels_in,
                scale,
                epsilon,
                momentum,
                self.device,
            )),
            LayerSpec::Dropout { p } => Layer::Dropout(DropoutConfig::new(p).init()),
            ref spec => Layer::Op(spec.clone()),
        }
    }

    /// Values for a weight of `shape` in PyTorch's order: outputs, inputs, window.
    fn draw(&self, role: Role, shape: &[usize], bias: bool) -> Initial {
        let window: usize = shape[2..].iter().product();
        let fan = Fan {
            outputs: shape[0],
            inputs: shape[1],
            window,
        };
        let source = Source {
            seed: self.seed,
            layer: self.position,
        };
        self.init.draw(role, fan, bias, source)
    }
}

/// A parameter from values on the host.
pub(crate) fn param<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_data(TensorData::new(values, shape), device)
}
