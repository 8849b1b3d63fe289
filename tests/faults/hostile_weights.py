# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of PyTorch, MindSpore and safetensors that would run code, and others with impossible claims."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np

from tests.torch_writer import (
    Call,
    Name,
    Persistent,
    message,
    mindspore_file,
    mindspore_value,
    old_file,
    old_torch_file,
    pickled,
    storage,
    tensor,
    torch_file,
    varint,
    zipped,
)

WEIGHTS = {"conv.weight": np.arange(24, dtype=np.float32).reshape(4, 6), "conv.bias": np.ones(4, np.float32)}
SIX = np.arange(6, dtype="<f4").tobytes()
_MEGABYTE = 1 << 20


def torch_with(value):
    return torch_file({**WEIGHTS, "hostile": value})


def call(module, name, *arguments):
    return torch_with(Call(Name(module, name), *arguments))


def torch_view(offset, shape, strides, data=SIX, count=6):
    """An archive of one tensor, six numbers and any view of them."""
    return zipped(pickled({"w": tensor(storage("FloatStorage", "0", count), offset, shape, strides)})[0], {"0": data})


def opcodes(code):
    """An archive whose pickle is these opcodes."""
    return zipped(b"\x80\x02" + code + b".", {})


def again_and_again(function, arguments, code, count=200_000):
    """A call that takes a few bytes, with the same arguments each time: they are looked at once more by each."""
    return opcodes(function + b"q\0" + arguments + b"q\x01" + (b"h\0h\x01" + code + b"0") * count + b"N")


def patched(data, mark, offset, new, last=False):
    """``new`` in place of what is ``offset`` bytes behind a mark, the last one or the first."""
    place = (data.rindex(mark) if last else data.index(mark)) + offset
    return data[:place] + new + data[place + len(new) :]


