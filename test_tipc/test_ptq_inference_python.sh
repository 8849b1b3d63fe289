#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Post-training quantisation -> inference in int8, by a chain file (docs/test_train_ptq_inference_python.md):
#   bash test_tipc/test_ptq_inference_python.sh CHAIN_FILE whole_infer|klquant_whole_infer
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/train_ptq_infer_python.txt}")
MODE=${2:?MODE is missing: whole_infer or klquant_whole_infer}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
begin_chain ptq_params results_python.log
quantized=$(dirname "$(func_parser_value "${lines[17]}")")

quantize() {
    local command trainer
    trainer=$(func_parser_value "${lines[10]}")
    [ "$trainer" = "$(func_parser_key "${lines[11]}")" ] \
        || fail "$chain_file: trainer $trainer has no command; PTQ, whose command is line 11, is the only one here" 2
    build_command command "$(func_parser_value "${lines[11]}")"
    add_lines command 3 4 5 6 7 8
    run_step "${trainer}_export" "$LOG_PATH/export.log" expect_graph "$quantized" '*int8*' -- "${command[@]}"
}

# run_inference BLOCKED: every combination of the inference lines; line 20, if it exists, is one more list.
run_inference() {
    local device size variant devices sizes variants
    split_list devices "$(func_parser_value "${lines[15]}")"
    split_list sizes "$(func_parser_value "${lines[16]}")"
    split_list variants "$(func_parser_value "${lines[20]:-}")"
    for device in "${devices[@]}"; do
        for size in "${sizes[@]}"; do
            for variant in "${variants[@]}"; do
                run_inference_step "$device" "$size" "$variant" "$1"
            done
        done
    done
}

# run_inference_step DEVICE BATCH_SIZE VARIANT BLOCKED
run_inference_step() {
    local name=python_infer_${1}${3:+_$3}_precision_int8_batchsize_$2 blocked=$4 command results pictures
    results=$LOG_PATH/${name}_results pictures=$(func_parser_value "${lines[18]}")
    [ "$1" = cpu ] || blocked="the int8 graphs of ptq.py are for CPUs, with OpenVINO and onnxruntime"
    if [ -n "$blocked" ]; then
        skip_step "$name" "$blocked"
        return
    fi
    fresh_folder "$results"
    build_command command "$(func_parser_value "${lines[14]}")"
    add_flag command "$(func_parser_key "${lines[15]}")" "$1"
    add_lines command 17
    add_flag command "$(func_parser_key "${lines[16]}")" "$2"
    add_lines command 18 19
    add_flag command "$(func_parser_key "${lines[20]:-null}")" "$3"
    command+=(--precision=int8 "--save_dir=$results")
    run_step "$name" "$LOG_PATH/$name.log" expect_masks "$results" "$pictures" -- "${command[@]}"
}

blocked=""
quantize || blocked="its quantisation failed"
run_inference "$blocked"
finish_chain 'python_infer_*' inference
