#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# The speed of a training, by the section train_benchmark_params of a chain file (docs/benchmark_train.md):
#   bash test_tipc/benchmark_train.sh CHAIN_FILE benchmark_train [dynamic_bs2_fp32_DP_N1C1 | dynamicTostatic]
# Results go below $BENCHMARK_LOG_DIR; $BENCHMARK_ROOT/scripts/analysis.py is used if it exists.
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/train_infer_python.txt}")
MODE=${2:?MODE is missing: benchmark_train}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
[ "$MODE" = benchmark_train ] || fail "no mode '$MODE' in this script; known: benchmark_train" 2
begin_chain train_params results_benchmark.log
results=${BENCHMARK_LOG_DIR:-$LOG_PATH}

# read_section: sets the section's values.
read_section() {
    local i first="" key keys=(batch_size fp_items epoch --profiler_options flags)
    for i in "${!lines[@]}"; do
        [ "$(heading "${lines[i]}")" != train_benchmark_params ] || first=$((i + 1))
    done
    [ -n "$first" ] || fail "$chain_file has no section train_benchmark_params" 2
    for i in "${!keys[@]}"; do
        key=$(func_parser_key "${lines[first + i]:-}")
        [ "$key" = "${keys[i]}" ] \
            || fail "$chain_file: line $((i + 1)) of train_benchmark_params must be ${keys[i]}, found: ${lines[first + i]:-nothing}; is one before it missing?" 2
    done
    split_list batch_sizes "$(func_parser_value "${lines[first]}")"
    split_list precisions "$(func_parser_value "${lines[first + 1]}")"
    iters=$(func_parser_value "${lines[first + 2]}")
    profiler_line=${lines[first + 3]}
    flags=$(func_parser_value "${lines[first + 4]}")
    read_more "${lines[first + 5]:-}"
}

# read_more LINE: sets `train_flags` and `skip_iters` from key:value;key:value.
read_more() {
    local pair pairs=()
    train_flags="" skip_iters=""
    [ -z "$1" ] || [ -n "$(heading "$1")" ] || IFS=';' read -ra pairs <<< "$1"
    for pair in "${pairs[@]}"; do
        case ${pair%%:*} in
            log_iters | repeats) train_flags+=" --${pair%%:*} ${pair#*:}" ;;
            skip_iters) skip_iters=${pair#*:} ;;
            *) fail "$chain_file: $pair: no such setting of train_benchmark_params; known: log_iters, repeats, skip_iters" 2 ;;
        esac
    done
}

# read_request PARAMS: replaces the section's lists by the third argument's request.
read_request() {
    local words
    run_mode=DP device_nums=(N1C1 N1C8) suffix="" trainer=norm_train
    case $1 in
        "") ;;
        dynamicTostatic) device_nums=(N1C1) ;;
        dynamic*_bs*_*_*_N*C*)
            IFS=_ read -ra words <<< "$1"
            batch_sizes=("${words[1]#bs}") precisions=("${words[2]/null/fp32}")
            run_mode=${words[3]} device_nums=("${words[4]}")
            ;;
        *) fail "$1: must be dynamicTostatic, or as dynamic_bs2_fp32_DP_N1C1: batch size, precision, mode, machines and cards" 2 ;;
    esac
    [[ $1 != dynamicTostatic* ]] || suffix=d2sT_ trainer=to_static_train
}

