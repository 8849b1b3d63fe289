# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights: fitting ones are loaded, others named, and PaddleSeg's paddings are not a silent trap."""

import json
import pickle

import numpy as np
import paddle
import pytest

from paddleseg import models
from paddleseg.models import DDRNet_23_slim, DDRNet_23_slim_cls
from paddleseg.models.facts import ModelFacts
from paddleseg.models.pretrained import load_pretrained
from paddleseg.models.weights import META_KEY, apply_weights, load_weights, make_meta, read_weights, write_weights
from paddleseg.utils.errors import WeightsError
from tests.messages import naming

pytestmark = pytest.mark.usefixtures("narrow")


def arrays(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def save(path, weights, meta=None):
    path.write_bytes(pickle.dumps({**weights, **({META_KEY: meta} if meta else {})}))
    return path


def test_saved_weights_load_and_give_back_their_meta(tmp_path):
    model = DDRNet_23_slim(num_classes=3)
    path = save(tmp_path / "m.pdparams", arrays(model), make_meta(model, step=7))
    other = DDRNet_23_slim(num_classes=3)
    meta = load_weights(other, path)
    assert meta["arch"] == "DDRNet_23_slim" and meta["step"] == 7 and meta["padding_mode"] == "official"
    assert all((a == b).all() for a, b in zip(arrays(model).values(), arrays(other).values()))


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_what_paddle_saves_is_read(protocol, tmp_path):
    model, path = paddle.nn.Linear(2, 3), tmp_path / "m.pdparams"
    paddle.save(model.state_dict(), str(path), protocol=protocol)
    weights, meta = read_weights(path)
    assert meta is None and sorted(weights) == ["bias", "weight"]
    assert all((weights[name] == value.numpy()).all() for name, value in model.state_dict().items())


def test_bfloat16_of_paddle_is_read_as_the_numbers_that_it_stands_for(tmp_path):
    model, path = paddle.nn.Linear(2, 3), tmp_path / "m.pdparams"
    model.to(dtype="bfloat16")
    paddle.save(model.state_dict(), str(path))
    weights, _ = read_weights(path)
    assert weights["weight"].dtype == np.float32
    assert (weights["weight"] == model.weight.astype("float32").numpy()).all() and weights["weight"].any()


@pytest.mark.parametrize("dtype", [">f4", ">f8", "f2", "i8", ">i4", "u1", ">u4", "?"])
def test_numbers_of_any_kind_fill_a_network(dtype, tmp_path):
    model = paddle.nn.Linear(2, 3)
    wanted = {"weight": np.arange(6).reshape(2, 3).astype(dtype), "bias": np.ones(3, dtype)}
    assert apply_weights(model, read_weights(save(tmp_path / "m.pdparams", wanted))[0]).complete
    assert all((value.numpy() == wanted[name]).all() for name, value in model.state_dict().items())


def test_a_network_inside_of_something_else_is_no_weight_file_but_nothing_hostile(tmp_path):
    path = tmp_path / "m.pdparams"
    paddle.save({"state_dict": paddle.nn.Linear(2, 3).state_dict(), "epoch": 3}, str(path))
    with pytest.raises(WeightsError, match="entry 'state_dict' is a OrderedDict, not an array") as caught:
        read_weights(path)
    assert "trust" not in str(caught.value)


def test_names_of_a_file_cannot_write_on_the_terminal(tmp_path):
    weights = {"head\x1b[2J\nfine" + "x" * 9999: np.ones(1, np.float32)}
    with pytest.raises(WeightsError, match="1 unexpected: head") as caught:
        load_weights(DDRNet_23_slim(num_classes=3), save(tmp_path / "m.pdparams", weights))
    assert str(caught.value).isprintable() and len(str(caught.value)) < 2000


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", "1", "{"])
def test_a_description_that_cannot_be_read_is_one_line(text, tmp_path):
    with pytest.raises(WeightsError, match="its entry __meta__ is no") as caught:
        read_weights(save(tmp_path / "m.pdparams", {"w": np.ones(1)}, text))
    assert "\n" not in str(caught.value)


def test_a_folder_stands_for_its_model_pdparams(tmp_path):
    model = DDRNet_23_slim(num_classes=3)
    save(tmp_path / "model.pdparams", arrays(model))
    load_weights(DDRNet_23_slim(num_classes=3), tmp_path)


def test_the_folder_of_a_run_is_refused_with_the_checkpoints_in_it(tmp_path):
    for name in ("iter_1600", "iter_800"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    with pytest.raises(WeightsError, match=naming(tmp_path, "iter_800, iter_1600", "such as", tmp_path / "iter_1600")):
        load_weights(DDRNet_23_slim(num_classes=3), tmp_path)
    (tmp_path / "best_model").mkdir()
    (tmp_path / "best_model" / "manifest.json").write_text("{}")
    with pytest.raises(WeightsError, match=naming("such as", tmp_path / "best_model")):
        load_weights(DDRNet_23_slim(num_classes=3), tmp_path)


def test_weights_of_another_number_of_classes_are_refused_with_both_shapes(tmp_path):
    path = save(tmp_path / "m.pdparams", arrays(DDRNet_23_slim(num_classes=3)))
    with pytest.raises(
        WeightsError,
        match=r"m.pdparams does not fit DDRNet_23_slim with 4 classes; write num_classes: 3 for .*\[3\] instead of",
    ):
        load_weights(DDRNet_23_slim(num_classes=4), path)


def test_weights_of_other_input_channels_name_the_number_to_write(tmp_path):
    path = save(tmp_path / "m.pdparams", arrays(DDRNet_23_slim(num_classes=3, in_channels=1)))
    with pytest.raises(
        WeightsError, match=r"with 4 classes; write in_channels: 1, num_classes: 3 for these weights: 3"
    ):
        load_weights(DDRNet_23_slim(num_classes=4), path)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_pretrained_weights_of_other_input_channels_see_a_grey_picture_as_they_did(channels, tmp_path, log):
    three, other = DDRNet_23_slim(num_classes=2), DDRNet_23_slim(num_classes=2, in_channels=channels)
    load_pretrained(other, str(save(tmp_path / "m.pdparams", arrays(three))))
    grey = paddle.randn([1, 1, 32, 32])
    ours, theirs = (network.conv1(grey.tile([1, n, 1, 1])) for network, n in ((other, channels), (three, 3)))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-4)
    weight = arrays(other)["conv1.0._conv.weight"]
    assert (weight == weight[:, :1]).all() and f"the network has {channels}: each gets the mean" in log.text


def test_missing_and_unexpected_names_are_listed(tmp_path):
    weights = arrays(DDRNet_23_slim(num_classes=3))
    weights["surplus.weight"] = weights.pop("head.conv.bias")
    path = save(tmp_path / "m.pdparams", weights)
    with pytest.raises(WeightsError, match=r"1 missing: head.conv.bias; 1 unexpected: surplus.weight"):
        load_weights(DDRNet_23_slim(num_classes=3), path)


def test_an_auxiliary_head_in_the_file_is_left_out_where_the_network_has_none(tmp_path):
    path = save(tmp_path / "m.pdparams", arrays(DDRNet_23_slim(num_classes=3, enable_auxiliary_loss=True)))
    load_weights(DDRNet_23_slim(num_classes=3), path)


def test_a_classifier_fills_both_branches_and_the_table_shows_it(tmp_path, log):
    classifier = DDRNet_23_slim_cls()
    path = save(tmp_path / "cls.pdparams", arrays(classifier))
    model = DDRNet_23_slim(num_classes=3, pretrained=str(path))
    for branch in ("layer4.1.conv_bn._conv.weight", "layer4_.1.conv_bn._conv.weight", "layer5_.0.conv_bn._conv.weight"):
        assert (model.state_dict()[branch].numpy() == arrays(classifier)[branch]).all()
    lines = [line.split() for line in log.text.splitlines()]
    assert ["layer3_", "20/20"] in lines
    assert ["head", f"0/{sum(name.startswith('head.') for name in model.state_dict())}"] in lines


def test_a_file_that_fills_one_branch_only_is_refused(tmp_path):
    weights = {name: w for name, w in arrays(DDRNet_23_slim_cls()).items() if not name.startswith("layer4_.")}
    path = save(tmp_path / "cls.pdparams", weights)
    with pytest.raises(WeightsError, match=r"without weights: layer4_\.0"):
        DDRNet_23_slim(num_classes=3, pretrained=str(path))


def test_other_classes_fine_tune_from_a_trained_network(tmp_path):
    trained = DDRNet_23_slim(num_classes=19)
    path = save(tmp_path / "m.pdparams", arrays(trained))
    coverage = load_pretrained(DDRNet_23_slim(num_classes=3), str(path))
    assert set(coverage.misshaped) == {"head.conv.weight", "head.conv.bias"}


class SmallerOne(DDRNet_23_slim):
    """Stands for DDRNet_23, of which PaddleSeg has weights with its own paddings."""

    arch = "SmallerOne"
    has_weights_of_paddleseg = True


def test_only_of_ddrnet23_there_are_weights_with_paddlesegs_paddings():
    of_paddleseg = [name for name in models.__all__ if ModelFacts.of(getattr(models, name)).has_weights_of_paddleseg]
    assert of_paddleseg == ["DDRNet_23"]


def outputs(model):
    model.eval()
    return model(paddle.linspace(-1, 1, 3 * 72 * 88).reshape([1, 3, 72, 88]))[0].numpy()


@pytest.mark.parametrize("load", [load_weights, load_pretrained])
def test_unmarked_trained_weights_of_a_network_that_paddleseg_has_bring_paddlesegs_paddings(load, tmp_path, log):
    trained = SmallerOne(num_classes=2, padding_mode="paddleseg")
    path = str(save(tmp_path / "m.pdparams", arrays(trained)))
    model = SmallerOne(num_classes=2)
    load(model, path)
    assert model.padding_mode == "paddleseg" and (outputs(model) == outputs(trained)).all()
    assert log.text.count("the network takes padding_mode paddleseg") == 1 and "WARNING" in log.text
    assert json.loads(make_meta(model))["padding_mode"] == "paddleseg"  # so what is trained on from there says it
    log.clear()
    for named in ("official", "paddleseg"):
        model = SmallerOne(num_classes=2, padding_mode=named)
        load(model, path)
        assert model.padding_mode == named
    model = DDRNet_23_slim(num_classes=2)
    load(model, path)
    assert model.padding_mode == "official" and "padding_mode" not in log.text


def test_an_unmarked_safetensors_file_is_not_of_paddleseg(tmp_path):
    path = tmp_path / "m.safetensors"
    write_weights(path, arrays(SmallerOne(num_classes=2)), None)
    model = SmallerOne(num_classes=2)
    load_weights(model, path)
    assert model.padding_mode == "official"


def test_a_trunk_without_heads_is_of_the_authors_network(tmp_path, log):
    with_pooling = {n: value for n, value in arrays(SmallerOne(num_classes=2)).items() if not n.startswith("head.")}
    for weights in (arrays(DDRNet_23_slim_cls()), with_pooling):
        model = SmallerOne(num_classes=2)
        load_pretrained(model, str(save(tmp_path / "cls.pdparams", weights)))
        assert model.padding_mode == "official" and "padding_mode" not in log.text


def test_marked_weights_give_a_network_their_paddings_unless_it_names_the_other(tmp_path):
    model = DDRNet_23_slim(num_classes=2, padding_mode="paddleseg")
    path = save(tmp_path / "m.pdparams", arrays(model), make_meta(model))
    with pytest.raises(WeightsError, match="set model.padding_mode: paddleseg"):
        load_weights(DDRNet_23_slim(num_classes=2, padding_mode="official"), path)
    follows = DDRNet_23_slim(num_classes=2)
    load_weights(follows, path)
    assert (outputs(follows) == outputs(model)).all()
    save(path, arrays(model), json.dumps({"padding_mode": "x\ny"}))
    with pytest.raises(WeightsError, match="trained with padding_mode x y, the network has official"):
        load_weights(DDRNet_23_slim(num_classes=2), path)


def test_what_is_no_table_of_arrays_is_refused(tmp_path):
    path = tmp_path / "m.pdparams"
    for content in ([1, 2], {"a": "text"}, {}, {"a": np.array([{}], dtype=object)}):
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(WeightsError, match="m.pdparams"):
            read_weights(path)


def test_a_description_that_is_no_mapping_is_refused(tmp_path):
    model = DDRNet_23_slim(num_classes=3)
    for meta in ("[1]", "3", "no JSON"):
        path = save(tmp_path / "m.pdparams", arrays(model), meta)
        with pytest.raises(WeightsError, match="m.pdparams: its entry __meta__ is "):
            load_weights(model, path)


def test_apply_weights_leaves_what_does_not_fit_untouched():
    model = DDRNet_23_slim(num_classes=3)
    before = model.head.conv.bias.numpy().copy()
    coverage = apply_weights(model, {"head.conv.bias": np.ones(4, "float32"), "no.such": np.ones(1)})
    assert coverage.misshaped == {"head.conv.bias": ((4,), (3,))}
    assert coverage.unexpected == ["no.such"]
    assert not coverage.loaded
    assert (model.head.conv.bias.numpy() == before).all()


def test_a_path_through_a_file_is_not_called_damage(tmp_path):
    save(tmp_path / "m.pdparams", {"w": np.ones(1)})
    with pytest.raises(WeightsError, match=r"m.pdparams/model: cannot be read \(Not a directory\)"):
        read_weights(tmp_path / "m.pdparams/model")
