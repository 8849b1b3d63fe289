# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Two nodes, each with its own launcher, on the loopback of one machine."""

import socket

import pytest


@pytest.mark.slow
def test_two_nodes_train_one_network_and_the_first_writes(runs):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launch = ("-m", "paddle.distributed.launch", "--master", f"127.0.0.1:{port}", "--nnodes", 2, "--nproc_per_node", 1)
    nodes = [
        runs.start(
            "run",
            launch=(*launch, "--rank", rank, "--log_dir", runs.folder / f"log_{rank}"),
            steps=2,
            log=f"node_{rank}",
        )
        for rank in (0, 1)
    ]
    assert [node.wait(300) for node in nodes] == [0, 0], runs.log("node_0") + runs.log("node_1")
    assert "batch 2 x 2 processes" in runs.log("node_0")
    assert runs.checkpoints("run") == ["iter_1", "iter_2"]
