"""A small pre-activation ResNet (He et al., 2016) for grey images of 28x28."""
import torch
from torch import nn

from .scale import scaled


class Block(nn.Module):
    """The shortcut, a 1x1 convolution in every block, takes the raw input."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride))

    def forward(self, x):
        y = self.conv1(torch.relu(self.bn1(x)))
        y = self.conv2(torch.relu(self.bn2(y)))
        return y + self.downsample(x)


class MnistResNet(nn.Module):
    def __init__(self, classes, image, width):
        super().__init__()
        of = scaled(width)
        depth, height, wide = image
        self.conv1 = nn.Conv2d(depth, of(64), 7, 2, padding=3)
        self.maxpool = nn.MaxPool2d(3, 1, padding=1)
        self.layer1 = nn.Sequential(Block(of(64), of(16), 1))
        self.layer2 = nn.Sequential(Block(of(16), of(32), 2))
        self.layer3 = nn.Sequential(Block(of(32), of(64), 2))
        # Three strides of 2, each rounding up, make an eighth.
        self.fc = nn.Linear(of(64) * -(-height // 8) * -(-wide // 8), classes)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).flatten(1))
