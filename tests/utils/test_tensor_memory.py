# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle's tensors seen by numpy without copying."""

import gc
import weakref

import numpy as np
import paddle
import pytest

from paddleseg.utils.tensor_memory import memory_of

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("dtype", TYPES)
def test_a_view_has_the_values_shape_and_type_of_its_tensor(dtype):
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    view = memory_of(paddle.to_tensor(values))
    assert view.dtype == values.dtype
    np.testing.assert_array_equal(view, values)


def test_what_is_written_into_a_view_is_in_the_tensor():
    tensor = paddle.empty([2, 3])
    memory_of(tensor)[:] = [[1, 2, 3], [4, 5, 6]]
    assert (tensor + 1).tolist() == [[2, 3, 4], [5, 6, 7]]


def test_a_slice_is_seen_at_its_place():
    tensor = paddle.arange(24).reshape([2, 3, 4])
    view = memory_of(tensor[1, 1:])
    assert view.tolist() == [[16, 17, 18, 19], [20, 21, 22, 23]]
    view[0, 0] = -1
    assert tensor[1, 1, 0].item() == -1


@pytest.mark.parametrize("shape", [[], [0], [2, 0, 3], [1]], ids=str)
def test_tensors_of_no_axis_and_of_no_values_have_views(shape):
    assert memory_of(paddle.ones(shape)).tolist() == np.ones(shape).tolist()


def test_a_view_keeps_its_tensor_alive_and_lets_it_go():
    tensor = paddle.to_tensor(np.arange(1000.0))
    alive = weakref.ref(tensor)
    part = memory_of(tensor)[10:20]
    del tensor
    gc.collect()
    assert alive() is not None
    assert part.tolist() == list(range(10, 20))
    del part
    gc.collect()
    assert alive() is None


def test_a_tensor_with_gradient_can_be_seen():
    tensor = paddle.ones([2])
    tensor.stop_gradient = False
    assert memory_of(tensor * 2).tolist() == [2, 2]


def test_tensors_that_do_not_lie_row_after_row_are_refused():
    turned = paddle.ones([2, 3]).transpose([1, 0])
    with pytest.raises(ValueError, match="not contiguous"):
        memory_of(turned)
    assert memory_of(turned.contiguous()).shape == (3, 2)


def test_types_that_numpy_lacks_are_refused():
    with pytest.raises(ValueError, match="(?i)bfloat16|bf16"):
        memory_of(paddle.ones([2]).astype("bfloat16"))
