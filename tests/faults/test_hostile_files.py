# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weight files made to run code, and damaged ones: none runs any, each is refused with one line.

Each hostile file would leave a trace if it ran; that the plain unpickler runs it is tested as well.
"""

import collections
import functools
import hashlib
import io
import json
import os
import pickle
import struct
import subprocess
import tracemalloc

import numpy as np
import pytest

from paddleseg.models.weights import read_weights
from paddleseg.training import checkpoint
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.safe_pickle import read_pickle

WEIGHTS = {"conv.weight": np.arange(24, dtype=np.float32).reshape(4, 6), "conv.bias": np.ones(4, np.float32)}


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


def touch(witness):
    """Python code that leaves the witness."""
    return f"open({str(witness)!r}, 'w').close()"


def in_table(value, protocol=4):
    return pickle.dumps({**WEIGHTS, "hostile": value}, protocol=protocol)


def by_opcodes(module, name, argument):
    """A call in protocol 0, which looks up its name by the old GLOBAL opcode."""
    return f"c{module}\n{name}\n(S{argument!r}\ntR.".encode()


def getattr_chain(witness):
    """getattr(__import__("os"), "system")("touch ..."), each step a call of its own."""
    chain = b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n" + _text("os") + b"\x85R" + _text("system") + b"tR"
    return b"\x80\x04" + chain + _text(f"touch {witness}") + b"\x85R."


def object_array_of_calls(witness):
    array = np.empty(1, object)
    array[0] = Call(os.system, f"touch {witness}")
    return pickle.dumps({**WEIGHTS, "hostile": array}, protocol=4)


# What it does -> (how the file is made of the witness's path, the name that the message must say).
HOSTILE = {
    "os.system": (lambda w: in_table(Call(os.system, f"touch {w}")), "posix.system"),
    "os.system by protocol 0": (lambda w: by_opcodes("os", "system", f"touch {w}"), "os.system"),
    "os.system by protocol 2": (lambda w: in_table(Call(os.system, f"touch {w}"), 2), "posix.system"),
    "builtins.eval": (lambda w: in_table(Call(eval, touch(w))), "builtins.eval"),
    "builtins.exec": (lambda w: in_table(Call(exec, touch(w))), "builtins.exec"),
    "eval by Python 2's name": (lambda w: by_opcodes("__builtin__", "eval", touch(w)), "__builtin__.eval"),
    "getattr chain": (getattr_chain, "builtins.getattr"),
    "dotted name": (
        lambda w: b"\x80\x04\x8c\x02os\x8c\x0fsystem.__call__\x93" + _text(f"touch {w}") + b"\x85R.",
        "os.system.__call__",
    ),
    "subprocess": (lambda w: in_table(Call(subprocess.call, ["touch", str(w)])), "subprocess.call"),
    "open for writing": (lambda w: in_table(Call(io.open, str(w), "w")), "io.open"),
    "partial": (lambda w: in_table(Call(functools.partial(os.system, f"touch {w}"))), "functools.partial"),
    "numpy.load": (lambda w: in_table(Call(np.load, str(w), None, True)), "numpy.load"),
    "pickle in a pickle": (
        lambda w: in_table(Call(pickle.loads, pickle.dumps(Call(os.system, f"touch {w}")))),
        "_pickle.loads",
    ),
    "code in the outermost place": (lambda w: pickle.dumps(Call(os.system, f"touch {w}")), "posix.system"),
    "code as a key": (lambda w: pickle.dumps({Call(os.system, f"touch {w}"): 1}), "posix.system"),
    "object array with code": (object_array_of_calls, "dtype O|posix.system"),
    "os.system by INST": (lambda w: f"(S'touch {w}'\nios\nsystem\n.".encode(), "os.system"),
    "name with line breaks": (
        lambda w: b"\x80\x04" + _text("os\n\x1b[2J fine\n") + _text("system") + b"\x93" + _text("true") + b"\x85R.",
        "system",
    ),
}
# Not code, but not arrays of numbers either, or not a file of this kind.
DAMAGED = {
    "object array": (lambda: pickle.dumps({"w": np.array([1, "a", None], object)}), "dtype O"),
    "object array that names bytes as its content": (
        lambda: forged_array("O8", (1,), b"\x41" * 8),
        "dtype O8",
    ),
    "structured dtype": (lambda: pickle.dumps({"w": np.zeros(2, [("a", "f4"), ("b", "O")])}), "dtype V"),
    "shape that its bytes do not fill": (lambda: forged_array("f4", (10**9, 10**9), b"\0" * 4), "damaged"),
    "array without content": (lambda: b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n)R.", "damaged"),
    "part of an array alone": (lambda: b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n.", "damaged"),
    "attributes set on what reads": (
        lambda: b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n}" + _text("x") + b"K\x01sb.",
        "damaged",
    ),
    "circle": (lambda: b"\x80\x04]\x94h\x00a.", "damaged"),
    "wrong magic": (lambda: b"GIF89a" + bytes(60), "damaged"),
    "text": (lambda: b"<!DOCTYPE html><title>404</title>", "damaged"),
    "empty": (lambda: b"", "ends too early"),
    "zeros": (lambda: bytes(4096), "damaged"),
    "numbers of several parts": (lambda: pickle.dumps({"w": np.ones(2, np.complex64)}), "holds complex64 numbers"),
    "long numbers": (lambda: pickle.dumps({"w": np.ones(2, np.longdouble)}), "save it as float32"),
    "number as a name": (lambda: pickle.dumps({7: WEIGHTS["conv.bias"]}), "a name is a int"),
    "huge number as a name": (lambda: pickle.dumps({10**9999: WEIGHTS["conv.bias"]}), "more than 60 bits as a key"),
    "not a table": (lambda: pickle.dumps([1, 2]), "holds a list, not a table of named arrays"),
    "numbers instead of arrays": (lambda: pickle.dumps({"w": 1.0}), "entry 'w' is a float"),
}


def _text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def forged_array(dtype, shape, data):
    """A pickle of an array whose parts do not belong together."""

    class Forged:
        def __reduce__(self):
            dtype_call = Call(np.dtype, dtype, False, True)
            rebuild = np.zeros(1).__reduce__()[0]
            return rebuild, (np.ndarray, (0,), b"b"), (1, shape, dtype_call, False, data)

    return pickle.dumps({"w": Forged()}, protocol=4)


def refusal(read, path):
    with pytest.raises(WeightsError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.isprintable()
    return message


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_runs_nothing_and_is_refused_by_the_name_that_it_calls(name, tmp_path):
    make, wanted = HOSTILE[name]
    witness, path = tmp_path / "witness", tmp_path / "model.pdparams"
    path.write_bytes(make(witness))
    message = refusal(read_weights, path)
    assert any(word in message for word in wanted.split("|")), message
    assert "refused, because" in message
    assert not witness.exists()


# Those that need nothing but to be read.
LIVE = ["os.system", "os.system by protocol 0", "builtins.eval", "builtins.exec", "getattr chain", "subprocess"]


@pytest.mark.parametrize("name", [*LIVE, "pickle in a pickle", "object array with code"])
def test_the_hostile_files_do_run_in_a_plain_unpickler(name, tmp_path):
    witness = tmp_path / "witness"
    pickle.loads(HOSTILE[name][0](witness))
    assert witness.exists()


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_of_anything_but_arrays_of_numbers_is_refused(name, tmp_path):
    make, wanted = DAMAGED[name]
    path = tmp_path / "model.pdparams"
    path.write_bytes(make())
    assert wanted in refusal(read_weights, path)


def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(tmp_path):
    whole = pickle.dumps(WEIGHTS, protocol=4)
    path = tmp_path / "model.pdparams"
    for part in range(20):
        path.write_bytes(whole[: len(whole) * part // 20])
        assert "damaged" in refusal(read_weights, path)


def test_flipped_bits_give_arrays_or_one_line(tmp_path):
    """Not every damage can be seen without a checksum, which a checkpoint's manifest has."""
    whole = pickle.dumps(WEIGHTS, protocol=4)
    path = tmp_path / "model.pdparams"
    for place in np.random.default_rng(0).integers(0, 8 * len(whole), 300):
        data = bytearray(whole)
        data[place // 8] ^= 1 << (place % 8)
        path.write_bytes(data)
        try:
            weights, _ = read_weights(path)
        except WeightsError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:
            assert all(value.dtype.kind in "biufc" for value in weights.values())


def doubled(times):
    """An empty tuple, a tuple that holds it twice, and so on: 4 bytes more in the file make it twice as large."""
    return b"\x80\x04)\x94" + b"".join(b"h%ch%c\x86\x94" % (i, i) for i in range(times))


def in_list(parts):
    return b"\x80\x04" + parts[0] + b"\x94]" + parts[1] * 2000 + b"."


_MEGABYTE = 1 << 20
# Small files that claim to be large, or name one thing again and again.
BOMBS = {
    "place in the memo": b"\x80\x04Nr" + struct.pack("<I", 1 << 24) + b".",
    "length of bytes": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
    "length of a bytearray": b"\x80\x05\x96" + struct.pack("<Q", 1 << 28) + b"abc.",
    "length of a frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 28) + b"N.",
    "doubled tuples": doubled(60) + b".",
    "doubled tuples as a key": doubled(60) + b"}h\x3cNs.",
    "doubled tuples as a dtype": doubled(60) + b"cnumpy\ndtype\nh\x3c\x85R.",
    "tuples nested too deeply as a key": b"\x80\x04})" + b"\x85" * 200_000 + b"Ns.",
    "tuples nested too deeply": b"\x80\x04)" + b"\x85" * 200_000 + b".",
    "the same bytes in each array": in_list(
        (
            b"C\x80" + bytes(128) + b"\x94cnumpy\ndtype\n" + _text("f8") + b"\x85R",
            b"cnumpy.core.numeric\n_frombuffer\n(h\x00h\x01K\x10\x85" + _text("C") + b"tRa",
        )
    ).replace(b"C\x80" + bytes(128), b"B" + struct.pack("<I", _MEGABYTE) + bytes(_MEGABYTE))
    .replace(b"K\x10\x85", b"J" + struct.pack("<I", _MEGABYTE // 8) + b"\x85"),
    "the same text in each bytes": in_list(
        (_text("a" * _MEGABYTE), b"c_codecs\nencode\nh\x00" + _text("latin1") + b"\x86Ra")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_little_memory_whatever_it_claims(name, tmp_path):
    path = tmp_path / "model.pdparams"
    path.write_bytes(BOMBS[name])
    tracemalloc.start()
    try:
        refusal(read_weights, path)
        assert tracemalloc.get_traced_memory()[1] < 10 * _MEGABYTE + 40 * len(BOMBS[name])
    finally:
        tracemalloc.stop()


def test_bytes_that_python_2_wrote_are_read(tmp_path):
    path = tmp_path / "model.pdparams"
    path.write_bytes(
        b"\x80\x02}U\x01wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08\x00\x00\xc0\xbf\x00\x00\x80\x3ftbs."
    )
    assert read_weights(path)[0]["w"].tolist() == [-1.5, 1]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["f4", ">f4", "f2", "f8", "?", ">i2", "u1", "i8", "c8"])
def test_arrays_of_every_kind_and_protocol_are_read_as_they_were(dtype, protocol, tmp_path):
    array = np.arange(6).astype(dtype).reshape(2, 3)
    wanted = {
        "ä": array,
        "columns": np.asfortranarray(array),
        "none": array[:0],
        "one": array[1, 2],
        "part": array[:, ::2],
    }
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps(wanted, protocol=protocol))
    found = read_pickle(path)
    assert list(found) == list(wanted)
    for name, value in found.items():
        assert np.array_equal(value, wanted[name]) and value.shape == wanted[name].shape
        assert value.dtype == array.dtype.newbyteorder("=")
        assert np.isscalar(value) or value.flags.writeable


@pytest.mark.parametrize("file", [checkpoint.WEIGHTS, checkpoint.OPTIMIZER, checkpoint.STATES, checkpoint.EMA_WEIGHTS])
def test_no_file_of_a_checkpoint_runs_code_even_with_a_manifest_that_fits(file, tmp_path):
    witness, folder = tmp_path / "witness", tmp_path / "iter_1"
    checkpoint.write_checkpoint(folder, {file: WEIGHTS}, {"step": 1})
    data = in_table(Call(os.system, f"touch {witness}"))
    (folder / file).write_bytes(data)
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    manifest["files"][file] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / checkpoint.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match=f"{file}: refused, because reading it would call posix.system"):
        checkpoint.open_checkpoint(folder).read(file)
    assert not witness.exists()


def test_what_a_pickle_gets_hold_of_cannot_be_changed_by_it(tmp_path):
    """BUILD sets attributes on whatever lies on the stack, such as a function's defaults."""
    path = tmp_path / "file"
    state = b"N}" + _text("__defaults__") + b")s\x86b."
    for name in (b"cnumpy.core.multiarray\nscalar\n", b"cnumpy\ndtype\n", b"ccollections\nOrderedDict\n"):
        path.write_bytes(b"\x80\x04" + name + state)
        assert "damaged" in refusal(read_pickle, path)
    assert not hasattr(collections.OrderedDict, "__defaults__")


@pytest.mark.slow
def test_a_command_ends_in_one_line_and_runs_nothing(run_command, tiny_config, tmp_path):
    witness, path = tmp_path / "witness", tmp_path / "model.pdparams"
    path.write_bytes(in_table(Call(os.system, f"touch {witness}")))
    result = run_command("val.py", "--config", tiny_config, "--model_path", path, "--device", "cpu")
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "would call posix.system" in result.stderr.strip().splitlines()[-1]
    assert not witness.exists()
