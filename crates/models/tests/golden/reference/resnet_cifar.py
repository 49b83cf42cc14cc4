"""The ResNets for CIFAR of He et al., 2015, section 4.2: 6n+2 layers of 16, 32
and 64 channels, with shortcuts that have no parameters (option A)."""
import torch
from torch import nn
import torch.nn.functional as F

from .scale import scaled


class Block(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.added = stride, channels - inputs

    def shortcut(self, x):
        """Every second place, and zeros for the added channels: half of them before, half behind."""
        if self.stride == 1 and self.added == 0:
            return x
        before = self.added // 2
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, before, self.added - before))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class CifarResNet(nn.Module):
    def __init__(self, classes, image, width, *, depth):
        super().__init__()
        of = scaled(width)
        blocks = (depth - 2) // 6
        assert depth == 6 * blocks + 2
        channels = of(16)
        self.conv1 = nn.Conv2d(image[0], channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        for number in range(3):
            stage = []
            for at in range(blocks):
                stage.append(Block(channels, of(16 * 2**number), 2 if number > 0 and at == 0 else 1))
                channels = of(16 * 2**number)
            self.add_module(f"layer{number + 1}", nn.Sequential(*stage))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(self.avgpool(x).flatten(1))
