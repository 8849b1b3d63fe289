#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Train -> evaluation -> export -> inference, by a chain file (README.md explains its lines):
#   bash test_tipc/test_train_inference_python.sh CHAIN_FILE MODE [GPU of whole_infer]
# The exit status is 0 if nothing failed and at least one step of the mode's main kind ran.
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/train_infer_python.txt}")
MODE=${2:?MODE is missing: lite_train_lite_infer, lite_train_whole_infer, whole_train_whole_infer or whole_infer}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
# PaddleSeg's mode for quantised models, whose chain has a separate script here.
[ "$MODE" != klquant_whole_infer ] || exec bash test_tipc/test_ptq_inference_python.sh "$chain_file" "$MODE"
begin_chain train_params results_python.log

# select_trainer NAME: sets train_words and export_words from the chain file.
select_trainer() {
    local i
    train_words="" export_words=""
    for i in 15 16 17 18 19 20; do
        if [ "$1" = "$(func_parser_key "${lines[i]}")" ]; then
            train_words=$(func_parser_value "${lines[i]}")
            export_words=$(func_parser_value "${lines[i + 14]}")
        fi
    done
    # Names of the normal trainer, whatever its line is called.
    case $1 in
        norm | norm_train | amp_train | to_static_train)
            train_words=$(func_parser_value "${lines[15]}")
            export_words=$(func_parser_value "${lines[29]}")
            ;;
    esac
    case $train_words in
        "" | null) fail "$chain_file: trainer $1 has no command; lines 15 to 20 are those of the trainers" 2 ;;
    esac
    [ "$1" != to_static_train ] || add_static_training
}

# add_static_training: adds the words after the heading to_static_train_benchmark_params to the command.
add_static_training() {
    local i line more
    for i in "${!lines[@]}"; do
        [ "$(heading "${lines[i]}")" = to_static_train_benchmark_params ] || continue
        line=${lines[i + 1]:-}
        more=$(func_parser_value "$line")
        # Without these words it would train like norm_train.
        [[ $(func_parser_key "$line") == to_static_train && -n $more ]] \
            || fail "$chain_file: the line after to_static_train_benchmark_params must be to_static_train and flags, found: ${line:-nothing}" 2
        train_words+=" $more"
        return
    done
    fail "$chain_file: trainer to_static_train needs the section to_static_train_benchmark_params" 2
}

# run_trained_chain GPUS DEVICE PRECISION TRAINER: trains, evaluates if requested, exports and infers. GPUS is an entry
# of gpu_list: cards; -1 for the CPU, -1,-1 for two processes on it; or machines and their cards, a,b;0,1.
run_trained_chain() {
    local gpus=${1#*;} device=$2 precision=$3 trainer=$4 machines="" num_nodes=1
    local name folder log reason weights last command visible_cards="" blocked="" first expected
    if [[ $1 == *";"* ]]; then
        machines=${1%%;*}
        num_nodes=$(($(tr -cd , <<< "$machines" | wc -c) + 1))
    fi
    name=${trainer}_gpus_${gpus}_autocast_$precision
    folder=$LOG_PATH/$name log=$LOG_PATH/${name}_nodes_$num_nodes.log
    [ -z "$machines" ] || folder=${log%.log}
    reason=$(why_not_on "$gpus" "$device")
    reason=${reason:-$(why_not_among "$machines")}
    if [[ -z $reason && $precision != null && $precision != fp32 ]] \
        && { [ "$device" = cpu ] || [ "$num_cards" -lt 1 ]; }; then
        reason="trains in $precision, which needs a GPU"
    fi
    if [ -n "$reason" ]; then
        skip_step "${name}_train" "$reason"
        return
    fi
    select_trainer "$trainer"
    fresh_folder "$folder"
    build_command command "$train_words"
    launch_processes command "$gpus" "$machines"
    add_flag command "$(func_parser_key "${lines[4]}")" "$device"
    add_flag command "$(func_parser_key "${lines[7]}")" "$folder"
    add_flag command "$(func_parser_key "${lines[6]}")" "$iters"
    add_lines command 9
    add_flag command --precision "$precision"
    add_flag command "$(func_parser_key "${lines[8]}")" "$(func_parser_params "${lines[8]}")"
    add_lines command 12

    # Without --do_eval there is no best model, only the last one.
    weights=$folder/$(func_parser_value "${lines[10]}")
    # A profiled training ends with its last profiled step.
    last=$folder/iter_$iters
    [ "$MODE" != benchmark_train ] || last="$folder/iter_*"
    expected=(expect_weights "$weights" "$last/model.pdparams")
    # The first process, on the first machine, writes a training's results.
    first=${machines%%,*}
    if [ -n "$first" ] && ! is_this_machine "$first"; then
        expected=(expect_nothing) blocked="its weights are on $first"
    fi
    run_step "${name}_train" "$log" "${expected[@]}" -- "${command[@]}" || blocked="its training failed"
    if [[ $gpus == *,* || -n $machines ]] && is_new log/workerlog.0; then
        cat log/workerlog.0 >> "$log"
    fi
    [ -f "$weights" ] || weights=$folder/iter_$iters/model.pdparams

    visible_cards=${gpus%%,*}
    [[ $visible_cards =~ ^[0-9]+$ ]] || visible_cards=""
    run_eval "$name" "${log%.log}_eval.log" "$weights" "$device" "$blocked"
    case $export_words in "" | null) return ;; esac
    run_export "${name}_export" "${log%.log}_export.log" "$weights" "$folder" "$export_words" "$blocked" \
        || blocked=${blocked:-its export failed}
    run_inference "$gpus" "$folder" "$(func_parser_value "${lines[11]}")" "$blocked"
}

