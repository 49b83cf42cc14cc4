#!/usr/bin/env python3
"""Files as `torch.save` writes them, for the tests of the reader: *.pth.

Run by `cargo xtask golden`. The values are whole numbers and halves, which all
of the types hold exactly; src/weights/pytorch/tests.rs knows them.
"""
import collections, io, os, pathlib, pickle, struct, zipfile
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


def numbers(*shape):
    """0, 0.5, 1, … in row-major order, less 2."""
    count = torch.Size(shape).numel()
    return (torch.arange(count, dtype=torch.float32) / 2 - 2).reshape(shape)


def state():
    return collections.OrderedDict({
        "conv.weight": numbers(2, 1, 2, 2),
        "bn.running_mean": numbers(2),
        "bn.num_batches_tracked": torch.tensor(7),
        "fc.weight": numbers(3, 2),
    })


def save(name, value, **options):
    torch.save(value, HERE / f"{name}.pth", **options)


save("zip", state())
save("legacy", state(), _use_new_zipfile_serialization=False)
save("f16", {k: v.half() if v.is_floating_point() else v for k, v in state().items()})
save("bf16", {k: v.bfloat16() if v.is_floating_point() else v for k, v in state().items()})
save("f64", {k: v.double() if v.is_floating_point() else v for k, v in state().items()})
save("integers", {"fc.weight": torch.arange(6)})
save("parameters", {k: nn.Parameter(v) if v.is_floating_point() else v for k, v in state().items()})

# The same values in other orders of memory, from one storage.
one = torch.cat([numbers(2, 1, 2, 2).flatten(), numbers(2), numbers(3, 2).t().flatten()])
save("strided", {
    "conv.weight": one[:8].reshape(2, 1, 2, 2),
    "bn.running_mean": one[8:10],
    "fc.weight": one[10:].reshape(2, 3).t(),
})
save("channels_last", {**state(), "conv.weight": numbers(2, 1, 2, 2).to(memory_format=torch.channels_last)})
save("tied", {"a.weight": one, "b.weight": one})

optimizer = {"state": {0: {"momentum_buffer": numbers(4)}}, "param_groups": [{"lr": 0.1}]}
save("nested", {"epoch": 3, "state_dict": state(), "optimizer": optimizer})
save("nested_model", {"model": state(), "optimizer": optimizer, "args": {"lr": 0.1}})
save("nested_twice", {"model": state(), "state_dict": state()})
save("parallel", {f"module.{k}": v for k, v in state().items()})
save("no_tensors", {"epoch": 3})
save("a_tensor", numbers(3))
# A network with a part of the name of a wrapper.
save("named_model", {"model.weight": numbers(2), "head.weight": numbers(3)})

scripted = torch.jit.script(nn.Linear(2, 3))
torch.jit.save(scripted, HERE / "scripted.pth")


class Evil:
    """Makes a directory when it is unpickled by Python."""

    def __reduce__(self):
        return os.mkdir, ("kiln-was-here",)


class Eviler:
    def __reduce__(self):
        return os.system, ("mkdir kiln-was-here",)


save("evil", Evil())
save("evil_beside", {**state(), "extra": Eviler()})
(HERE / "evil_plain.pth").write_bytes(pickle.dumps(Eviler(), protocol=2))
# A tensor that is made of a call with a tensor in it.
class EvilTensor:
    def __reduce__(self):
        return os.system, (numbers(2),)
save("evil_tensor", {"fc.weight": EvilTensor()})

# Claims: 4 EB, and 4 GB, out of one number that is stored.
save("claims_2_60", {"fc.weight": torch.zeros(1).as_strided((2**60,), (0,))})
save("claims_2_30", {"fc.weight": torch.zeros(1).as_strided((2**30,), (0,))})


def archive(name, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(HERE / f"{name}.pth", "w", compression) as file:
        for entry, content in entries.items():
            info = zipfile.ZipInfo(f"archive/{entry}", (1980, 1, 1, 0, 0, 0))
            info.compress_type = compression
            file.writestr(info, content)


def entries(path):
    with zipfile.ZipFile(path) as file:
        return {n.split("/", 1)[1]: file.read(n) for n in file.namelist()}


stored = entries(HERE / "zip.pth")
archive("deflated", stored, zipfile.ZIP_DEFLATED)
# A pickle of 4 MB of empty tuples, packed into 4 kB.
archive("bomb", {**stored, "data.pkl": b"\x80\x02" + b")" * (1 << 22) + b"."}, zipfile.ZIP_DEFLATED)
# A pickle that says that its storage has 2^60 numbers, and so has its tensor.
# `X` and a length, `K` a byte: the pickles of PyTorch, by hand.
text = lambda s: b"X" + struct.pack("<I", len(s)) + s
integer = lambda i: b"\x8a\x08" + struct.pack("<q", i)
large = 1 << 60
storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"0") + text(b"cpu") + integer(large) + b"tQ"
tensor = (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00(" + integer(large) + b"t(K\x01t"
          + b"\x89ccollections\nOrderedDict\n)RtR")
archive("claims_storage", {**stored, "data.pkl": b"\x80\x02}" + text(b"fc.weight") + tensor + b"s."})
big = (1 << 28)
small = tensor.replace(integer(large), integer(big))
archive("claims_entry", {**stored, "data.pkl": b"\x80\x02}" + text(b"fc.weight") + small + b"s."})
for path in sorted(HERE.glob("*.pth")):
    print(path)
