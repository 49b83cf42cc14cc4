"""The nine-layer ResNet of David Page, "How to train your ResNet" (2018), which
held DAWNBench's record for CIFAR-10."""
from collections import OrderedDict
import torch
from torch import nn

from .scale import scaled


def unit(number, inputs, channels):
    """Convolution, batch norm, ReLU, as a list of named modules."""
    return [
        (f"conv{number}", nn.Conv2d(inputs, channels, 3, padding=1, bias=False)),
        (f"bn{number}", nn.BatchNorm2d(channels)),
        (f"relu{number}", nn.ReLU()),
    ]


class Residual(nn.Sequential):
    """Two units, and their input added behind the second ReLU."""

    def __init__(self, channels):
        super().__init__(OrderedDict(unit(1, channels, channels) + unit(2, channels, channels)))

    def forward(self, x):
        return x + super().forward(x)


def layer(inputs, channels, pool=False, residual=False):
    modules = unit("", inputs, channels)
    if pool:
        modules.append(("pool", nn.MaxPool2d(2)))
    if residual:
        modules.append(("residual", Residual(channels)))
    return nn.Sequential(OrderedDict(modules))


class ResNet9(nn.Module):
    def __init__(self, classes, image, width):
        super().__init__()
        of = scaled(width)
        self.prep = layer(image[0], of(64))
        self.layer1 = layer(of(64), of(128), pool=True, residual=True)
        self.layer2 = layer(of(128), of(256), pool=True)
        self.layer3 = layer(of(256), of(512), pool=True, residual=True)
        self.linear = nn.Linear(of(512), classes, bias=False)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.prep(x))))
        return 0.125 * self.linear(torch.amax(x, (2, 3)))
