#!/usr/bin/env python3
"""Predictions and three steps of training of every family: networks.json. Run by `cargo xtask golden`.

For each case, with weights from `fill`, no dropout, and one batch (images 1.5
times the stream "images", label i % classes): the logits in evaluation; then,
in training, the logits, the loss and every gradient of the first step, and all
parameters and running statistics after three. The gradients are of the loss
alone, without the weight decay. Tensors are stored as digests.

Each case is run again in float64, and the two must agree far better than the
tests ask. ReLU and max pooling have kinks: where a value lies so near to one
that rounding decides the side, gradients jump. Batch norms one upon another
amplify such a jump until every digit is lost, so that the deepest networks have
a `norm_bias`, which takes most values off the kinks. Sizes and batches were
chosen such that noise of the size of float32's rounding, on every layer's
output, leaves the rest as it is.

A digest is compared relative to its tensor's norm; that of a gradient, to a
thousandth of the case's largest gradient norm, if that is larger. A gradient
that is zero but for rounding (of a bias before a batch norm, or of one that
passes nothing but open ReLUs and 1x1 convolutions on its way to the next) is
stored as zeros: what comes of it must be below 1e-5 of the largest norm.
"""
import torch
from torch import nn
import torch.nn.functional as F

from common import digest, fill, stream, write
from reference import build

STEPS, RATE, MOMENTUM, DECAY, HEAD = 3, 0.01, 0.9, 5e-4, 0.3
# What float32 may differ from float64, relatively.
ROUNDING = 3e-5
# What rounding may leave of a gradient that is zero, relative to the largest.
NOISE = 3e-6
GREY, SMALL = (1, 28, 28), (3, 32, 32)


def case(model, image, batch=4, form=None, width=1.0, auxiliary=False, norm_bias=0.0):
    return {"model": model, "form": form, "width": width, "auxiliary": auxiliary,
            "input": image, "classes": 10, "batch": batch, "norm_bias": norm_bias}


def square(side):
    return (3, side, side)


CASES = [
    *(case(name, GREY) for name in ["perceptron", "mlp", "lenet5", "lenet5-sigmoid", "convnet", "lenet-small"]),
    case("cnn2", GREY, width=0.125),
    case("alexnet", SMALL, form="small", width=0.125),
    case("alexnet", square(64), form="imagenet", width=0.125),
    case("vgg11", SMALL, form="small", width=0.125),
    case("vgg11-bn", SMALL, form="small", width=0.125, batch=8),
    case("vgg16-bn", square(32), form="imagenet", width=0.0625, batch=8, norm_bias=1.5),
    case("nin", SMALL, form="small", width=0.125),
    case("nin", square(71), form="imagenet", width=0.125),
    case("googlenet", square(15), form="small", width=0.125, norm_bias=1.5),
    case("googlenet", square(48), form="imagenet", width=0.125, auxiliary=True, batch=4, norm_bias=1.5),
    case("resnet18", SMALL, form="small", width=0.125, norm_bias=1.5),
    case("resnet18", GREY, form="small", width=0.125),
    case("resnet50", SMALL, form="small", width=0.125, norm_bias=1.5),
    case("resnet18", square(64), form="imagenet", width=0.125),
    case("resnet34", SMALL, form="small", width=0.0625, norm_bias=1.5),
    case("resnet20", SMALL, norm_bias=1.5),
    case("resnet-mnist", GREY, batch=8),
    case("trashnet", square(16), batch=8),
    case("resnet9", SMALL, width=0.125),
    case("airbench94", SMALL, width=0.125),
]


def run(of, dtype):
    """What the protocol above gives, tensors as they are."""
    model = build(of["model"], of["classes"], of["input"], of["form"], of["width"], of["auxiliary"])
    fill(model, of["norm_bias"]).to(dtype)
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    images = (1.5 * stream("images", of["batch"], *of["input"])).float().to(dtype)
    labels = torch.arange(of["batch"]) % of["classes"]
    with torch.no_grad():
        results = {"eval_logits": model.eval()(images), "losses": []}
    model.train()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.SGD(trained.values(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    for step in range(STEPS):
        logits, *heads = model(images) if of["auxiliary"] else [model(images)]
        loss = F.cross_entropy(logits, labels) + sum(HEAD * F.cross_entropy(head, labels) for head in heads)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            results["train_logits"] = logits.detach()
            results["gradients"] = {name: p.grad.clone() for name, p in trained.items()}
        results["losses"].append(loss.item())
        optimizer.step()
    results["after"] = {name: t for name, t in model.state_dict().items() if t.is_floating_point()}
    return results


def digested(results):
    tables = {key: {name: digest(t) for name, t in results[key].items()} for key in ("gradients", "after")}
    return {**results, **tables}


def zero_what_is_zero(gradients, exact):
    """Takes the noise off `gradients` that are zero, by those of float64."""
    largest = max(norm for norm, *_ in exact.values())
    for name, (norm, *_) in exact.items():
        if norm < 1e-12 * largest:
            assert gradients[name][0] < NOISE * largest, name
            gradients[name] = [0.0] * 4


def worst(results, exact):
    """The largest relative difference of two runs, and where it is."""
    largest = max(norm for norm, *_ in exact["gradients"].values())
    found = []
    for key in ("eval_logits", "train_logits"):
        apart = (results[key].double() - exact[key]).abs().max() / exact[key].abs().max()
        found.append((apart.item(), key))
    found += [(abs(a - b) / b, "losses") for a, b in zip(results["losses"], exact["losses"])]
    for key, floor in (("gradients", 1e-3 * largest), ("after", 0.0)):
        for name, numbers in exact[key].items():
            apart = max(abs(a - b) for a, b in zip(results[key][name], numbers))
            found.append((apart / max(numbers[0], floor), f"{key} {name}"))
    return max(found)


cases = []
for of in CASES:
    results, exact = (digested(run(of, dtype)) for dtype in (torch.float32, torch.float64))
    zero_what_is_zero(results["gradients"], exact["gradients"])
    apart, where = worst(results, exact)
    print(f"{of['model']} {of['form'] or ''} {of['input']}: float32 and float64 are {apart:.1e} apart, in {where}")
    assert apart < ROUNDING, "ill-conditioned: choose another batch or size"
    cases.append({**of, **results})
write("networks.json", cases)
