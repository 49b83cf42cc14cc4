#!/usr/bin/env python3
"""Parameters after ten updates with PyTorch's optimizers, and averages of weights:
optim.json.

Run by `cargo xtask golden`. Parameters and gradients are made from whole numbers,
in the same way in src/optim/golden.rs, so that none have to be stored. All is of
64 bits here: what is of 32 bits there may differ by its rounding alone.
"""
import json, pathlib
import torch
from torch import nn

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
STEPS = 10


def numbers(count, salt, bound):
    """`count` numbers in ±bound."""
    whole = [(i * 7919 + salt * 104729) % 2003 - 1001 for i in range(count)]
    return torch.tensor([bound * w / 1001 for w in whole]).float().double()


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 6)
        self.fill(0, 0.5)

    def fill(self, salt, bound):
        """Parameters number `salt`."""
        with torch.no_grad():
            for at, p in enumerate(self.parameters()):
                p.copy_(numbers(p.numel(), 10 * salt + at, bound).reshape(p.shape))

    def forward(self, x):
        return self.fc(self.bn1(self.conv1(x)).flatten(1))

    def state(self):
        return {n: v.detach().flatten().tolist() for n, v in self.state_dict().items() if v.is_floating_point()}


def zeropower(grad, coefficients, steps, eps):
    """torch.optim._muon._zeropower_via_newtonschulz without its rounding to 16 bits."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if grad.size(0) > grad.size(1) else x


torch.optim._muon._zeropower_via_newtonschulz = zeropower


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al., 2023. PyTorch has no Lion."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                self.state[p]["m"] = b2 * m + (1 - b2) * p.grad
                p.sub_(group["lr"] * (torch.sign(c) + group["weight_decay"] * p))


class Muon:
    """torch.optim.Muon for matrices, with convolutions as [out, in·kh·kw], and
    AdamW for what it does not take and for the names that begin with `others`."""

    def __init__(self, model, lr, weight_decay, others=(), adamw_lr_scale=0.015, **options):
        named = dict(model.named_parameters())
        is_matrix = lambda n, p: p.dim() >= 2 and not n.startswith(tuple(others))
        self.matrices = [(p, nn.Parameter(p.detach().reshape(p.size(0), -1).clone())) for n, p in named.items() if is_matrix(n, p)]
        rest = [p for n, p in named.items() if not is_matrix(n, p)]
        self.muon = torch.optim.Muon([m for _, m in self.matrices], lr=lr, weight_decay=weight_decay, **options)
        self.adamw = torch.optim.AdamW(rest, lr=lr * adamw_lr_scale, betas=(0.9, 0.95), eps=1e-10, weight_decay=weight_decay)

    def step(self):
        for p, m in self.matrices:
            m.grad = p.grad.reshape(m.shape)
        self.muon.step()
        self.adamw.step()
        with torch.no_grad():
            for p, m in self.matrices:
                p.copy_(m.reshape(p.shape))


O = torch.optim


def split(model, decay):
    """Groups with weight decay left off parameters of one dimension."""
    p = list(model.parameters())
    return [
        {"params": [x for x in p if x.dim() > 1], "weight_decay": decay},
        {"params": [x for x in p if x.dim() == 1], "weight_decay": 0.0},
    ]


def grouped(model):
    """What [[optimizer.groups]] of the case `groups` say."""
    of = lambda prefix: [p for n, p in model.named_parameters() if n.startswith(prefix)]
    return [
        {"params": [model.conv1.weight], "lr": 0.005},
        {"params": [model.conv1.bias], "lr": 0.02, "weight_decay": 0.2},
        {"params": of("bn1"), "lr": 0.05},
        {"params": of("fc"), "lr": 0.05, "weight_decay": 0.0},
    ]


# name: the configuration, the optimizer, the clipping
CASES = {
    "sgd": ('lr = 0.05\nmomentum = 0.0\nweight_decay = 0.0', lambda m: O.SGD(m.parameters(), lr=0.05)),
    "sgd, momentum and weight decay": ('lr = 0.05\nweight_decay = 0.01', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)),
    "sgd, nesterov": ('lr = 0.05\nweight_decay = 0.01\nnesterov = true', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True)),
    "sgd, no decay of norm and bias": ('lr = 0.05\nweight_decay = 0.1\ndecay_norm_and_bias = false', lambda m: O.SGD(split(m, 0.1), lr=0.05, momentum=0.9)),
    "groups": ('lr = 0.05\nweight_decay = 0.1\n[[groups]]\nparameters = "*1.weight"\nlr_scale = 3.0\n[[groups]]\nparameters = "conv1.*"\nlr_scale = 0.1\n[[groups]]\nparameters = "*1.bias"\nlr_scale = 0.4\nweight_decay = 0.2\n[[groups]]\nparameters = "bn?.*"\n[[groups]]\nparameters = "fc*"\nweight_decay = 0.0', lambda m: O.SGD(grouped(m), lr=0.05, momentum=0.9, weight_decay=0.1)),
    "clip norm": ('lr = 0.05\nweight_decay = 0.0\nclip_norm = 0.7', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9)),
    "clip norm, not reached": ('lr = 0.05\nweight_decay = 0.0\nclip_norm = 100.0', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9)),
    "clip value": ('lr = 0.05\nweight_decay = 0.0\nclip_value = 0.1', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9)),
    "clip value and norm": ('lr = 0.05\nweight_decay = 0.0\nclip_value = 0.1\nclip_norm = 0.3', lambda m: O.SGD(m.parameters(), lr=0.05, momentum=0.9)),
    "adam": ('name = "adam"\nlr = 0.01', lambda m: O.Adam(m.parameters(), lr=0.01)),
    "adam, weight decay": ('name = "adam"\nlr = 0.01\nweight_decay = 0.1\nbetas = [0.8, 0.95]\neps = 1e-4', lambda m: O.Adam(m.parameters(), lr=0.01, weight_decay=0.1, betas=(0.8, 0.95), eps=1e-4)),
    "adamw": ('name = "adamw"\nlr = 0.01\nweight_decay = 0.1', lambda m: O.AdamW(m.parameters(), lr=0.01, weight_decay=0.1)),
    "adamw, no decay of norm and bias": ('name = "adamw"\nlr = 0.01\nweight_decay = 0.1\ndecay_norm_and_bias = false', lambda m: O.AdamW(split(m, 0.1), lr=0.01)),
    "rmsprop": ('name = "rmsprop"\nlr = 0.01', lambda m: O.RMSprop(m.parameters(), lr=0.01)),
    "rmsprop, momentum and weight decay": ('name = "rmsprop"\nlr = 0.01\nmomentum = 0.9\nweight_decay = 0.1\nalpha = 0.9', lambda m: O.RMSprop(m.parameters(), lr=0.01, momentum=0.9, weight_decay=0.1, alpha=0.9)),
    "rmsprop, centered": ('name = "rmsprop"\nlr = 0.01\ncentered = true\nalpha = 0.9\nmomentum = 0.5', lambda m: O.RMSprop(m.parameters(), lr=0.01, centered=True, alpha=0.9, momentum=0.5)),
    "adagrad": ('name = "adagrad"\nlr = 0.05', lambda m: O.Adagrad(m.parameters(), lr=0.05)),
    "adagrad, all constants": ('name = "adagrad"\nlr = 0.05\nlr_decay = 0.1\ninitial_accumulator = 0.5\nweight_decay = 0.1\neps = 1e-6', lambda m: O.Adagrad(m.parameters(), lr=0.05, lr_decay=0.1, initial_accumulator_value=0.5, weight_decay=0.1, eps=1e-6)),
    "lion": ('name = "lion"\nlr = 0.001\nweight_decay = 0.1', lambda m: Lion(m.parameters(), lr=0.001, weight_decay=0.1)),
    "lion, betas": ('name = "lion"\nlr = 0.001\nweight_decay = 0.0\nbetas = [0.5, 0.8]', lambda m: Lion(m.parameters(), lr=0.001, betas=(0.5, 0.8))),
    "muon": ('name = "muon"\nlr = 0.02\nweight_decay = 0.1', lambda m: Muon(m, 0.02, 0.1)),
    "muon, head by adamw": ('name = "muon"\nlr = 0.02\nweight_decay = 0.1\nnesterov = false\nmomentum = 0.9\nadjust_lr = "match-rms-adamw"\nadamw_parameters = ["fc.*"]\nadamw_lr_scale = 0.5', lambda m: Muon(m, 0.02, 0.1, others=["fc"], adamw_lr_scale=0.5, nesterov=False, momentum=0.9, adjust_lr_fn="match_rms_adamw")),
}


def optimized(name, make):
    model = Small()
    optimizer = make(model)
    for step in range(STEPS):
        for at, p in enumerate(model.parameters()):
            p.grad = numbers(p.numel(), 1000 + 10 * step + at, 0.3).reshape(p.shape)
        if "clip value" in name:
            nn.utils.clip_grad_value_(model.parameters(), 0.1)
        if "norm" in name and "clip" in name:
            most = {"clip norm": 0.7, "clip norm, not reached": 100.0, "clip value and norm": 0.3}[name]
            nn.utils.clip_grad_norm_(model.parameters(), most)
        optimizer.step()
    return {n: p.detach().flatten().tolist() for n, p in model.named_parameters()}


def images(salt):
    return numbers(5 * 2 * 3 * 3, 5000 + salt, 1.5).reshape(5, 2, 3, 3)


def averaged(average, count):
    model = Small().train()
    average = average(model)
    for salt in range(count):
        model.fill(salt + 1, 0.5)
        model(images(salt))
        average.update_parameters(model)
    return average


U = torch.optim.swa_utils
ema = averaged(lambda m: U.AveragedModel(m, multi_avg_fn=U.get_ema_multi_avg_fn(0.9), use_buffers=True), 6)
warm = averaged(
    lambda m: U.AveragedModel(m, avg_fn=lambda a, p, n: a + (p - a) * (1 - min(0.3, (1 + int(n)) / (10 + int(n)))), use_buffers=True), 6
)
swa = averaged(U.AveragedModel, 4)
U.update_bn([images(100), images(101), images(102)], swa)


def rounded(value):
    return [float(f"{v:.8g}") for v in value]


golden = {
    "optimizers": [
        {"name": name, "config": config, "parameters": {n: rounded(v) for n, v in optimized(name, make).items()}}
        for name, (config, make) in CASES.items()
    ],
    "averages": {n: {k: rounded(v) for k, v in a.module.state().items()} for n, a in [("ema", ema), ("ema, warm", warm), ("swa", swa)]},
}
out = pathlib.Path(__file__).with_name("optim.json")
text = json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('"averages"', '\n"averages"')
out.write_text(text + "\n")
print(out, len(text))
