#!/usr/bin/env python3
"""Figures of an evaluation by scikit-learn, the calibration error by NumPy, and logits
under test-time augmentation in PyTorch: metrics.json.

Run by `cargo xtask golden`.
"""
import json, pathlib
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics as m

rng = np.random.default_rng(0)


def calibration_error(probabilities, labels, bins=15):
    """Guo et al. (2017), with intervals (lower, upper]."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    edges, error = np.linspace(0, 1, bins + 1), 0.0
    for lower, upper in zip(edges[:-1], edges[1:]):
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def case(name, classes, images, sharpness, absent=()):
    """Images of all classes but `absent`, of which the first may be predicted."""
    present = [c for c in range(classes) if c not in absent]
    labels = rng.choice(present, images)
    logits = rng.normal(size=(images, classes)) * sharpness
    logits[np.arange(images), labels] += 1.5 * sharpness
    for c in absent[1:]:
        logits[:, c] = -50.0
    logits = np.round(logits, 3)
    written, logits = logits, logits.astype(np.float32)
    predicted = logits.argmax(1)
    p = torch.softmax(torch.from_numpy(logits).double(), 1).numpy()
    every = range(classes)
    precision, recall, f1, support = m.precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0)
    return {
        "name": name, "classes": classes, "logits": written.flatten().tolist(), "labels": labels.tolist(),
        "accuracy": m.accuracy_score(labels, predicted),
        "top_5": m.top_k_accuracy_score(labels, p, k=5, labels=every) if classes > 5 else None,
        "macro_f1": m.f1_score(labels, predicted, average="macro", zero_division=0),
        "calibration_error": calibration_error(p, labels),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
        "support": support.tolist(),
        "confusion": m.confusion_matrix(labels, predicted, labels=every).tolist(),
    }


def tta():
    """airbench's `infer_mirror` and `infer_mirror_translate` of a linear network."""
    images = torch.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4) * 37 % 23 / 23.0
    weight = (torch.arange(24 * 3).reshape(3, 24) * 29 % 31 - 15) / 31.0

    def network(x):  # Not linear, so that means of images are not means of logits.
        return torch.tanh(x.flatten(1) @ weight.T)

    def mirror(x):
        return 0.5 * network(x) + 0.5 * network(x.flip(-1))

    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    shifted = [padded[:, :, 0:3, 0:4], padded[:, :, 2:5, 2:6]]
    shift = 0.5 * mirror(images) + 0.5 * torch.stack([mirror(s) for s in shifted]).mean(0)
    return {"images": images.flatten().tolist(), "weight": weight.T.flatten().tolist(),
            "none": network(images).flatten().tolist(),
            "flip": mirror(images).flatten().tolist(), "flip-shift": shift.flatten().tolist()}


golden = {
    "cases": [
        case("ten classes", 10, 120, 1.0),
        case("sharp", 7, 60, 6.0),
        case("three classes", 3, 50, 0.7),
        case("absent classes, one of them predicted", 8, 80, 1.0, absent=(2, 5)),
    ],
    "tta": tta(),
}
out = pathlib.Path(__file__).with_name("metrics.json")
out.write_text(json.dumps(golden) + "\n")
print(out)
