#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Trains a network dynamically and as a static graph, and compares the losses (docs/test_train_dy2static_python.md):
#   bash test_tipc/test_train_dy2static_python.sh CHAIN_FILE [lite_train_lite_infer]
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/train_dy2static_python.txt}")
MODE=${2:-lite_train_lite_infer}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
begin_chain train_params results_python.log
# The same deterministic kernels for both: oneDNN's do not work in static graphs.
export FLAGS_cudnn_deterministic=True PADDLESEG_CPU_BACKEND=paddle

# write_chain FILE: the chain file with both trainers, and the additions of to_static_train.
write_chain() {
    local section=to_static_train_benchmark_params
    lines[14]="trainer:norm_train|to_static_train"
    printf '%s\n' "${lines[@]}" > "$1"
    [[ ${lines[*]} == *"$section"* ]] \
        || printf '%s\n' "=====$section=====" "to_static_train:--opts to_static_training=True" >> "$1"
}

# write_losses LOG FILE
write_losses() {
    "$python" test_tipc/extract_loss.py -v '[TRAIN] epoch:' -e 'loss: {%f},' < "$1" > "$2"
}

# compare LOG: the losses of a plain training and of the static one beside it.
compare() {
    local static=${1/norm_train/to_static_train} name
    name=dy2static_$(basename "${1#*norm_train_}" _nodes_1.log)
    write_losses "$1" "$LOG_PATH/${name}_dygraph_loss.txt"
    write_losses "$static" "$LOG_PATH/${name}_dy2static_loss.txt"
    run_step "$name" "$LOG_PATH/${name}_diff_log.txt" expect_content "$LOG_PATH/${name}_dygraph_loss.txt" -- \
        "$python" test_tipc/compare_losses.py "$LOG_PATH/${name}_dygraph_loss.txt" "$LOG_PATH/${name}_dy2static_loss.txt"
}

both=$LOG_PATH/dy2static.txt
write_chain "$both"
start=$SECONDS status=0
bash test_tipc/test_train_inference_python.sh "$both" "$MODE" || status=$?
if [ "$status" -eq 0 ]; then
    record_step trainings passed "$((SECONDS - start))" "$LOG_PATH"
else
    record_step trainings failed "$((SECONDS - start))" "$LOG_PATH (exit status $status)"
fi
for log in "$LOG_PATH"/norm_train_*_nodes_1.log; do
    # From an earlier run, or not trained both ways.
    [ "$log" -nt "$both" ] && [ "${log/norm_train/to_static_train}" -nt "$both" ] || continue
    compare "$log"
done
finish_chain 'dy2static_*' comparison
