#!/usr/bin/env python3
"""Single layers with all their values: layers.json. Run by `cargo xtask golden`.

The input is `scale` times the stream "input NAME". Parameters and running
statistics are from `fill`, under the names that the layer has alone ("weight",
"bias", ...). Gradients are those of sum(output * stream "grad"). A batch norm
in training sees a second batch, from the stream "again NAME": "again" holds
what it makes of it.
"""
import torch
from torch import nn

from common import fill, stream, write
from reference.airbench import ShiftNorm

cases = []


class GlobalMax(nn.Module):
    def forward(self, x):
        return torch.amax(x, (2, 3), keepdim=True)


def run(layer, x):
    """What `layer` makes of `x`, and the gradients."""
    x.requires_grad_()
    layer.zero_grad()
    output = layer(x)
    (output * stream("grad", *output.shape).float()).sum().backward()
    after = {name: t.clone() for name, t in layer.named_buffers() if name in ("running_mean", "running_var")}
    return {
        "output_shape": list(output.shape), "output": output.flatten(), "grad_input": x.grad.flatten(),
        "grads": {name: p.grad.flatten() for name, p in layer.named_parameters()}, **after,
    }


def add(name, kind, layer, shape, scale=1.0, training=True, **args):
    """`args` are those of the layer, under PyTorch's names."""
    fill(layer).train(training)
    case = {"name": name, "kind": kind, "args": args, "training": training, "scale": scale, "input": list(shape)}
    case |= run(layer, scale * stream(f"input {name}", *shape).float())
    if training and "norm" in kind and "running_mean" in case:
        case["again"] = run(layer, scale * stream(f"again {name}", *shape).float())
    # The statistics move in training only.
    if not training:
        case = {key: value for key, value in case.items() if not key.startswith("running")}
    cases.append(case)


def convolution(name, shape, channels, kernel, **args):
    args = {"out_channels": channels, "kernel_size": kernel, "stride": 1, "padding": 0, "groups": 1, "bias": True} | args
    add(name, "conv2d", nn.Conv2d(shape[1], **args), shape, **args)


convolution("conv2d", (2, 3, 5, 6), 4, 3)
convolution("conv2d, padded", (2, 3, 5, 4), 2, 3, padding=1)
convolution("conv2d, strided", (2, 2, 9, 8), 3, 5, stride=2, padding=2)
convolution("conv2d, stride beyond kernel", (1, 2, 5, 6), 3, 1, stride=2)
convolution("conv2d, no bias", (2, 3, 4, 5), 4, 2, bias=False)
convolution("conv2d, groups", (2, 4, 5, 5), 6, 3, padding=1, groups=2)
convolution("conv2d, depthwise", (2, 3, 5, 4), 3, 3, stride=2, padding=1, groups=3, bias=False)
add("linear", "linear", nn.Linear(7, 5), (3, 7), out_features=5, bias=True)
add("linear, no bias", "linear", nn.Linear(7, 5, bias=False), (3, 7), out_features=5, bias=False)

NORM = {"eps": 1e-5, "momentum": 0.1}
for training in (True, False):
    state = "training" if training else "evaluation"
    add(f"batch norm, {state}", "batch-norm", nn.BatchNorm2d(3), (2, 3, 3, 4), 2.0, training, affine=True, **NORM)
    add(f"batch norm, flat, {state}", "batch-norm", nn.BatchNorm1d(4), (5, 4), 2.0, training, affine=True, **NORM)
    add(f"batch norm without scale, {state}", "batch-norm", ShiftNorm(3), (2, 3, 3, 4), 2.0, training,
        affine="bias", eps=1e-12, momentum=0.4)
add("batch norm, eps 0.001", "batch-norm", nn.BatchNorm2d(2, eps=0.001), (3, 2, 3, 2), 0.1, affine=True, eps=0.001, momentum=0.1)

RESPONSE = {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2.0}
# Large inputs, or `k` would drown the sums of squares.
add("local response norm", "local-response-norm", nn.LocalResponseNorm(**RESPONSE), (2, 7, 2, 3), 200.0, **RESPONSE)
add("local response norm, few channels", "local-response-norm", nn.LocalResponseNorm(**RESPONSE), (2, 2, 3, 2), 200.0, **RESPONSE)

ACTIVATIONS = {
    "relu": (nn.ReLU, {}), "leaky-relu": (nn.LeakyReLU, {"negative_slope": 0.1}), "elu": (nn.ELU, {"alpha": 1.0}),
    "sigmoid": (nn.Sigmoid, {}), "tanh": (nn.Tanh, {}), "gelu": (nn.GELU, {"approximate": "none"}),
    "silu": (nn.SiLU, {}), "hardswish": (nn.Hardswish, {}),
}
for kind, (layer, args) in ACTIVATIONS.items():
    # On both sides of hardswish's ends at -3 and 3.
    add(kind, kind, layer(**args), (4, 12), 5.0, **args)


def pooling(kind, layer, shape, kernel, stride, padding=0, ceil=False):
    name = f"{kind}, {kernel} by {stride}, padding {padding}, {'ceil' if ceil else 'floor'}"
    add(name, kind, layer(kernel, stride, padding, ceil_mode=ceil), shape,
        kernel_size=kernel, stride=stride, padding=padding, ceil_mode=ceil)


ODD, EVEN = (2, 2, 7, 5), (1, 2, 6, 8)
pooling("max-pool2d", nn.MaxPool2d, ODD, 3, 2, padding=1)
pooling("max-pool2d", nn.MaxPool2d, EVEN, 3, 2, ceil=True)
pooling("max-pool2d", nn.MaxPool2d, ODD, 2, 2, ceil=True)
pooling("max-pool2d", nn.MaxPool2d, ODD, 2, 2)
pooling("max-pool2d", nn.MaxPool2d, ODD, 3, 1, padding=1)
# A last window that would see nothing but the padding behind the image is dropped.
pooling("max-pool2d", nn.MaxPool2d, ODD, 2, 2, padding=1, ceil=True)
pooling("avg-pool2d", nn.AvgPool2d, EVEN, 3, 2, ceil=True)
pooling("avg-pool2d", nn.AvgPool2d, ODD, 2, 2)
pooling("avg-pool2d", nn.AvgPool2d, ODD, 3, 1, padding=1)
for shape, side in [((2, 2, 7, 5), 3), ((2, 2, 5, 5), 7), ((2, 2, 7, 5), 1), ((1, 2, 1, 1), 6)]:
    name = f"adaptive-avg-pool2d, {shape[2]}x{shape[3]} to {side}"
    add(name, "adaptive-avg-pool2d", nn.AdaptiveAvgPool2d(side), shape, output_size=side)
add("global-max-pool2d", "global-max-pool2d", GlobalMax(), (2, 3, 3, 4))
write("layers.json", cases)
