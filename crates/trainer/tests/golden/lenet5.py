#!/usr/bin/env python3
"""Losses of ten steps of LeNet-5 in PyTorch, for every optimizer: lenet5.json.

Run by `cargo xtask golden`. Weights, images and labels are made from whole
numbers, in the same way in src/golden.rs, so that none have to be stored.
"""
import json, pathlib
import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)
BATCH, STEPS = 16, 10


def numbers(count, salt, bound):
    """`count` numbers in ±bound."""
    whole = [(i * 7919 + salt * 104729) % 2003 - 1001 for i in range(count)]
    return torch.tensor([bound * w / 1001 for w in whole], dtype=torch.float64).float()


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        with torch.no_grad():
            for salt, p in enumerate(self.parameters()):
                p.copy_(numbers(p.numel(), salt, 0.15).reshape(p.shape))

    def forward(self, x):
        x = F.avg_pool2d(F.relu(self.conv1(x)), 2)
        x = F.avg_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=2e-3),
    "adam with weight decay": lambda p: torch.optim.Adam(p, lr=2e-3, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=2e-3, weight_decay=0.1),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "sgd without momentum": lambda p: torch.optim.SGD(p, lr=0.05),
}

images = numbers(BATCH * 28 * 28, 99, 2.0).reshape(BATCH, 1, 28, 28)
labels = torch.arange(BATCH) % 10
golden = {"logits": LeNet5()(images)[0].tolist(), "losses": {}}
for name, optimizer in OPTIMIZERS.items():
    model = LeNet5()
    optimizer = optimizer(model.parameters())
    losses = golden["losses"][name] = []
    for _ in range(STEPS):
        loss = F.cross_entropy(model(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
out = pathlib.Path(__file__).with_name("lenet5.json")
out.write_text(json.dumps(golden, indent=1) + "\n")
print(out)
