"""What the scripts beside this one share: numbers, weights and digests.

No weight and no image is stored: they are made from names, in the same way in
the Rust tests.
"""
import json, math, pathlib
import numpy
import torch

torch.set_num_threads(1)
PRIME, BASIS = 0x100000001B3, 0xCBF29CE484222325


def fnv1a(data):
    """FNV-1a of bytes, 64 bits."""
    state = BASIS
    for byte in data:
        state = (state ^ byte) * PRIME % 2**64
    return state


def stream(name, *shape):
    """Numbers in [-1, 1) as float64, drawn by splitmix64 from the hash of `name`.

    Each has 24 bits, so that it is the same in float32.
    """
    index = numpy.arange(1, math.prod(shape) + 1, dtype=numpy.uint64)
    z = numpy.uint64(fnv1a(name.encode())) + index * numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    z ^= z >> numpy.uint64(31)
    numbers = (z >> numpy.uint64(40)).astype(numpy.float64) / 2**23 - 1
    return torch.from_numpy(numbers).reshape(shape)


def fill(model, norm_bias=0.0):
    """Draws every weight, bias and running statistic by its name in the state dict.

    Weights keep the scale of what flows through ReLUs (He et al., 2015).
    `norm_bias` is added to the biases of batch norms: of those with a
    running mean beside them. Computed as float64, rounded to float32.
    """
    state = model.state_dict()
    for name, entry in state.items():
        if not entry.is_floating_point():
            continue
        s = stream(name, *entry.shape)
        layer, dot, last = name.rpartition(".")
        match last:
            case "weight" if entry.dim() >= 2:
                fan_in = entry[0].numel()
                values = math.sqrt(6 / fan_in) * s
            case "weight":
                values = 1 + 0.25 * s
            case "bias" if f"{layer}{dot}running_mean" in state:
                values = norm_bias + 0.1 * s
            case "bias" | "running_mean":
                values = 0.1 * s
            case "running_var":
                values = 1 + 0.5 * s
            case _:
                raise ValueError(f"no rule for {name}")
        entry.copy_(values.float())
    return model


def digest(tensor):
    """The L2 norm and three projections, which see where each value lies."""
    values = tensor.detach().double().flatten()
    projections = [(values * stream(f"projection {k}", values.numel())).sum() for k in range(3)]
    return [values.norm().item(), *(p.item() for p in projections)]


def rounded(value):
    """`value` (a tensor, a number, lists or dicts of them) with 9 significant digits."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def write(name, cases):
    """Writes `cases` beside the scripts, one a line."""
    path = pathlib.Path(__file__).parent / name
    lines = ",\n".join(json.dumps(rounded(case), separators=(",", ":")) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