# launch_processes ARRAY GPUS MACHINES: puts Paddle's launcher before a training in several processes; for one card, and
# for processes on the CPU, sets `visible_cards`.
launch_processes() {
    local -n launched=$1
    local launcher=("$python" -m paddle.distributed.launch)
    if [[ $2 == -1,* ]]; then # processes on the CPU, connected by gloo
        launcher+=("--nproc_per_node=$(($(tr -cd , <<< "$2" | wc -c) + 1))")
        visible_cards=$2 # no card, but as many numbers as processes, as the launcher requires if it finds one
    elif [[ $2 == *,* || -n $3 ]]; then
        [ -z "$3" ] || launcher+=("--ips=$3")
        launcher+=("--devices=$2")
    else
        [[ ! $2 =~ ^[0-9]+$ ]] || visible_cards=$2
        return 0
    fi
    launched=("${launcher[@]}" "${launched[@]:1}")
}

# why_not_among MACHINES: says why this machine cannot take part in a training on them.
why_not_among() {
    local machine
    [ -n "$1" ] || return 0
    for machine in ${1//,/ }; do
        ! is_this_machine "$machine" || return 0
    done
    printf 'is for the machines %s, and this is none of them' "$1"
}

# is_this_machine ADDRESS
is_this_machine() {
    [[ " 127.0.0.1 $(hostname -I 2> /dev/null) " == *" $1 "* ]]
}

# run_eval NAME LOG WEIGHTS DEVICE BLOCKED
run_eval() {
    local words command
    words=$(func_parser_value "${lines[23]}")
    case $words in "" | null) return ;; esac
    if [ -n "$5" ]; then
        skip_step "$1_eval" "$5"
        return
    fi
    build_command command "$words"
    add_flag command --model_path "$3"
    add_flag command "$(func_parser_key "${lines[4]}")" "$4"
    add_lines command 24
    run_step "$1_eval" "$2" expect_nothing -- "${command[@]}"
}

# run_export NAME LOG WEIGHTS FOLDER WORDS BLOCKED
run_export() {
    local command
    if [ -n "$6" ]; then
        skip_step "$1" "$6"
        return 1
    fi
    build_command command "$5"
    add_flag command "$(func_parser_key "${lines[28]}")" "$3"
    add_flag command "$(func_parser_key "${lines[27]}")" "$4"
    run_step "$1" "$2" expect_export "$4" -- "${command[@]}"
}

# run_inference GPUS MODEL_FOLDER PICTURES BLOCKED: every combination of the inference lines.
run_inference() {
    local device mkldnn threads size precision trt devices mkldnns thread_counts sizes precisions trts
    split_list devices "$(func_parser_value "${lines[40]}")"
    split_list mkldnns "$(func_parser_value "${lines[41]}")"
    split_list thread_counts "$(func_parser_value "${lines[42]}")"
    split_list sizes "$(func_parser_value "${lines[43]}")"
    split_list trts "$(func_parser_value "${lines[44]}")"
    split_list precisions "$(func_parser_value "${lines[45]}")"
    for device in "${devices[@]}"; do
        for precision in "${precisions[@]}"; do
            for size in "${sizes[@]}"; do
                if [ "$device" = cpu ]; then
                    for mkldnn in "${mkldnns[@]}"; do
                        for threads in "${thread_counts[@]}"; do
                            run_inference_step "$@" cpu "$size" "$precision" "usemkldnn_${mkldnn}_threads_$threads" \
                                41 "$mkldnn" 42 "$threads"
                        done
                    done
                else
                    for trt in "${trts[@]}"; do
                        run_inference_step "$@" "$device" "$size" "$precision" "usetrt_$trt" 44 "$trt"
                    done
                fi
            done
        done
    done
}

