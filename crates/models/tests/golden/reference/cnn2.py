"""Two convolutions and a wide head.

25,775,882 parameters for 1x28x28 and 10 classes leave no choice but padding 1
in both convolutions and one pool after them or between them: fc1 sees 128
maps of 14x14.
"""
from torch import nn

from .scale import scaled


class Cnn2(nn.Module):
    def __init__(self, classes, image, width):
        super().__init__()
        of = scaled(width)
        depth, height, wide = image
        self.conv1 = nn.Conv2d(depth, of(64), 3, padding=1)
        self.conv2 = nn.Conv2d(of(64), of(128), 3, padding=1)
        self.fc1 = nn.Linear(of(128) * (height // 2) * (wide // 2), of(1024))
        self.fc2 = nn.Linear(of(1024), classes)
        self.relu, self.pool, self.dropout = nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5)

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.pool(self.relu(self.conv2(x)))
        return self.fc2(self.dropout(self.relu(self.fc1(x.flatten(1)))))
