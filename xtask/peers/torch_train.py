#!/usr/bin/env python3
"""A training step of PyTorch eager on the CPU: what `kiln bench` is measured against.

usage: torch_train.py --model NAME [--batch N] [--steps N] [--warmup N] [--threads N]
needs: torch, in a virtual environment outside the repository

A step is forward, cross-entropy, backward, SGD with momentum 0.9, and reading the
loss. Inputs are random and stay the same, so that nothing but the step is timed.
Prints one line of JSON: the median of the milliseconds a step, images a second, and
the most memory that the process had, in megabytes (10^6 bytes).

LeNet-5, ResNet-18 and VGG-11 with batch norms are written down here; all others that
Kiln knows by name are those of the golden tests, crates/models/tests/golden/reference.
"""
import argparse, json, pathlib, resource, statistics, sys, time
import torch
from torch import nn
import torch.nn.functional as F

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "crates/models/tests/golden"
CLASSES = 10


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.down = nn.Identity()
        if stride != 1 or cin != cout:
            self.down = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet18(width=64):
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    cin = width
    for stage in range(4):
        cout = width << stage
        for i in range(2):
            layers.append(Block(cin, cout, 2 if i == 0 and stage else 1))
            cin = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, CLASSES))


def vgg11():
    layers, cin = [], 3
    for v in [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]:
        if v == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(cin, v, 3, padding=1), nn.BatchNorm2d(v), nn.ReLU()]
            cin = v
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, CLASSES))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, CLASSES))


YARDSTICKS = {"lenet5": (lenet5, (1, 28, 28)), "resnet18": (resnet18, (3, 32, 32)), "vgg11-bn": (vgg11, (3, 32, 32))}


def network(name):
    """The network of that name for small images, and the shape of these."""
    if name in YARDSTICKS:
        make, image = YARDSTICKS[name]
        return make(), image
    sys.path.insert(0, str(GOLDEN))
    from reference import ONE_FORM, TWO_FORMS, build, usual_input
    if name not in ONE_FORM and name not in TWO_FORMS:
        sys.exit(f"there is no network `{name}` in PyTorch; known: {', '.join([*ONE_FORM, *TWO_FORMS])}")
    form = "small" if name in TWO_FORMS else None
    image = usual_input(name, form)
    return build(name, CLASSES, image, form), image


p = argparse.ArgumentParser()
p.add_argument("--model", required=True)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--steps", type=int, default=20)
p.add_argument("--warmup", type=int, default=3)
p.add_argument("--threads", type=int)
a = p.parse_args()
if a.threads:
    torch.set_num_threads(a.threads)
torch.manual_seed(0)
model, image = network(a.model)
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
opt = torch.optim.SGD(trained, lr=0.01, momentum=0.9)
x, y = torch.randn(a.batch, *image), torch.arange(a.batch) % CLASSES
times = []
for i in range(a.steps + a.warmup):
    start = time.perf_counter()
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    loss.item()
    if i >= a.warmup:
        times.append(time.perf_counter() - start)
ms = statistics.median(times) * 1e3
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
# macOS counts in bytes, Linux in KiB.
peak_mb = peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
print(json.dumps({"torch": torch.__version__, "model": a.model, "batch": a.batch, "threads": torch.get_num_threads(),
                  "ms_per_step": ms, "images_per_s": a.batch / ms * 1e3, "peak_rss_mb": peak_mb,
                  "parameters": sum(p.numel() for p in trained)}))
