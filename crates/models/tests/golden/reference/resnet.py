"""ResNet (He et al., 2015), table 1, with the stride of a bottleneck in its 3x3
convolution, as torchvision has it. The small form has a stem of 3x3, stride 1,
and no max pool."""
import torch
from torch import nn

from .scale import scaled

# The kind of block, and how many there are of 64, 128, 256 and 512 channels.
DEPTHS = {
    18: ("basic", (2, 2, 2, 2)), 34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)), 101: ("bottleneck", (3, 4, 23, 3)), 152: ("bottleneck", (3, 8, 36, 3)),
}


def projection(inputs, outputs, stride):
    """The shortcut where the shape changes (option B)."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class Basic(nn.Module):
    def __init__(self, inputs, planes, stride, of):
        super().__init__()
        self.outputs = channels = of(planes)
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        same = stride == 1 and inputs == channels
        self.downsample = None if same else projection(inputs, channels, stride)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + shortcut)


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, of):
        super().__init__()
        channels, self.outputs = of(planes), of(4 * planes)
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, self.outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.outputs)
        same = stride == 1 and inputs == self.outputs
        self.downsample = None if same else projection(inputs, self.outputs, stride)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet(nn.Module):
    def __init__(self, classes, image, width, form, *, depth):
        super().__init__()
        of = scaled(width)
        large = form == "imagenet"
        kind, blocks = DEPTHS[depth]
        block = {"basic": Basic, "bottleneck": Bottleneck}[kind]
        channels = of(64)
        self.conv1 = nn.Conv2d(image[0], channels, *((7, 2, 3) if large else (3, 1, 1)), bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if large else nn.Identity()
        for number, many in enumerate(blocks):
            stage = []
            for at in range(many):
                stride = 2 if number > 0 and at == 0 else 1
                stage.append(block(channels, 64 * 2**number, stride, of))
                channels = stage[-1].outputs
            self.add_module(f"layer{number + 1}", nn.Sequential(*stage))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))
