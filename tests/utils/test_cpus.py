# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Work that is dealt out among threads."""

import threading

import pytest

from paddleseg.utils import cpus


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (3, 3), (9, 4)])
def test_each_item_is_in_one_share_and_there_are_no_more_threads_than_items(threads, expected, monkeypatch):
    monkeypatch.setattr(cpus, "compute_threads", lambda: threads)
    all_have_one = threading.Barrier(expected, timeout=30)
    seen, names = [], set()

    def work(share):
        for item in share:
            all_have_one.wait()  # no thread takes a second item before each has one
            seen.append(item)
            names.add(threading.get_ident())

    cpus.share_among_threads(work, range(expected))
    assert sorted(seen) == list(range(expected))
    assert len(names) == expected
    assert threading.get_ident() in names


def test_without_items_there_is_nothing_to_do(monkeypatch):
    monkeypatch.setattr(cpus, "compute_threads", lambda: 2)
    cpus.share_among_threads(lambda share: pytest.fail("there is no item") if list(share) else None, [])


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_error_of_any_thread_is_raised_after_all_have_ended(wrong, monkeypatch):
    monkeypatch.setattr(cpus, "compute_threads", lambda: 2)
    all_have_one = threading.Barrier(2, timeout=30)
    ended = []

    def work(share):
        for item in share:
            all_have_one.wait()
            if item == wrong:
                raise ValueError(f"item {item}")
            ended.append(item)

    before = threading.active_count()
    with pytest.raises(ValueError, match=f"item {wrong}"):
        cpus.share_among_threads(work, [0, 1])
    assert ended == [1 - wrong]
    assert threading.active_count() == before
