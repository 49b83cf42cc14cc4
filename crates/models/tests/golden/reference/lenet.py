"""LeNet-5 (LeCun et al., 1998) and its relatives."""
import torch
from torch import nn
import torch.nn.functional as F

from .scale import scaled


class LeNet(nn.Module):
    def __init__(self, classes, image, width, *, padding, channels, hidden, activation, pool):
        super().__init__()
        of = scaled(width)
        depth, height, wide = image
        first, second = map(of, channels)
        after = [((side + 2 * padding - 4) // 2 - 4) // 2 for side in (height, wide)]
        self.conv1 = nn.Conv2d(depth, first, 5, padding=padding)
        self.conv2 = nn.Conv2d(first, second, 5)
        self.fc1 = nn.Linear(second * after[0] * after[1], of(hidden[0]))
        self.fc2 = nn.Linear(of(hidden[0]), of(hidden[1]))
        self.fc3 = nn.Linear(of(hidden[1]), classes)
        self.activation, self.pool = activation, pool

    def forward(self, x):
        f = self.activation
        x = self.pool(f(self.conv1(x)), 2)
        x = self.pool(f(self.conv2(x)), 2).flatten(1)
        return self.fc3(f(self.fc2(f(self.fc1(x)))))


KINDS = {
    "lenet5": dict(padding=2, channels=(6, 16), hidden=(120, 84), activation=F.relu, pool=F.avg_pool2d),
    "lenet5-sigmoid": dict(padding=2, channels=(6, 16), hidden=(120, 84), activation=torch.sigmoid, pool=F.avg_pool2d),
    "convnet": dict(padding=0, channels=(6, 16), hidden=(120, 84), activation=F.relu, pool=F.max_pool2d),
    "lenet-small": dict(padding=0, channels=(6, 12), hidden=(120, 60), activation=F.relu, pool=F.max_pool2d),
}
