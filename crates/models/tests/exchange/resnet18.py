#!/usr/bin/env python3
"""Weights between Kiln and torchvision's ResNet-18, both ways: resnet18.json.

Run by `cargo xtask golden`, which says in KILN and in LOGITS where the program and
models/examples/logits.rs were built. Logits are of weights that the other side
made, on the same images.
"""
import json, os, pathlib, subprocess, tempfile
import numpy, safetensors, safetensors.torch, torch, torchvision
from PIL import Image

HERE = pathlib.Path(__file__).parent
KILN, LOGITS = os.environ["KILN"], os.environ["LOGITS"]
# Of the largest logit. Sums of 32-bit floats in another order.
TOLERANCE = 1e-4
torch.set_num_threads(1)
torch.manual_seed(0)


def kiln(*words, folder, code=0):
    done = subprocess.run([KILN, *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


def compare(model, weights, images, folder):
    """The largest difference of Kiln's logits with `weights` from those of `model`."""
    safetensors.torch.save_file({"images": images}, folder / "images.safetensors")
    classes = str(model.fc.out_features)
    words = [LOGITS, "resnet18", "imagenet", classes, weights, "images.safetensors", "out.safetensors"]
    subprocess.run(list(map(str, words)), cwd=folder, check=True)
    found = safetensors.torch.load_file(folder / "out.safetensors")["logits"]
    with torch.no_grad():
        expected = model.eval()(images)
    assert found.shape == expected.shape
    return ((found - expected).abs().max() / expected.abs().max()).item()


def strict(weights, classes):
    """torchvision's network with a file of Kiln's."""
    model = torchvision.models.resnet18(num_classes=classes)
    model.load_state_dict(safetensors.torch.load_file(weights), strict=True)
    return model


def to_kiln(folder):
    """PyTorch's weights, imported: the same tensors, and the same logits."""
    model = torchvision.models.resnet18()
    # Statistics that are not those of a new network.
    with torch.no_grad():
        model.train()(torch.randn(4, 3, 64, 64))
    state = model.state_dict()
    safetensors.torch.save_file(state, folder / "torch.safetensors")
    torch.save(state, folder / "torch.pth")
    images = torch.randn(2, 3, 224, 224)
    differences = {}
    for name in ["torch.safetensors", "torch.pth"]:
        kiln("import", name, "--model", "resnet18", "--out", "kiln.safetensors", folder=folder)
        for key, value in strict(folder / "kiln.safetensors", 1000).state_dict().items():
            assert key.endswith("num_batches_tracked") or torch.equal(value, state[key]), key
        differences[name] = compare(model, "kiln.safetensors", images, folder)
    return differences


def from_kiln(folder):
    """Weights of a run of Kiln, exported: torchvision takes them, and gives the same logits."""
    random = numpy.random.default_rng(0)
    for label in ["blue", "red"]:
        (folder / "photos" / label).mkdir(parents=True)
        for i in range(8):
            pixels = random.integers(0, 256, (64, 64, 3), dtype=numpy.uint8)
            Image.fromarray(pixels).save(folder / "photos" / label / f"{i}.png")
    (folder / "run.toml").write_text("""
        model = "resnet18"
        dataset = "folder:photos"
        epochs = 1
        batch_size = 8
        augment = []
        [network]
        form = "imagenet"
        [folder]
        size = 64
        [schedule]
        warmup_epochs = 0
    """)
    kiln("train", "--config", "run.toml", "--backend", "flex", folder=folder)
    run, = (folder / "runs").iterdir()
    kiln("export", run, "--format", "safetensors", "--out", "export.safetensors", folder=folder)
    model = strict(folder / "export.safetensors", 2)
    return compare(model, "export.safetensors", torch.randn(4, 3, 64, 64), folder)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    outcome = {
        "what": "the largest difference of logits, as a share of the largest logit",
        "tolerance": TOLERANCE,
        "torchvision to kiln": to_kiln(folder),
        "kiln to torchvision": from_kiln(folder),
        "versions": {m.__name__: m.__version__.split("+")[0] for m in [torch, torchvision, safetensors]},
    }
numbers = [*outcome["torchvision to kiln"].values(), outcome["kiln to torchvision"]]
assert all(n < TOLERANCE for n in numbers if isinstance(n, float)), outcome
out = HERE / "resnet18.json"
out.write_text(json.dumps(outcome, indent=1) + "\n")
print(out)