def archive_of(*entries):
    """A zip archive of (name or ZipInfo, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def link():
    info = zipfile.ZipInfo("net/data/0")
    info.external_attr = 0o120777 << 16
    return info


def one_pickle(data=None):
    return data or pickled({"w": tensor(storage("FloatStorage", "0", 6), 0, (6,), (1,))})[0]


def overlapping():
    """The directory says of two storages that they are at one place."""
    two = {str(i): tensor(storage("FloatStorage", str(i), 6), 0, (6,), (1,)) for i in (0, 1)}
    data = zipped(pickled(two)[0], {"0": SIX, "1": SIX})
    first, second = (data.rindex(f"net/data/{i}".encode()) for i in (0, 1))  # within the directory
    offset = data[first - 4 : first]
    return data[: second - 4] + offset + data[second:]


def old_with(part, code):
    """The older format with other opcodes in one of its pickles: 1 version, 2 machine, 3 content, 4 keys."""
    parts = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {}, WEIGHTS, [])]
    parts[part] = code
    return b"".join(parts)


def witness_code(path):
    return f"cos\nsystem\n(S'touch {path}'\ntR.".encode()


def safe(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def f32(start, end, shape=(2,)):
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}


CENTRAL = b"PK\x01\x02"
# What it does -> (ending, how the file is made of the witness's path, words of the message).
HOSTILE = {
    "os.system": (".pth", lambda w: call("os", "system", f"touch {w}"), "would call os.system"),
    "eval": (".pth", lambda w: call("builtins", "eval", f"open({str(w)!r}, 'w')"), "would call builtins.eval"),
    "eval by Python 2's name": (".pth", lambda w: call("__builtin__", "eval", f"open({str(w)!r}, 'w')"), "eval"),
    "torch.load": (".pth", lambda w: call("torch", "load", str(w)), "would call torch.load"),
    "torch's own jit": (".pth", lambda w: call("torch.jit", "load", str(w)), "would call torch.jit.load"),
    "getattr of a table": (".pth", lambda w: call("builtins", "getattr", {}, "clear"), "would call builtins.getattr"),
    "getattr of a name that is known": (
        ".pth",
        lambda w: call("builtins", "getattr", Name("torch._utils", "_rebuild_tensor_v2"), "__globals__"),
        "would call builtins.getattr",
    ),
    "an object of a class": (".pth", lambda w: opcodes(b"csubprocess\nPopen\n)\x81"), "would call subprocess.Popen"),
    "an object of a known name": (".pth", lambda w: opcodes(b"ctorch\nSize\n)\x81"), "an object of a class"),
    "attributes of a function": (
        ".pth",
        lambda w: opcodes(b"ctorch._utils\n_rebuild_tensor_v2\n}X\x01\0\0\0xK\x01sb"),
        "a state for an object without one",
    ),
    "code for what a table makes": (
        ".pth",
        lambda w: call("collections", "defaultdict", Name("os", "system")),
        "would call os.system",
    ),
    "code in the state of arguments": (
        ".pth",
        lambda w: opcodes(b"cargparse\nNamespace\n)\x81}X\x01\0\0\0x" + witness_code(w)[:-1] + b"sb"),
        "would call os.system",
    ),
    "a method of arguments": (
        ".pth",
        lambda w: torch_with(
            Call(Call(Name("builtins", "getattr"), Name("argparse", "Namespace"), "__init__"), f"open({str(w)!r}, 'w')")
        ),
        "not callable",
    ),
    "a method of a path": (
        ".pth",
        lambda w: torch_with(
            Call(Call(Name("builtins", "getattr"), Call(Name("pathlib", "PosixPath"), str(w)), "touch"))
        ),
        "not callable",
    ),
    "a call of a dtype": (".pth", lambda w: call("torch", "float32", str(w)), "not callable"),
    "a runner of mmengine": (
        ".pth",
        lambda w: call("mmengine.runner.runner", "Runner"),
        "mmengine.runner.runner.Runner",
    ),
    "a persistent module": (
        ".pth",
        lambda w: torch_with(Persistent("module", "os", "x", "y", 1)),
        "a malformed storage",
    ),
    "code for a storage": (".pth", lambda w: torch_with(storage(Name("os", "system"), "0", 1)), "would call os.system"),
    "old: code for the version": (".pth", lambda w: old_with(1, witness_code(w)), "would call os.system"),
    "old: code for the machine": (".pth", lambda w: old_with(2, witness_code(w)), "would call os.system"),
    "old: code in the content": (".pth", lambda w: old_with(3, witness_code(w)), "would call os.system"),
    "old: code for the keys": (".pth", lambda w: old_with(4, witness_code(w)), "would call os.system"),
}
DAMAGED = {
    "compressed bomb": (
        ".pth",
        lambda: zipped(one_pickle(), {"0": bytes(50 * _MEGABYTE)}, zipfile.ZIP_DEFLATED),
        "is compressed",
    ),
    "compressed bomb of numbers that count": (
        ".pth",
        lambda: zipped(
            pickled({"w": tensor(storage("FloatStorage", "0", 1 << 22), 0, (1 << 22,), (1,))})[0],
            {"0": bytes(4 << 22)},
            zipfile.ZIP_BZIP2,
        ),
        "is compressed",
    ),
    "a directory of larger entries": (
        ".pth",
        lambda: patched(torch_view(0, (6,), (1,)), CENTRAL, 20, struct.pack("<II", 1 << 30, 1 << 30)),
        "larger than the file",
    ),
    "a directory of other sizes": (
        ".pth",
        lambda: patched(torch_view(0, (6,), (1,)), CENTRAL, 24, struct.pack("<I", 1 << 30)),
        "its sizes differ",
    ),
    "an entry whose name is said to be long": (
        ".pth",
        lambda: patched(torch_view(0, (6,), (1,)), b"PK\x03\x04", 26, b"\xff\xff", last=True),
        "larger than the file",
    ),
    "an encrypted entry": (
        ".pth",
        lambda: patched(torch_view(0, (6,), (1,)), CENTRAL, 8, b"\x01\0"),
        "encrypted or a link",
    ),
    "overlapping entries": (".pth", overlapping, "overlaps another one"),
    "a link as a storage": (
        ".pth",
        lambda: archive_of(("net/data.pkl", one_pickle()), (link(), "/etc/passwd")),
        "a link",
    ),
    "expanded strides": (".pth", lambda: torch_view(0, (1 << 40,), (0,)), "more than twice the bytes"),
    "expanded strides of several axes": (
        ".pth",
        lambda: torch_view(0, (1 << 40,) * 32, (0,) * 32),
        "more than twice the bytes",
    ),
    "many tensors of one storage": (
        ".pth",
        lambda: zipped(
            pickled({str(i): tensor(storage("FloatStorage", "0", 1 << 18), 0, (1 << 18,), (1,)) for i in range(999)})[
                0
            ],
            {"0": bytes(4 << 18)},
        ),
        "more than twice the bytes",
    ),
    "an offset outside": (".pth", lambda: torch_view(1, (6,), (1,)), "looks at number 6 of a storage of 6"),
    "strides outside": (".pth", lambda: torch_view(0, (2, 3), (4, 1)), "looks at number 6"),
    "a negative offset": (".pth", lambda: torch_view(-1, (2,), (1,)), "an impossible offset, size or stride"),
    "a negative stride": (".pth", lambda: torch_view(5, (2,), (-1,)), "an impossible offset, size or stride"),
    "a size beyond all bounds": (
        ".pth",
        lambda: torch_view(0, (10**999,), (0,)),
        "an impossible offset, size or stride",
    ),
    "a size that is no number": (".pth", lambda: torch_view(0, ("6",), (1,)), "an impossible offset, size or stride"),
    "33 axes": (".pth", lambda: torch_view(0, (1,) * 33, (1,) * 33), "a malformed tensor"),
    "a storage of more numbers": (".pth", lambda: torch_view(0, (9,), (1,), count=1 << 40), "not the 4398046511104 of"),
    "a storage of fewer numbers": (".pth", lambda: torch_view(0, (2,), (1,), count=2), "24 bytes, not the 8"),
    "a storage that is not there": (".pth", lambda: zipped(one_pickle(), {}), "there is no entry net/data/0"),
    "a storage outside of the folder": (
        ".pth",
        lambda: zipped(pickled({"w": tensor(storage("FloatStorage", "../../etc/passwd", 6), 0, (6,), (1,))})[0], {}),
        "there is no entry net/data/../../etc/passwd",
    ),
    "one storage of two kinds": (
        ".pth",
        lambda: zipped(pickled([storage("FloatStorage", "0", 6), storage("LongStorage", "0", 3)])[0], {"0": SIX}),
        "one storage of two kinds",
    ),
    "a tensor of no storage": (".pth", lambda: torch_with(tensor(3, 0, (1,), (1,))), "a malformed tensor"),
    "numbers of eight bits": (
        ".pth",
        lambda: torch_with(storage("Float8_e4m3fnStorage", "9", 1)),
        "Float8_e4m3fnStorage",
    ),
    "lists within lists": (".pth", lambda: opcodes(b"]" + b"]" * 200_000 + b"a" * 200_000), "damaged"),
    "calls of many arguments": (
        ".pth",
        lambda: again_and_again(b"ctorch\ndevice\n", b"(" + b"N" * 200_000 + b"t", b"R"),
        "more content than there are bytes",
    ),
    "objects of many arguments": (
        ".pth",
        lambda: again_and_again(b"ctorch\ndevice\n", b"(" + b"N" * 200_000 + b"t", b"\x81"),
        "more content than there are bytes",
    ),
    "tables of many equal pairs": (
        ".pth",
        lambda: again_and_again(
            b"ccollections\nOrderedDict\n", b"(K\x01K\x01tq\x02(" + b"h\x02" * 200_000 + b"t\x85", b"R"
        ),
        "more content than there are bytes",
    ),
    "names of storages with many parts": (
        ".pth",
        lambda: opcodes(
            b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01"
            + b"N" * 200_000
            + b"tq\x01"
            + b"h\x01Q0" * 200_000
            + b"N"
        ),
        "a malformed storage",
    ),
    "another's bytes": (
        ".pth",
        lambda: torch_view(0, (6,), (1,)).replace(SIX, SIX[::-1]),
        "not those that were written",
    ),
    "old: a count of more numbers": (
        ".pth",
        lambda: old_file(one_pickle(), {"0": (1 << 60, SIX)}),
        "has 1152921504606846976",
    ),
    "old: a negative count": (".pth", lambda: old_file(one_pickle(), {"0": (-6, SIX)}), "storage 0 has -6 numbers"),
    "old: bytes that are not there": (
        ".pth",
        lambda: old_file(one_pickle(), {"0": (6, SIX[:-1])}),
        "the file ends before",
    ),
    "old: a storage that nothing looks at": (".pth", lambda: old_file(one_pickle(), {"1": (6, SIX)}), "KeyError"),
    "old: another version": (".pth", lambda: old_with(1, pickle.dumps(1002, 2)), "version 1002"),
    "a length beyond the file": (
        ".ckpt",
        lambda: message(1, b"")[:1] + varint(1 << 62) + b"abc",
        "says 4611686018427387904",
    ),
    "a number without end": (".ckpt", lambda: b"\n" + b"\xff" * 5000, "more than 64 bits"),
    "dims beyond the bytes": (
        ".ckpt",
        lambda: message(
            1, message(1, b"w") + message(2, message(1, 1 << 40) * 2 + message(2, b"Float32") + message(3, SIX))
        ),
        "damaged",
    ),
    "bytes that are no numbers": (
        ".ckpt",
        lambda: message(
            1, message(1, b"w") + message(2, message(1, 1) + message(2, b"Float32") + message(3, b"abcde"))
        ),
        "damaged",
    ),
    "a group": (".ckpt", lambda: message(1, b"\x0b"), "field 1 is of the wire type 3"),
    "a value without tensor": (".ckpt", lambda: message(1, message(1, b"w")), "without name or tensor"),
    "a number for a message": (".ckpt", lambda: message(1, message(1, b"w") + message(2, 7)), "a number where a text"),
    "a name that is no text": (".ckpt", lambda: message(1, message(1, b"\xff\xfe")), "damaged"),
    "a thousand axes": (
        ".ckpt",
        lambda: message(1, message(1, b"w") + message(2, message(1, 1) * 1000)),
        "more than 32 axes",
    ),
    "more values than there can be": (
        ".ckpt",
        lambda: message(1, b"") + message(2, 1) * 200_000,
        "without name or tensor",
    ),
    "fields without end": (
        ".ckpt",
        lambda: mindspore_file(WEIGHTS) + message(2, 1) * 200_000,
        "more than 100000 values",
    ),
    "slices of two shapes": (
        ".ckpt",
        lambda: mindspore_value("w", np.ones(2, "f4")) + mindspore_value("w", np.ones(3, "f4")),
        "the slices of w differ",
    ),
    "a header beyond the file": (".safetensors", lambda: struct.pack("<Q", 1 << 60) + b"{}", "damaged"),
    "tensors outside": (".safetensors", lambda: safe({"w": f32(0, 8), "v": f32(8, 1 << 40)}, bytes(16)), "damaged"),
    "tensors on each other": (".safetensors", lambda: safe({"w": f32(0, 8), "v": f32(4, 12)}, bytes(12)), "damaged"),
    "a shape of more numbers": (
        ".safetensors",
        lambda: safe({"w": f32(0, 8, (1 << 40, 1 << 40))}, bytes(8)),
        "damaged",
    ),
    "bfloat16 outside": (
        ".safetensors",
        lambda: safe({"w": {"dtype": "BF16", "shape": [1 << 40], "data_offsets": [0, 1 << 41]}}, bytes(8)),
        "damaged",
    ),
    "a header of brackets": (".safetensors", lambda: safe(b"[" * 100_000), "damaged"),
}


def whole_files():
    header = {"w": f32(0, 24, (6,)), "v": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [24, 36]}}
    return {
        "zip.pth": torch_file(WEIGHTS),
        "old.pth": old_torch_file(WEIGHTS),
        "mind.ckpt": mindspore_file(WEIGHTS),
        "safe.safetensors": safe(header, SIX + SIX[:12]),
    }
