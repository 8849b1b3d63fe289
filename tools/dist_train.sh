#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Training in several processes, one for each card (on a machine without cards, on the CPU):
#   bash tools/dist_train.sh CONFIG NUM [arguments of train.py]
# On several machines, in all of them: NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 PORT=29500 bash tools/dist_train.sh ...
# with NODE_RANK 0 on the one with that address. PYTHON chooses the Python.
# mmsegmentation's users start it as `sh tools/dist_train.sh`, and sh is not bash everywhere.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    sed -n '5,8p' "$0" | sed 's/^# \{0,1\}//' >&2
    exit 2
}

[ $# -ge 2 ] || usage
config=$1
num_processes=$2
shift 2
[[ $num_processes =~ ^[1-9][0-9]*$ ]] || { echo "NUM is the number of processes, found: $num_processes" >&2; usage; }

launch=(--nproc_per_node "$num_processes")
for name in NNODES NODE_RANK PORT; do
    [[ ${!name:-0} =~ ^[0-9]+$ ]] || { echo "$name must be a number, found: ${!name}" >&2; exit 2; }
done
if [ "${NNODES:-1}" -gt 1 ]; then
    : "${MASTER_ADDR:?is the address of the machine with NODE_RANK 0}"
    launch+=(--nnodes "$NNODES" --rank "${NODE_RANK:?is the number of this machine, from 0}")
    launch+=(--master "$MASTER_ADDR:${PORT:-29500}")
fi
train=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/train.py
exec "${PYTHON:-python}" -m paddle.distributed.launch "${launch[@]}" "$train" "$config" "$@"
