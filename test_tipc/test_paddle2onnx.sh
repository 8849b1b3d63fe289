#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Export to ONNX -> inference with onnxruntime, by a chain file (docs/test_paddle2onnx.md):
#   bash test_tipc/test_paddle2onnx.sh CHAIN_FILE paddle2onnx_infer
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/*paddle2onnx_python_linux_cpu.txt}")
MODE=${2:?MODE is missing: paddle2onnx_infer}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
begin_chain paddle2onnx_params results_paddle2onnx.log

to_onnx() {
    local command words
    words=$(func_parser_value "${lines[3]}")
    if [[ " $words " == *" paddle2onnx "* || $(func_parser_key "${lines[4]}") == --model_dir ]]; then
        fail "$chain_file: line 3 and 4 ask for paddle2onnx on an exported folder; ONNX models are written from the network here: 2onnx:export.py --config CONFIG --format onnx, and --model_path:WEIGHTS" 2
    fi
    build_command command "$words"
    add_lines command 4 5 6 7 8 9
    run_step 2onnx "$LOG_PATH/trans_model.log" expect_graph "$(func_parser_value "${lines[7]}")" '*.onnx' -- "${command[@]}"
}

# infer BLOCKED
infer() {
    local name=paddle2onnx_infer_cpu_precision_fp32_batchsize_1 command results pictures
    results=$LOG_PATH/${name}_results pictures=$(func_parser_value "${lines[12]}")
    if [ -n "$1" ]; then
        skip_step "$name" "$1"
        return
    fi
    fresh_folder "$results"
    build_command command "$(func_parser_value "${lines[10]}")"
    add_lines command 11 12
    command+=("--save_dir=$results" "--model_name=$model_name")
    run_step "$name" "$LOG_PATH/$name.log" expect_masks "$results" "$pictures" -- "${command[@]}"
}

blocked=""
to_onnx || blocked="its export failed"
infer "$blocked"
finish_chain 'paddle2onnx_infer_*' inference
