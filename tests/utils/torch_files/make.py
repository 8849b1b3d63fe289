# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of torch.save beside it, with a Python that has PyTorch: ``python make.py [FOLDER] [SEED]``.

The committed ones are of PyTorch 2.14 and seed 0. ``expected``, with which the tests compare, needs only numpy.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np

KINDS = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


def numbers(seed, *shape):
    """Small multiples of a quarter, which are exact in every kind of float."""
    return (np.random.RandomState(seed).randint(-40, 40, shape) / 4).astype(np.float32)


def expected(seed=0):
    """Name to array of what the entry ``state_dict`` of each file holds."""
    table = {}
    for i, kind in enumerate(KINDS):
        values = numbers(seed + i, 2, 3)
        whole = np.abs(values).astype("uint8") if kind == "uint8" else values
        table[kind] = whole.astype("float32" if kind == "bfloat16" else kind)
    base = numbers(seed + 50, 4, 6)
    table["whole"], table["rows"], table["columns"] = base, base[1:3], base[:, 1::2]
    table["transposed"] = numbers(seed + 51, 3, 5).T
    table["channels_last"] = numbers(seed + 52, 2, 3, 4, 5)
    table["half_turned"] = numbers(seed + 53, 4, 2).T.astype("float16")
    table["bfloat16_view"] = numbers(seed + 54, 3, 4)[:, ::3]
    table["one_number"] = np.asarray(numbers(seed + 55, 1)[0])
    table["none"] = np.zeros((0, 3), "float32")
    table["repeated"] = np.broadcast_to(numbers(seed + 56, 1, 2), (3, 2))
    table["parameter"] = numbers(seed + 57, 3)
    return table


def tensors(torch, seed):
    """The same as PyTorch's tensors; views are views."""
    table = {kind: torch.tensor(expected(seed)[kind]).to(getattr(torch, kind)) for kind in KINDS}
    base = torch.tensor(numbers(seed + 50, 4, 6))
    table.update(whole=base, rows=base[1:3], columns=base[:, 1::2])
    table["transposed"] = torch.tensor(numbers(seed + 51, 3, 5)).t()
    table["channels_last"] = torch.tensor(numbers(seed + 52, 2, 3, 4, 5)).to(memory_format=torch.channels_last)
    table["half_turned"] = torch.tensor(numbers(seed + 53, 4, 2)).half().t()
    table["bfloat16_view"] = torch.tensor(numbers(seed + 54, 3, 4)).bfloat16()[:, ::3]
    table["one_number"] = torch.tensor(float(expected(seed)["one_number"]))
    table["none"] = torch.zeros(0, 3)
    table["repeated"] = torch.tensor(numbers(seed + 56, 1, 2)).expand(3, 2)
    table["parameter"] = torch.nn.Parameter(torch.tensor(numbers(seed + 57, 3)))
    return OrderedDict(table)


def training(torch, seed):
    """A training's checkpoint: the weights beside an optimiser that has made a step, and numbers of numpy."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3))
    optimizer = torch.optim.Adam(network.parameters(), lr=float(np.float64(0.01)))
    network(torch.randn(2, 2, 4, 4)).square().sum().backward()
    optimizer.step()
    return {
        "epoch": 3,
        "best_mIoU": np.float64(0.75),
        "history": np.arange(3.0),
        "device": torch.device("cpu"),
        "shape": torch.Size([1, 2]),
        "state_dict": tensors(torch, seed),
        "network": network.state_dict(),  # has the attribute _metadata
        "optimizer": optimizer.state_dict(),
    }


def mmengine_meta():
    """What a runner of mmengine puts beside the weights, by its own classes."""
    from mmengine.config import ConfigDict
    from mmengine.logging import MessageHub

    hub = MessageHub.get_instance("fixture")
    for loss in (0.5, 0.25):
        hub.update_scalar("train/loss", loss)
    hub.update_info("iter", 2)
    meta = {"iter": 2, "cfg": "model = dict()", "dataset_meta": ConfigDict(classes=("road",), palette=[[1, 2, 3]])}
    return {"meta": meta, "message_hub": hub.state_dict(), "param_schedulers": [{"last_step": np.int64(2)}]}


def main():
    """Write zip.pth, old.pth and, where mmengine is installed, mmengine.pth."""
    import torch

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    content = training(torch, seed)
    torch.save(content, folder / "zip.pth")
    torch.save(content, folder / "old.pth", _use_new_zipfile_serialization=False)
    try:
        beside = mmengine_meta()
    except ImportError:
        return
    torch.save({**beside, "state_dict": tensors(torch, seed)}, folder / "mmengine.pth")


if __name__ == "__main__":
    main()
