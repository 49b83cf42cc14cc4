"""The networks in plain PyTorch, one file a family, with torchvision's names in
the state dict where torchvision has the network.

`build` makes one by its name.
"""
from functools import partial

from .airbench import Airbench
from .alexnet import AlexNet
from .cnn2 import Cnn2
from .googlenet import GoogLeNet
from .lenet import KINDS, LeNet
from .mlp import Mlp, Perceptron
from .nin import Nin
from .resnet import DEPTHS, ResNet
from .resnet9 import ResNet9
from .resnet_cifar import CifarResNet
from .resnet_mnist import MnistResNet
from .trashnet import TrashNet
from .vgg import STAGES, Vgg

GREY, SMALL, LARGE = (1, 28, 28), (3, 32, 32), (3, 224, 224)

# With one form: the usual input, and who makes them.
ONE_FORM = {
    "perceptron": (GREY, Perceptron),
    "mlp": (GREY, Mlp),
    **{name: (GREY, partial(LeNet, **kind)) for name, kind in KINDS.items()},
    "cnn2": (GREY, Cnn2),
    **{f"resnet{depth}": (SMALL, partial(CifarResNet, depth=depth)) for depth in (20, 32, 44, 56, 110)},
    "resnet-mnist": (GREY, MnistResNet),
    "trashnet": (SMALL, TrashNet),
    "resnet9": (SMALL, ResNet9),
    "airbench94": (SMALL, Airbench),
}
# With a form for small images and one for ImageNet's.
TWO_FORMS = {
    "alexnet": AlexNet,
    **{f"vgg{depth}{suffix}": partial(Vgg, depth=depth, norm=norm)
       for depth in STAGES for suffix, norm in (("", False), ("-bn", True))},
    "nin": Nin,
    "googlenet": partial(GoogLeNet, auxiliary=False),
    **{f"resnet{depth}": partial(ResNet, depth=depth) for depth in DEPTHS},
}


def usual_input(name, form=None):
    """Channels, height and width of the images that the network is known for."""
    return ONE_FORM[name][0] if form is None else {"small": SMALL, "imagenet": LARGE}[form]


def build(name, classes, image, form=None, width=1.0, auxiliary=False):
    """A network for `image` (channels, height, width). `form` is "small" or
    "imagenet" where there are two; only GoogLeNet has auxiliary heads."""
    heads = {"auxiliary": True} if auxiliary else {}
    if form is None:
        return ONE_FORM[name][1](classes, image, width, **heads)
    return TWO_FORMS[name](classes, image, width, form=form, **heads)
