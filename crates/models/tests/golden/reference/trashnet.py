"""A small ResNet whose convolutions have biases, as used for sorting waste."""
import torch
from torch import nn

from .scale import scaled


class Block(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        same = stride == 1 and inputs == channels
        self.downsample = None if same else nn.Sequential(nn.Conv2d(inputs, channels, 1, stride))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + shortcut)


class TrashNet(nn.Module):
    def __init__(self, classes, image, width):
        super().__init__()
        of = scaled(width)
        self.conv1 = nn.Conv2d(image[0], of(32), 3, padding=1)
        self.bn1 = nn.BatchNorm2d(of(32))
        self.maxpool = nn.MaxPool2d(3, 1, padding=1)
        self.layer1 = nn.Sequential(Block(of(32), of(64), 2))
        self.layer2 = nn.Sequential(Block(of(64), of(64), 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(of(64), classes)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        return self.fc(self.avgpool(self.layer2(self.layer1(x))).flatten(1))
