#!/usr/bin/env python3
"""Images a second out of torchvision's transforms and PyTorch's DataLoader: what
`cargo xtask bench data` measures Kiln's loader against.

usage: torchvision_loader.py FOLDER [--recipe crop|affine] [--batch N] [--workers N]
needs: torch, torchvision and Pillow, in a virtual environment outside the repository

FOLDER holds the training files of CIFAR-10 in its binary layout, gzipped or not:
cifar-10-batches-bin/data_batch_1.bin to 5. They are read into memory first, and each
image is a Pillow image, as in torchvision's own CIFAR10. The transforms are the classic
ones: on Pillow images they take a third less time than those of `v2`. Timed is an epoch
in random order, from its first batch to its last: starting the workers is not counted.
Prints one line of JSON.
"""
import argparse, gzip, json, pathlib, time
import numpy as np
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
RANDOM = {
    "crop": lambda: [transforms.RandomCrop(SIDE, padding=4)],
    "affine": lambda: [transforms.RandomAffine(degrees=15, translate=(0.1, 0.1), scale=(0.9, 1.1), shear=5,
                                               interpolation=transforms.InterpolationMode.BILINEAR)],
}


def records(folder):
    """The bytes of all training files, an image a row: its label, then its planes."""
    parts = []
    for number in range(1, 6):
        file = pathlib.Path(folder) / "cifar-10-batches-bin" / f"data_batch_{number}.bin"
        zipped = file.with_name(file.name + ".gz")
        raw = file.read_bytes() if file.exists() else gzip.decompress(zipped.read_bytes())
        parts.append(np.frombuffer(raw, np.uint8).reshape(-1, RECORD))
    return np.concatenate(parts)


class Cifar10(Dataset):
    def __init__(self, folder, transform):
        rows = records(folder)
        self.labels = rows[:, 0].astype(np.int64)
        planes = rows[:, 1:].reshape(-1, 3, SIDE, SIDE)
        self.pixels = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, at):
        return self.transform(Image.fromarray(self.pixels[at])), self.labels[at]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--recipe", choices=sorted(RANDOM), default="crop")
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--workers", type=int, default=2)
    a = p.parse_args()
    torch.manual_seed(1)
    transform = transforms.Compose([*RANDOM[a.recipe](), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
                                    transforms.Normalize(MEAN, STD)])
    images = Cifar10(a.folder, transform)
    batches = iter(DataLoader(images, batch_size=a.batch, shuffle=True, num_workers=a.workers))
    first = len(next(batches)[1])
    start = time.perf_counter()
    others = sum(len(labels) for _, labels in batches)
    seconds = time.perf_counter() - start
    print(json.dumps({"torchvision": torchvision.__version__, "torch": torch.__version__, "recipe": a.recipe,
                      "workers": a.workers, "batch": a.batch, "images": first + others,
                      "images_per_s": others / seconds}))


if __name__ == "__main__":
    main()
