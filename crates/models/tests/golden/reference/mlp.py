"""Networks without convolutions."""
import math
from torch import nn

from .scale import scaled


class Perceptron(nn.Module):
    def __init__(self, classes, image, width):
        super().__init__()
        self.fc = nn.Linear(math.prod(image), classes)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Mlp(nn.Module):
    """As in the Keras example `mnist_mlp`."""

    def __init__(self, classes, image, width):
        super().__init__()
        hidden = scaled(width)(512)
        self.fc1 = nn.Linear(math.prod(image), hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, classes)
        self.relu, self.dropout = nn.ReLU(), nn.Dropout(0.2)

    def forward(self, x):
        x = self.dropout(self.relu(self.fc1(x.flatten(1))))
        x = self.dropout(self.relu(self.fc2(x)))
        return self.fc3(x)