# run_inference_step GPUS MODEL_FOLDER PICTURES BLOCKED DEVICE BATCH_SIZE PRECISION VARIANT [LINE VALUE]...
run_inference_step() {
    local gpus=$1 model=$2 pictures=$3 blocked=$4 device=$5 size=$6 precision=$7 command
    local variant=${8}_precision_${7}_batchsize_$6
    local name=python_infer_${device}_gpu_${gpus}_$variant results=$LOG_PATH/python_infer_${device}_${variant}_results
    shift 8
    blocked=${blocked:-$(why_not_infer "$device" "$precision" "$*")}
    if [ -n "$blocked" ]; then
        skip_step "$name" "$blocked"
        return
    fi
    fresh_folder "$results"
    build_command command "$(func_parser_value "${lines[39]}")"
    add_flag command "$(func_parser_key "${lines[40]}")" "$device"
    while [ $# -gt 0 ]; do
        add_flag command "$(func_parser_key "${lines[$1]}")" "$2"
        shift 2
    done
    add_flag command "$(func_parser_key "${lines[46]}")" "$model/deploy.yaml"
    add_flag command "$(func_parser_key "${lines[43]}")" "$size"
    add_flag command "$(func_parser_key "${lines[47]}")" "$pictures"
    add_lines command 49
    add_flag command "$(func_parser_key "${lines[45]}")" "$precision"
    add_flag command "$(func_parser_key "${lines[50]}")" "$results"
    add_lines command 51
    run_step "$name" "$LOG_PATH/$name.log" expect_results "$results" "$pictures" "$model" -- "${command[@]}"
}

# why_not_infer DEVICE PRECISION VARIANT: combinations that cannot run at all, or not on this machine.
why_not_infer() {
    local reason=""
    [ "$1" = cpu ] || reason=$(why_not_on 0 "$1")
    case $2 in
        int8) reason=${reason:-int8 needs a quantised model} ;;
        fp16)
            [ "$1" != cpu ] || reason="fp16 needs a GPU"
            [[ $3 != "44 False" ]] || reason=${reason:-fp16 needs TensorRT}
            ;;
    esac
    printf '%s' "$reason"
}

train_and_infer() {
    local i precision trainer gpu_list devices precisions trainers
    iters=$(func_parser_params "${lines[6]}")
    [ -n "$iters" ] || fail "$chain_file: line 6 has no number of iterations for $MODE" 2
    split_list gpu_list "$(func_parser_value "${lines[3]}")"
    split_list devices "$(func_parser_value "${lines[4]}")"
    split_list precisions "$(func_parser_value "${lines[5]}")"
    split_list trainers "$(func_parser_value "${lines[14]}")"
    for trainer in "${trainers[@]}"; do
        select_trainer "$trainer" # ends the script if there is none, before the first step
    done
    for i in "${!gpu_list[@]}"; do
        for precision in "${precisions[@]}"; do
            # amp is the older word for it.
            [ "$precision" != amp ] || precision=fp16
            for trainer in "${trainers[@]}"; do
                run_trained_chain "${gpu_list[i]}" "${devices[i]:-null}" "${precision:-null}" "$trainer"
            done
        done
    done
}

export_and_infer() {
    local i models exports folder blocked
    split_list models "$(func_parser_value "${lines[36]}")"
    split_list exports "$(func_parser_value "${lines[37]}")"
    for i in "${!models[@]}"; do
        blocked="" folder=${models[i]}
        case ${exports[i]:-null} in
            null) ;;
            *)
                folder=$(dirname "${models[i]}")
                run_export "export_$i" "$LOG_PATH/export_$i.log" "${models[i]}" "$folder" "${exports[i]}" "" \
                    || blocked="its export failed"
                ;;
        esac
        run_inference 0 "$folder" "$(func_parser_value "${lines[47]}")" "$blocked"
    done
}

[[ "|$(func_parser_value "${lines[38]}")|" != *"|True|"* ]] \
    || fail "$chain_file: infer_quant:True; quantised models have a chain of their own, test_ptq_inference_python.sh" 2
count_cards
if [ "$MODE" = whole_infer ]; then
    visible_cards=${3:-}
    export_and_infer
    finish_chain '*python_infer_*' inference
else
    train_and_infer
    finish_chain '*_train' training
fi
