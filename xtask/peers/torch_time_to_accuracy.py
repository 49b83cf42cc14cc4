#!/usr/bin/env python3
"""LeNet-5 on MNIST until it tells so many held-out images, by PyTorch eager on the CPU: what
`cargo xtask bench time-to-accuracy` measures `kiln train` against.

usage: torch_time_to_accuracy.py FOLDER [--target SHARE] [--epochs N] [--seed N] [--threads N]
needs: torch, in a virtual environment outside the repository

FOLDER holds MNIST/raw/train-images-idx3-ubyte and its like, gzipped or not. The recipe is that
of `kiln train`: batches of 64, shifts of up to 2 pixels, SGD with momentum 0.9, a rate of 0.05
that rises over half an epoch and falls along half a cosine, weight decay 5e-4, PyTorch's
initialisation; 5,000 training images are held out, as many of each class as there are in all.

Nothing of it waits for a DataLoader: all images are one tensor, and a batch is shifted and
normalised in a few calls. Timed are the epochs with their validation, up to the end of the
first in which the share of the held-out images that is told is at least the target. The test
set is read once, after that. Prints one line of JSON.
"""
import argparse, gzip, json, math, pathlib, time
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

BATCH, HELD_OUT, PADDING, SIDE = 64, 5000, 2, 28
LR, MOMENTUM, DECAY, WARMUP_EPOCHS = 0.05, 0.9, 5e-4, 0.5


def idx(folder, name, header):
    file = folder / "MNIST/raw" / name
    zipped = file.with_name(file.name + ".gz")
    raw = file.read_bytes() if file.exists() else gzip.decompress(zipped.read_bytes())
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=header).copy())


def part(folder, name):
    images = idx(folder, f"{name}-images-idx3-ubyte", 16).reshape(-1, 1, SIDE, SIDE)
    return images, idx(folder, f"{name}-labels-idx1-ubyte", 8).long()


def split(labels, random):
    """Places of what trains and of what is held out, each class by its share."""
    held = []
    for label in labels.unique():
        places = (labels == label).nonzero().squeeze(1)
        count = round(HELD_OUT * len(places) / len(labels))
        held.append(places[torch.randperm(len(places), generator=random)[:count]])
    held = torch.cat(held)
    trains = torch.ones(len(labels), dtype=torch.bool)
    trains[held] = False
    return trains.nonzero().squeeze(1), held


def shifted(images, random):
    """Each image moved by up to PADDING pixels, black where nothing was."""
    padded = F.pad(images, (PADDING,) * 4)
    offsets = torch.randint(0, 2 * PADDING + 1, (2, len(images), 1), generator=random)
    rows, columns = offsets + torch.arange(SIDE)
    at = torch.arange(len(images))[:, None, None]
    return padded[at, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--target", type=float, default=0.99)
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--threads", type=int)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    random = torch.Generator().manual_seed(a.seed)

    images, labels = part(a.folder, "train")
    trains, held = split(labels, random)
    pixels = images[trains].float() / 255
    mean, std = pixels.mean(), pixels.std()
    normalised = lambda images: (images.float() / 255 - mean) / std

    model = lenet5()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
    updates = math.ceil(len(trains) / BATCH)
    warmup, all_updates = round(WARMUP_EPOCHS * updates), a.epochs * updates
    rate = lambda t: (t + 1) / warmup if t < warmup else (
        0.5 * (1 + math.cos(math.pi * (t - warmup) / (all_updates - warmup))))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

    @torch.no_grad()
    def accuracy(images, labels):
        model.eval()
        batches = zip(images.split(1000), labels.split(1000))
        right = sum((model(normalised(x)).argmax(1) == y).sum().item() for x, y in batches)
        model.train()
        return right / len(labels)

    seconds, reached, valid, epoch = 0.0, False, 0.0, 0
    for epoch in range(1, a.epochs + 1):
        start = time.perf_counter()
        for places in trains[torch.randperm(len(trains), generator=random)].split(BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(normalised(shifted(images[places], random))), labels[places])
            loss.backward()
            optimizer.step()
            schedule.step()
        valid = accuracy(images[held], labels[held])
        seconds += time.perf_counter() - start
        if valid >= a.target:
            reached = True
            break
    test = accuracy(*part(a.folder, "t10k"))
    print(json.dumps({
        "torch": torch.__version__, "threads": torch.get_num_threads(), "seed": a.seed,
        "reached": reached, "epochs": epoch, "seconds": seconds, "valid": valid, "test": test}))


main()
