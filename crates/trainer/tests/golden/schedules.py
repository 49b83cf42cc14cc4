#!/usr/bin/env python3
"""Learning rates of `torch.optim.lr_scheduler`: schedules.json.

Run by `cargo xtask golden`. Schedules are stepped once an update, plateau once an
epoch. A warm-up that is not given to PyTorch's LinearLR is none.
"""
import json, pathlib, warnings
import torch
from torch.optim import lr_scheduler as s

warnings.simplefilter("ignore")  # of SequentialLR's own calls
UPDATES = 7


def rates(peak, epochs, make, losses=None):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    schedule = make(optimizer)
    found = []
    for epoch in range(epochs):
        for _ in range(UPDATES):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if losses is None:
                schedule.step()
        if losses is not None:
            schedule.step(losses[epoch])
    return found


def warm(start, updates, then):
    """`then` after LinearLR, which reaches the full rate at update `updates`."""
    def make(o):
        first = s.LinearLR(o, start_factor=start, total_iters=updates)
        return s.SequentialLR(o, [first, then(o)], milestones=[updates])
    return make


cases = []


def case(name, config, make, peak=0.1, epochs=6, losses=None):
    config = {"warmup_epochs": 0.0} | config
    found = {"name": name, "config": config, "peak": peak, "epochs": epochs,
             "updates_per_epoch": UPDATES, "rates": rates(peak, epochs, make, losses)}
    cases.append(found | ({"losses": losses} if losses else {}))


def epochs(n):
    """The nearest update, halves up: PyTorch takes whole ones only."""
    return int(n * UPDATES + 0.5)


case("constant", {"name": "constant"}, lambda o: s.ConstantLR(o, factor=1.0))
case("constant after warm-up", {"name": "constant", "warmup_epochs": 2.0, "warmup_start": 0.25},
     lambda o: s.LinearLR(o, start_factor=0.25, total_iters=2 * UPDATES))
case("step", {"name": "step", "step_epochs": 2.0, "gamma": 0.3},
     lambda o: s.StepLR(o, step_size=2 * UPDATES, gamma=0.3))
case("step by default", {"name": "step"}, lambda o: s.StepLR(o, step_size=2 * UPDATES), peak=3.0)
# Chained, so that both count from the beginning of the run.
case("step after warm-up", {"name": "step", "step_epochs": 2.0, "warmup_epochs": 1.0, "warmup_start": 0.5},
     lambda o: s.ChainedScheduler([s.LinearLR(o, start_factor=0.5, total_iters=UPDATES),
                                   s.StepLR(o, step_size=2 * UPDATES)]))
case("multi-step", {"name": "multi-step", "milestones": [1.5, 4.0], "gamma": 0.2},
     lambda o: s.MultiStepLR(o, milestones=[epochs(1.5), epochs(4)], gamma=0.2))
case("multi-step by default", {"name": "multi-step"},
     lambda o: s.MultiStepLR(o, milestones=[epochs(3), epochs(4.5)]))
case("exponential", {"name": "exponential", "gamma": 0.5},
     lambda o: s.ExponentialLR(o, gamma=0.5 ** (1 / UPDATES)))
case("exponential after warm-up",
     {"name": "exponential", "gamma": 0.8, "warmup_epochs": 1.0, "warmup_start": 0.1},
     warm(0.1, UPDATES, lambda o: s.ExponentialLR(o, gamma=0.8 ** (1 / UPDATES))))
case("cosine", {"name": "cosine"}, lambda o: s.CosineAnnealingLR(o, T_max=6 * UPDATES), peak=2.0)
case("cosine to a rate above 0", {"name": "cosine", "min_lr": 0.01},
     lambda o: s.CosineAnnealingLR(o, T_max=6 * UPDATES, eta_min=0.01))
case("cosine after warm-up", {"name": "cosine", "warmup_epochs": 1.0, "warmup_start": 0.1},
     warm(0.1, UPDATES, lambda o: s.CosineAnnealingLR(o, T_max=5 * UPDATES)))


def cycle(name, config, peak=0.1, **more):
    """OneCycleLR refuses one step too many, so that the last `step()` is left out."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    schedule = s.OneCycleLR(optimizer, max_lr=peak, total_steps=6 * UPDATES, cycle_momentum=False, **more)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(6 * UPDATES - 1):
        optimizer.step()
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    cases.append({"name": name, "config": {"name": "one-cycle"} | config, "peak": peak, "epochs": 6,
                  "updates_per_epoch": UPDATES, "rates": found})


cycle("one-cycle", {}, peak=2.0)
cycle("one-cycle with its options",
      {"pct_start": 0.45, "div_factor": 10.0, "final_div_factor": 100.0, "anneal": "linear"},
      pct_start=0.45, div_factor=10.0, final_div_factor=100.0, anneal_strategy="linear")
case("linear", {"name": "linear", "min_lr": 0.02},
     lambda o: s.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=6 * UPDATES))
case("linear to 0 after warm-up", {"name": "linear", "warmup_epochs": 1.0, "warmup_start": 0.1},
     warm(0.1, UPDATES, lambda o: s.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=5 * UPDATES)))
case("polynomial", {"name": "polynomial", "power": 2.0},
     lambda o: s.PolynomialLR(o, total_iters=6 * UPDATES, power=2.0))
case("polynomial by default", {"name": "polynomial"},
     lambda o: s.PolynomialLR(o, total_iters=6 * UPDATES, power=0.9), peak=5.0)
# PolynomialLR has no end but 0: the rate above the end is what decays.
case("polynomial to a rate above 0", {"name": "polynomial", "power": 3.0, "min_lr": 0.025},
     lambda o: s.LambdaLR(o, lambda t: 0.25 + 0.75 * (1 - t / (6 * UPDATES)) ** 3))
LOSSES = [1.0, 0.8, 0.81, 0.79999, 0.9, 0.7, 0.71, 0.71, 0.75, 0.8, 0.72, 0.69, 0.7, 0.7, 0.7, 0.7]
case("plateau", {"name": "plateau", "factor": 0.5, "patience": 1, "cooldown": 1, "min_lr": 0.02},
     lambda o: s.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=1, min_lr=0.02),
     epochs=16, losses=LOSSES)
case("plateau by default", {"name": "plateau"}, lambda o: s.ReduceLROnPlateau(o, patience=3),
     peak=1.5, epochs=16, losses=LOSSES)
case("plateau with a threshold", {"name": "plateau", "patience": 2, "threshold": 0.15, "factor": 0.3},
     lambda o: s.ReduceLROnPlateau(o, patience=2, threshold=0.15, factor=0.3),
     epochs=16, losses=LOSSES)

out = pathlib.Path(__file__).with_name("schedules.json")
out.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(out)
