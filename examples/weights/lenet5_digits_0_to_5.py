"""LeNet-5 in PyTorch, trained on the digits 0 to 5: the weights that finetune.rs starts from.

    python examples/weights/lenet5_digits_0_to_5.py

Reads assets/mnist-mini and writes lenet5_digits_0_to_5.pth beside this file. Prints the share
of the test images that it tells, of those six digits.
"""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
DIGITS = HERE.parent.parent / "assets" / "mnist-mini"
CLASSES = 6


class LeNet5(nn.Module):
    """The layers of models::lenet5, under the same names."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.AvgPool2d(2)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x):
        x = self.pool(self.conv1(x).relu())
        x = self.pool(self.conv2(x).relu())
        x = self.fc1(x.flatten(1)).relu()
        return self.fc3(self.fc2(x).relu())


def read(part):
    """Images as floats from 0 to 1, and labels."""
    images = gzip.decompress((DIGITS / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((DIGITS / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    images = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.frombuffer(labels, np.uint8, offset=8)
    return torch.tensor(images / 255.0, dtype=torch.float32), torch.tensor(labels).long()


torch.manual_seed(42)
images, labels = read("train")
# Of all ten digits: what Kiln normalises by.
mean, std = images.mean(), images.std(unbiased=False)
test_images, test_labels = read("t10k")
images, labels = images[labels < CLASSES], labels[labels < CLASSES]
test_images, test_labels = test_images[test_labels < CLASSES], test_labels[test_labels < CLASSES]
images, test_images = (images - mean) / std, (test_images - mean) / std

net = LeNet5(CLASSES)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(20):
    for batch in torch.randperm(len(labels)).split(64):
        # Shifted by up to two pixels: what is learned of six digits then helps with others.
        shift = torch.randint(-2, 3, (2,)).tolist()
        shifted = images[batch].roll(shift, (2, 3))
        loss = nn.functional.cross_entropy(net(shifted), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    right = (net(test_images).argmax(1) == test_labels).float().mean()
print(f"{100 * right:.1f} % of {len(test_labels)} test images, mean {mean:.4f}, std {std:.4f}")
torch.save(net.state_dict(), HERE / "lenet5_digits_0_to_5.pth")
