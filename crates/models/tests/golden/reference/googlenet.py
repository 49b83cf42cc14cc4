"""GoogLeNet (Szegedy et al., 2014), table 1, with batch norms and with 3x3 in
place of the 5x5 convolutions, as torchvision has it.

The small form has a stem of 3x3 and no max pool before inception3b's end.
"""
import torch
from torch import nn

from .scale import scaled

# #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj.
TABLE = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}


class Unit(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs, channels, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels, eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, inputs, one, reduce3, three, reduce5, five, pool):
        super().__init__()
        self.branch1 = Unit(inputs, one, 1)
        self.branch2 = nn.Sequential(Unit(inputs, reduce3, 1), Unit(reduce3, three, 3, padding=1))
        self.branch3 = nn.Sequential(Unit(inputs, reduce5, 1), Unit(reduce5, five, 3, padding=1))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), Unit(inputs, pool, 1))
        self.channels = one + three + five + pool

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Auxiliary(nn.Module):
    """A second classifier, from the middle of the network, for training only."""

    def __init__(self, inputs, classes, of):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(4)
        self.conv = Unit(inputs, of(128), 1)
        self.fc1 = nn.Linear(of(128) * 16, of(1024))
        self.fc2 = nn.Linear(of(1024), classes)
        self.dropout = nn.Dropout(0.7)

    def forward(self, x):
        x = self.conv(self.avgpool(x)).flatten(1)
        return self.fc2(self.dropout(torch.relu(self.fc1(x))))


class GoogLeNet(nn.Module):
    """In training gives (logits, those of aux1, those of aux2), if `auxiliary`."""

    def __init__(self, classes, image, width, form, auxiliary):
        super().__init__()
        of = scaled(width)
        large = form == "imagenet"
        self.conv1 = Unit(image[0], of(64), 7, 2, 3) if large else Unit(image[0], of(64), 3, 1, 1)
        self.conv2 = Unit(of(64), of(64), 1)
        self.conv3 = Unit(of(64), of(192), 3, padding=1)
        channels = of(192)
        for name, row in TABLE.items():
            block = Inception(channels, *map(of, row))
            self.add_module(f"inception{name}", block)
            channels = block.channels
        stem_pool = nn.MaxPool2d(3, 2, ceil_mode=True) if large else nn.Identity()
        self.maxpool1, self.maxpool2 = stem_pool, stem_pool
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.auxiliary = auxiliary
        if auxiliary:
            self.aux1 = Auxiliary(self.inception4a.channels, classes, of)
            self.aux2 = Auxiliary(self.inception4d.channels, classes, of)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        after_4a = self.inception4a(x)
        after_4d = self.inception4d(self.inception4c(self.inception4b(after_4a)))
        x = self.maxpool4(self.inception4e(after_4d))
        x = self.inception5b(self.inception5a(x))
        logits = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        if self.auxiliary and self.training:
            return logits, self.aux1(after_4a), self.aux2(after_4d)
        return logits
