"""The network of airbench94 (Keller Jordan, "94% on CIFAR-10 in 3.29 seconds on
a single GPU", 2024)."""
import torch
from torch import nn
import torch.nn.functional as F

from .scale import scaled


class ShiftNorm(nn.BatchNorm2d):
    """A batch norm with a bias and without a scale: the weight is the constant
    1, neither trained nor stored."""

    def __init__(self, channels, eps=1e-12, momentum=0.4):
        super().__init__(channels, eps=eps, momentum=momentum)
        del self.weight
        self.register_buffer("weight", torch.ones(channels), persistent=False)


class Group(nn.Module):
    def __init__(self, inputs, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
        self.norm1 = ShiftNorm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = ShiftNorm(channels)

    def forward(self, x):
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.norm2(self.conv2(x)))


class Airbench(nn.Module):
    """`whiten` holds each filter and its negative (see whitening.py) and only
    its bias is trained; its channels do not follow the width."""

    def __init__(self, classes, image, width):
        super().__init__()
        of = scaled(width)
        filters = 2 * image[0] * 2 * 2
        self.whiten = nn.Conv2d(image[0], filters, 2)
        self.whiten.weight.requires_grad_(False)
        self.layer1 = Group(filters, of(64))
        self.layer2 = Group(of(64), of(256))
        self.layer3 = Group(of(256), of(256))
        self.linear = nn.Linear(of(256), classes, bias=False)

    def forward(self, x):
        x = F.gelu(self.whiten(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(torch.amax(x, (2, 3))) / 9