# gpus_of DEVICE_NUM: prints the entry of gpu_list for N1C8. On a Paddle for CPUs, processes on the CPU replace cards,
# up to the number of cores.
gpus_of() {
    local count=${1#*C} entry=-1
    if [ "$num_cards" -lt 0 ] && [ "$count" -le "$(nproc)" ]; then
        while [ "$count" -gt 1 ]; do
            entry+=,-1 count=$((count - 1))
        done
        printf '%s' "$entry"
    else
        seq -s , 0 "$((count - 1))"
    fi
}

# write_chain FILE GPUS BATCH_SIZE PRECISION PROFILER: the chain file for one training, without the later steps.
write_chain() {
    local chain=("${lines[@]}") i device=gpu more=$train_flags
    [[ $2 != -1* ]] || device=cpu
    [ "$4" != fp16 ] || more+=" --amp_level O2"
    chain[3]=gpu_list:$2
    chain[4]=$(func_parser_key "${lines[4]}"):$device
    chain[5]=$(func_parser_key "${lines[5]}"):${4/fp32/null}
    chain[6]=--iters:$MODE=$iters
    chain[8]=--batch_size:$MODE=$3
    chain[12]=$5
    chain[14]=trainer:$trainer
    # Evaluation is not part of a training's speed.
    chain[15]=${lines[15]/ --do_eval/}$more
    chain[23]=eval:null
    for i in 29 30 31 32 33 34; do
        chain[i]=$(func_parser_key "${lines[i]}"):null
    done
    printf '%s\n' "${chain[@]}" > "$1"
}

# train NAME LOG GPUS BATCH_SIZE PRECISION PROFILER
train() {
    write_chain "$LOG_PATH/benchmark_train.txt" "$3" "$4" "$5" "$6"
    run_step "$1" "$2" expect_nothing -- \
        bash test_tipc/test_train_inference_python.sh "$LOG_PATH/benchmark_train.txt" "$MODE"
}

# analyse NAME LOG BATCH_SIZE PRECISION DEVICE_NUM
analyse() {
    local log=$2 beside script=test_tipc/analysis.py unit=samples/s
    beside=$results/index/$(basename "$2" log)
    if [ -n "$skip_iters" ]; then
        log=$2_filtered
        run_step "${1%speed}filtered" "${beside}filter.txt" expect_file "$log" -- \
            "$python" test_tipc/filter_log.py --in_log_path "$2" --out_log_path "$log" --skip_iters "$skip_iters" \
            || return
    fi
    [ ! -f "${BENCHMARK_ROOT:-}/scripts/analysis.py" ] || script=$BENCHMARK_ROOT/scripts/analysis.py
    [ "$5" = N1C1 ] || unit=images/s
    run_step "$1" "${beside}analysis.txt" expect_file "${beside}speed" -- \
        "$python" "$script" --filename "$log" --speed_log_file "${beside}speed" \
        --model_name "${model_name}_bs${3}_${4}_$run_mode" --base_batch_size "$3" --run_mode "$run_mode" \
        --fp_item "$4" --keyword ips: --skip_steps 2 --device_num "$5" --speed_unit "$unit" --convergence_key loss:
}

# run_one BATCH_SIZE PRECISION DEVICE_NUM: trains with the profiler on one card, then without it, and computes the speed.
run_one() {
    local name reason gpus device=gpu start
    [[ $3 == N1C* ]] || fail "$3: benchmarks of several machines are started by hand on each; N1C1 to N1C8 are run here" 2
    name=$(basename "$PWD")_${model_name}_bs${1}_${2}_${run_mode}_${3}_$suffix
    gpus=$(gpus_of "$3")
    [[ $gpus != -1* ]] || device=cpu
    reason=$(why_not_on "$gpus" "$device")
    [ -n "$reason" ] || [ "$2" = fp32 ] || [ "$device" != cpu ] || reason="trains in $2, which needs a GPU"
    if [ -n "$reason" ]; then
        skip_step "${name}speed" "$reason"
        return
    fi
    if [[ $gpus != *,* ]]; then
        train "${name}profiling" "$results/profiling_log/${name}profiling" "$gpus" "$1" "$2" "$profiler_line" || return
    fi
    start=$SECONDS
    train "${name}log" "$results/train_log/${name}log" "$gpus" "$1" "$2" null:null || return
    export model_run_time=$((SECONDS - start))
    analyse "${name}speed" "$results/train_log/${name}log" "$1" "$2" "$3"
}

read_section
read_request "${3:-}"
count_cards
status_log=$results/benchmark_log/results.log
{ mkdir -p "$results"/{train_log,index,profiling_log,benchmark_log} && begin_status_log; } \
    || fail "$results cannot be written"
IFS=';' read -ra flags <<< "$flags"
[ "${#flags[@]}" -eq 0 ] || export "${flags[@]?}" || fail "$chain_file: flags: must be NAME=VALUE;NAME=VALUE" 2
export model_branch=${model_branch:-$(git branch --show-current 2> /dev/null)}
export model_commit=${model_commit:-$(git rev-parse HEAD 2> /dev/null)}
frame_version=$("$python" -W ignore -c 'import paddle; print(paddle.__version__)' | tail -n 1)
frame_commit=$("$python" -W ignore -c 'import paddle; print(paddle.version.commit)' | tail -n 1)
export frame_version frame_commit
for batch_size in "${batch_sizes[@]}"; do
    for precision in "${precisions[@]}"; do
        for device_num in "${device_nums[@]}"; do
            run_one "$batch_size" "$precision" "$device_num"
        done
    done
done
finish_chain '*speed' speed
