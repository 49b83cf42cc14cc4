#!/usr/bin/env python3
"""What every network has, at its usual input: counts.json. Run by `cargo xtask golden`.

Trained parameters, multiply-adds of convolutions and fully connected layers
for one image, and a hash of the names and shapes in the state dict. First the
references are held against torchvision's networks.
"""
import torch
import torchvision
from torch import nn

from common import fnv1a, write
from reference import ONE_FORM, TWO_FORMS, build, usual_input


def entries(model):
    """The state dict's tensors that hold learnt values, sorted by name."""
    state = model.state_dict().items()
    return sorted((name, tensor) for name, tensor in state if not name.endswith("num_batches_tracked"))


def parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def walk(model, image):
    """Multiply-adds by layer, and the probabilities of dropout in the order of a
    forward pass. GoogLeNet's auxiliary heads run too."""
    counted, dropouts = {}, []

    def hook(name):
        def count(layer, _, output):
            # Each output value is a sum over one row of the weight.
            counted[name] = output.numel() * layer.weight[0].numel()
        return count

    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(hook(name))
        if isinstance(layer, nn.Dropout):
            layer.register_forward_hook(lambda layer, *_: dropouts.append(layer.p))
    model.eval()
    model.training = True
    model(torch.empty(1, *image, device="meta"))
    return counted, dropouts


def count(name, form=None, auxiliary=False):
    image, classes = usual_input(name, form), 1000 if form == "imagenet" else 10
    with torch.device("meta"):
        model = build(name, classes, image, form, auxiliary=auxiliary)
    state = "".join(f"{entry}:{'x'.join(map(str, tensor.shape))}\n" for entry, tensor in entries(model))
    by_layer, dropouts = walk(model, image)
    heads = sum(macs for layer, macs in by_layer.items() if layer.startswith("aux"))
    case = {
        "name": name, "form": form, "input": image, "classes": classes, "parameters": parameters(model),
        # Of a prediction: the heads run in training only.
        "macs": sum(by_layer.values()) - heads,
        "dropouts": dropouts,
        "state": f"{fnv1a(state.encode()):016x}",
    }
    return {**case, "auxiliary": True, "auxiliary_macs": heads} if auxiliary else case


def compare(name, side, auxiliary=False):
    """Names, shapes, counts and outputs are torchvision's, to the bit."""
    ours = build(name, 1000, (3, side, side), "imagenet", auxiliary=auxiliary)
    options = {"aux_logits": auxiliary, "init_weights": False} if name == "googlenet" else {}
    theirs = torchvision.models.get_model(name.replace("-", "_"), weights=None, **options)
    torch.manual_seed(5)
    for entry, tensor in entries(theirs):
        # The first values of batch norms are the same in all: they would hide one taken for another.
        if entry.endswith(("running_mean", "running_var")) or tensor.dim() == 1:
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    shapes = [[(entry, tensor.shape) for entry, tensor in entries(model)] for model in (ours, theirs)]
    assert shapes[0] == shapes[1], name
    ours.load_state_dict(theirs.state_dict())
    assert parameters(ours) == parameters(theirs), name
    images = torch.randn(2, 3, side, side)
    for training in [False, True] if auxiliary else [False]:
        for model in (ours, theirs):
            model.train(training)
            for layer in model.modules():
                if isinstance(layer, nn.Dropout):
                    layer.p = 0.0
        got, expected = ours(images), theirs(images)
        if training:
            # torchvision gives the second head before the first.
            got, expected = torch.cat(got), torch.cat([expected[0], expected[2], expected[1]])
        assert expected.std() > 1e-4, f"{name}: logits that tell nothing apart"
        assert torch.equal(got, expected), f"{name}: {(got - expected).abs().max()}"
    print(f"{name}: as torchvision's, {parameters(ours)} parameters")


# The counts that are published, or that the networks are known by.
KNOWN = {
    ("mlp", None): 669_706, ("lenet5", None): 61_706, ("lenet5-sigmoid", None): 61_706, ("convnet", None): 44_426,
    ("lenet-small", None): 32_998, ("cnn2", None): 25_775_882, ("alexnet", "imagenet"): 61_100_840,
    ("vgg11", "imagenet"): 132_863_336, ("vgg13", "imagenet"): 133_047_848, ("vgg16", "imagenet"): 138_357_544,
    ("vgg19", "imagenet"): 143_667_240, ("vgg11-bn", "imagenet"): 132_868_840, ("vgg16-bn", "imagenet"): 138_365_992,
    ("googlenet", "imagenet"): 6_624_904, ("resnet18", "imagenet"): 11_689_512, ("resnet34", "imagenet"): 21_797_672,
    ("resnet50", "imagenet"): 25_557_032, ("resnet101", "imagenet"): 44_549_160,
    ("resnet152", "imagenet"): 60_192_808, ("resnet18", "small"): 11_173_962, ("resnet20", None): 269_722,
    ("resnet56", None): 853_018, ("resnet-mnist", None): 98_346, ("trashnet", None): 133_514,
}

with torch.no_grad():
    for name in TWO_FORMS:
        if name == "googlenet":
            compare(name, 64)
            compare(name, 64, auxiliary=True)
        elif name != "nin":
            compare(name, 79 if name == "alexnet" else 40)
    cases = [count(name) for name in ONE_FORM]
    cases += [count(name, form) for name in TWO_FORMS for form in ("small", "imagenet")]
    cases += [count("googlenet", form, auxiliary=True) for form in ("small", "imagenet")]
known = {(case["name"], case["form"]): case["parameters"] for case in cases if "auxiliary" not in case}
for which, expected in KNOWN.items():
    assert known[which] == expected, f"{which}: {known[which]} parameters, not {expected}"
write("counts.json", cases)
