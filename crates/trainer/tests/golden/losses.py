#!/usr/bin/env python3
"""Losses of a batch in PyTorch, and their gradients by the logits: losses.json.

Run by `cargo xtask golden`. The focal loss is written out here: torchvision has that
of two classes only.
"""
import json, pathlib
import torch
import torch.nn.functional as F

torch.manual_seed(0)
IMAGES, CLASSES = 6, 4
logits = (torch.randn(IMAGES, CLASSES) * 2).requires_grad_()
labels = torch.tensor([0, 2, 1, 1, 3, 2])
soft = torch.softmax(torch.randn(IMAGES, CLASSES), 1)
WEIGHTS = [0.5, 2.0, 1.0, 3.0]
COUNTS = [10, 40, 25, 5]
# sklearn.utils.class_weight.compute_class_weight("balanced", …)
BALANCED = [sum(COUNTS) / (len(COUNTS) * n) for n in COUNTS]


def focal(logits, target, gamma, weights=None):
    target = target if target.ndim == 2 else F.one_hot(target, CLASSES).float()
    log_p = F.log_softmax(logits, 1)
    alpha = torch.ones(CLASSES) if weights is None else torch.tensor(weights)
    return -(alpha * target * (1 - log_p.exp()) ** gamma * log_p).sum(1).mean()


def mse(logits, target):
    target = target if target.ndim == 2 else F.one_hot(target, CLASSES).float()
    return torch.nn.MSELoss()(logits, target)


def entropy(smoothing=0.0, weights=None):
    weight = None if weights is None else torch.tensor(weights)
    return lambda x, y: F.cross_entropy(x, y, weight=weight, label_smoothing=smoothing)


LOSSES = [
    ({}, entropy()),
    ({"label_smoothing": 0.1}, entropy(0.1)),
    ({"class_weights": WEIGHTS}, entropy(weights=WEIGHTS)),
    ({"class_weights": "balanced"}, entropy(weights=BALANCED)),
    ({"label_smoothing": 0.2, "class_weights": WEIGHTS}, entropy(0.2, WEIGHTS)),
    ({"name": "focal"}, lambda x, y: focal(x, y, 2.0)),
    ({"name": "focal", "gamma": 0.0}, lambda x, y: focal(x, y, 0.0)),
    ({"name": "focal", "gamma": 0.5}, lambda x, y: focal(x, y, 0.5)),
    ({"name": "focal", "gamma": 3.0, "class_weights": WEIGHTS}, lambda x, y: focal(x, y, 3.0, WEIGHTS)),
    ({"name": "mse"}, mse),
]

cases = []
for config, loss in LOSSES:
    for target in (labels, soft):
        value = loss(logits, target)
        (gradient,) = torch.autograd.grad(value, logits)
        cases.append({"config": config, "soft": target is soft, "loss": value.item(),
                      "gradient": gradient.flatten().tolist()})
golden = {"logits": logits.flatten().tolist(), "labels": labels.tolist(),
          "soft_targets": soft.flatten().tolist(), "counts": COUNTS, "cases": cases}
out = pathlib.Path(__file__).with_name("losses.json")
out.write_text(json.dumps(golden, indent=None) + "\n")
print(out)
