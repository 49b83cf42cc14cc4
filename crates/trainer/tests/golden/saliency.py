#!/usr/bin/env python3
"""Grad-CAM and input gradients of a small network in PyTorch, by autograd: saliency.json.

Run by `cargo xtask golden`. Weights and images are made from whole numbers, in the same
way in src/inspect/saliency/tests.rs, so that none have to be stored.
"""
import json, pathlib
import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)
SIZE, CLASSES = [3, 9, 7], 4
STD = [0.5, 0.25, 0.2]


def numbers(count, salt, bound):
    """`count` numbers in ±bound."""
    whole = [(i * 7919 + salt * 104729) % 2003 - 1001 for i in range(count)]
    return torch.tensor([bound * w / 1001 for w in whole], dtype=torch.float64).float()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)

    def forward(self, x):
        return F.relu(x + self.bn(self.conv(x)))


network = nn.Sequential()
for name, layer in [
    ("conv1", nn.Conv2d(3, 4, 3, padding=1)),
    ("bn1", nn.BatchNorm2d(4)),
    ("relu1", nn.ReLU()),
    ("pool1", nn.MaxPool2d(2)),
    ("conv2", nn.Conv2d(4, 6, 2)),
    ("relu2", nn.ReLU()),
    ("block", Block()),
    ("drop", nn.Dropout(0.5)),
    ("flatten", nn.Flatten()),
    ("fc", nn.Linear(6 * 3 * 2, CLASSES)),
]:
    network.add_module(name, layer)
state = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
for salt, (name, entry) in enumerate(sorted(state.items())):
    spread, middle = (0.25, 1.0) if name.endswith("running_var") else (0.5, 0.0)
    entry.copy_(middle + numbers(entry.numel(), salt, spread).reshape(entry.shape))
network.eval()

image = numbers(3 * 9 * 7, 99, 2.0).reshape(1, *SIZE).requires_grad_()
outputs = {}
for name in ["conv1", "pool1", "block", "block.conv"]:
    layer = network.get_submodule(name)
    layer.register_forward_hook(lambda _, __, y, name=name: outputs.update({name: y}))
logits = network(image)
predicted = int(logits.argmax())
cases = []
for asked in [None, 0, 1, 2, 3]:
    score = logits[0, predicted if asked is None else asked]
    (gradient,) = torch.autograd.grad(score, image, retain_graph=True)
    case = {"class": asked, "gradient": (gradient[0].abs() / torch.tensor(STD)[:, None, None]).amax(0)}
    for name, maps in outputs.items():
        (by_maps,) = torch.autograd.grad(score, maps, retain_graph=True)
        weights = by_maps.mean((2, 3), keepdim=True)
        cam = F.relu((weights * maps).sum(1, keepdim=True))
        case[name] = F.interpolate(cam, size=SIZE[1:], mode="bilinear")[0, 0]
    cases.append({k: v.flatten().tolist() if torch.is_tensor(v) else v for k, v in case.items()})


def rounded(value):
    """With 7 significant digits."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


golden = {
    "logits": logits[0].tolist(),
    "probabilities": logits.softmax(1)[0].tolist(),
    "predicted": predicted,
    "cases": cases,
}
out = pathlib.Path(__file__).with_name("saliency.json")
out.write_text(json.dumps(rounded(golden)) + "\n")
print(out)
