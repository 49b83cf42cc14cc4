#!/usr/bin/env python3
"""Image files as PIL decodes and torchvision resizes them: folder.json. Run by `cargo xtask golden`."""
import io
import numpy
import torch
from PIL import Image, ImageOps
from torchvision.transforms.v2 import functional as F

from common import Cases, image

cases = Cases()


def encode(picture, format, **how):
    out = io.BytesIO()
    picture.save(out, format, **how)
    return out.getvalue()


def smooth(height, width, channels):
    """Colours that change slowly, so that a lossy format keeps them."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    return (128 + 100 * numpy.sin(x * 0.35 + y * 0.21 * (c + 1) + c)).astype("uint8")


def fit(pixels, size):
    """Covers `size` and keeps the middle; `pixels` are [C, H, W]."""
    if isinstance(size, int):
        return F.center_crop(F.resize(pixels, [size], antialias=True), [size])
    height, width = pixels.shape[1:]
    if size[0] / height >= size[1] / width:
        covering = [size[0], int(width * size[0] / height)]
    else:
        covering = [int(height * size[1] / width), size[1]]
    return F.center_crop(F.resize(pixels, covering, antialias=True), size)


def add(name, file, size=8, channels=3, tolerance=1, pixels=None):
    if pixels is None:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
        picture = picture.convert("RGB" if channels == 3 else "L")
        pixels = F.pil_to_tensor(picture)
    cases.add(name, fit(pixels, size), tuple(pixels.shape), file=file.hex(), size=size, channels=channels, tolerance=tolerance)


def noise(channels, height=14, width=20):
    values = image((channels, height, width)).permute(1, 2, 0).numpy()
    return Image.fromarray(values if channels > 1 else values[..., 0])


rgb = noise(3)
for size in [8, 14, 20, [14, 20], [10, 5], [5, 12], [1, 3]]:
    add("png, rgb", encode(rgb, "PNG"), size=size)
add("png, rgb as grey", encode(rgb, "PNG"), channels=1)
add("png, rgba", encode(noise(4), "PNG"))
add("png, rgba as grey", encode(noise(4), "PNG"), channels=1)
add("png, grey", encode(noise(1), "PNG"), channels=1)
add("png, grey as rgb", encode(noise(1), "PNG"))
add("png, grey and alpha", encode(noise(2), "PNG"))
add("png, palette", encode(rgb.quantize(9), "PNG"))
add("png, one bit", encode(noise(1).convert("1"), "PNG"), channels=1)
add("png, high", encode(noise(3, 21, 9), "PNG"), size=[4, 9])
# PIL clips 16 bits: the reference is NumPy's rounding.
wide = (numpy.arange(14 * 20, dtype="uint32").reshape(14, 20) * 7919 % 65536).astype("uint16")
add("png, 16 bits", encode(Image.fromarray(wide), "PNG"), size=[14, 20], channels=1, tolerance=0,
    pixels=torch.tensor((wide / 257).round().astype("uint8"))[None])
add("bmp", encode(rgb, "BMP"))
add("webp, lossless", encode(rgb, "WEBP", lossless=True))
# Decoders may round the transform of JPEG each in its way, by a level.
picture = Image.fromarray(smooth(18, 26, 3))
add("jpeg", encode(picture, "JPEG", quality=90, subsampling=0), tolerance=2)
add("jpeg, progressive", encode(picture, "JPEG", quality=90, subsampling=0, progressive=True), tolerance=2)
add("jpeg, grey", encode(Image.fromarray(smooth(18, 26, 1)[..., 0]), "JPEG", quality=90), tolerance=2)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    add(f"jpeg, orientation {orientation}", encode(picture, "JPEG", quality=90, subsampling=0, exif=exif),
        size=[6, 9], tolerance=2)
exif = Image.Exif()
exif[0x0112] = 6
add("png, orientation 6", encode(rgb, "PNG", exif=exif), size=[20, 14], tolerance=0)
add("webp, orientation 6", encode(rgb, "WEBP", lossless=True, exif=exif), size=[20, 14], tolerance=0)
cases.write("folder.json")
