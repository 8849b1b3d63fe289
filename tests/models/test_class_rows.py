# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning on other classes: those in the weights keep their rows, the others start afresh."""

import pickle

import numpy as np
import paddle
import pytest

from paddleseg.models import DDRNet_23_slim, DDRNet_23_slim_cls
from paddleseg.models.pretrained import load_pretrained, names_left
from paddleseg.models.weights import META_KEY, make_meta
from paddleseg.utils.errors import ConfigError

pytestmark = pytest.mark.usefixtures("narrow")

STREET = ["road", "building", "traffic sign", "car"]
MINE = ["Car", "animal", "traffic_sign", "road", "boat"]
ROWS = {0: 3, 2: 2, 3: 0}  # class here: class there


def arrays_of(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def saved(path, model, **facts):
    """Write a weight file as a run does; gives its arrays."""
    arrays = arrays_of(model)
    path.write_bytes(pickle.dumps({**arrays, META_KEY: make_meta(model, **facts)}))
    return arrays


def built(kind, seed, **arguments):
    paddle.seed(seed)
    return kind(**arguments)


def test_rows_of_known_classes_are_equal_to_the_bit_and_the_others_are_new(tmp_path, log):
    path, options = tmp_path / "street.pdparams", {"enable_auxiliary_loss": True}
    theirs = saved(path, built(DDRNet_23_slim, 1, num_classes=4, **options), classes=STREET)
    initial = arrays_of(built(DDRNet_23_slim, 2, num_classes=5, **options))
    ours = arrays_of(built(DDRNet_23_slim, 2, num_classes=5, class_names=MINE, pretrained=str(path), **options))
    for head in ("head", "aux_head"):
        for leaf in ("weight", "bias"):
            name = f"{head}.conv.{leaf}"
            for row in range(5):
                source = theirs[name][ROWS[row]] if row in ROWS else initial[name][row]
                assert ours[name][row].tobytes() == source.tobytes(), (name, row)
        assert not np.array_equal(initial[f"{head}.conv.weight"][0], theirs[f"{head}.conv.weight"][3])
    last = {f"{head}.conv.{leaf}" for head in ("head", "aux_head") for leaf in ("weight", "bias")}
    for name in set(ours) - last:
        assert ours[name].tobytes() == theirs[name].tobytes(), name
    assert (
        "head.conv, aux_head.conv: 3 of 5 classes are taken over by name: Car, traffic_sign, road; 2 start afresh: "
        "animal, boat"
    ) in log.text


def test_the_same_number_of_classes_in_another_order_is_put_in_order(tmp_path, log):
    path = tmp_path / "street.pdparams"
    theirs = saved(path, DDRNet_23_slim(4), classes=STREET)
    ours = arrays_of(DDRNet_23_slim(4, class_names=STREET[::-1], pretrained=str(path)))
    assert (ours["head.conv.weight"] == theirs["head.conv.weight"][::-1]).all()
    assert "4 of 4 classes are taken over by name" in log.text and "0 start afresh: none" in log.text
    same = arrays_of(DDRNet_23_slim(4, class_names=STREET, pretrained=str(path)))
    assert (same["head.conv.bias"] == theirs["head.conv.bias"]).all()


def test_a_classifiers_classes_are_columns_of_its_last_layer(tmp_path):
    path = tmp_path / "street.pdparams"
    theirs = saved(path, built(DDRNet_23_slim_cls, 1, num_classes=4), classes=STREET)
    ours = arrays_of(built(DDRNet_23_slim_cls, 2, num_classes=5, class_names=MINE, pretrained=str(path)))
    for row, source in ROWS.items():
        assert (ours["linear.weight"][:, row] == theirs["linear.weight"][:, source]).all()
        assert ours["linear.bias"][row] == theirs["linear.bias"][source]


def test_where_no_class_has_a_name_of_the_weights_a_warning_says_so_and_the_layer_counts_as_not_loaded(tmp_path, log):
    path = tmp_path / "street.pdparams"
    saved(path, built(DDRNet_23_slim, 1, num_classes=4), classes=STREET)
    initial = arrays_of(built(DDRNet_23_slim, 2, num_classes=4))
    model = built(DDRNet_23_slim, 2, num_classes=4, class_names=["a", "b", "c", "d"], pretrained=str(path))
    assert (model.head.conv.weight.numpy() == initial["head.conv.weight"]).all()
    [line] = [record.getMessage() for record in log.records if record.levelname == "WARNING"]
    assert "head.conv starts afresh, because no class has a name from the weights, which are road, building" in line
    total = len(initial)
    assert f"{total - 2} of {total} tensors loaded" in log.text and "head          9/11" in log.text
    assert names_left(model) == ["head.conv.weight", "head.conv.bias"]
    # Those of which some rows are known are not loaded either, as a whole.
    coverage = load_pretrained(model, path, ["road", "b", "c", "d"])
    assert coverage.partial == ["head.conv.weight", "head.conv.bias"] and not coverage.complete
    assert "2 for some of the classes alone: head.conv.weight" in coverage.describe()


@pytest.mark.parametrize(
    ("classes", "class_names", "words"),
    [
        (None, MINE, "the weights have 4, and do not name them"),
        (STREET[:3], MINE, "the weights have 4, and do not name them"),
        ("road", MINE, "the weights have 4, and do not name them"),
        ([1, 2, 3, 4], MINE, "the weights have 4, and do not name them"),
        (STREET, None, "the weights have 4, and the network's class_names are not given"),
    ],
)
def test_where_a_side_has_no_names_the_last_layer_begins_anew_which_is_said(classes, class_names, words, tmp_path, log):
    path = tmp_path / "street.pdparams"
    saved(path, DDRNet_23_slim(4), classes=classes)
    initial = arrays_of(built(DDRNet_23_slim, 2, num_classes=5))
    ours = arrays_of(built(DDRNet_23_slim, 2, num_classes=5, class_names=class_names, pretrained=str(path)))
    assert (ours["head.conv.weight"] == initial["head.conv.weight"]).all()
    assert f"head.conv starts afresh for 5 classes: {words}" in log.text


def test_weights_without_a_head_and_networks_that_name_no_layer_are_left_alone(tmp_path, log):
    path = tmp_path / "trunk.pdparams"
    saved(path, DDRNet_23_slim_cls(num_classes=4), classes=STREET)
    DDRNet_23_slim(5, class_names=MINE, pretrained=str(path))
    linear = paddle.nn.Linear(2, 3)
    saved(path, linear, classes=STREET[:3])
    assert load_pretrained(linear, path, ["x", "y", "z"]).complete
    assert "by name" not in log.text and "anew" not in log.text


def test_a_training_takes_the_names_of_its_data_set(tiny_config, train_here, tmp_path):
    path = tmp_path / "street.pdparams"
    saved(path, DDRNet_23_slim(4), classes=STREET)
    names = "[animal, car, road, boat]"
    log = train_here("--iters", 1, **{"model.pretrained": path, "train_dataset.class_names": names})
    assert (
        "pretrained: head.conv: 2 of 4 classes are taken over by name: car, road; 2 start afresh: animal, boat" in log
    )


@pytest.mark.parametrize(
    ("class_names", "more", "message"),
    [
        ("[car, road]", {}, "model.class_names: found 'car', the class is 'road' in train_dataset; remove it here"),
        ("[Road, car]", {"model.pretrained": "null"}, "model.class_names: has no effect without model.pretrained"),
    ],
)
def test_names_that_contradict_the_data_set_or_do_nothing_are_refused(class_names, more, message, train_here, tmp_path):
    path = tmp_path / "street.pdparams"
    saved(path, DDRNet_23_slim(4), classes=STREET)
    names = class_names.replace("]", ", animal, boat]")
    options = {"model.pretrained": path, "train_dataset.class_names": "[road, car, animal, boat]", **more}
    with pytest.raises(ConfigError, match=message):
        train_here("--iters", 1, **options, **{"model.class_names": names})


def test_names_of_another_number_of_classes_are_refused():
    with pytest.raises(ConfigError, match="class_names: 4 entries for 5 classes; give one per class"):
        DDRNet_23_slim(5, class_names=STREET)
