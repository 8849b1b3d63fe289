#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Chain files: their layout, and their lines as keys, values, lists and words. Sourced by common_func.sh.
# shellcheck disable=SC2034 # arrays that are named by a parameter are used where the function is called

key_ends_with=:

# The modes of each kind of chain file; the kind is the word in its first line.
declare -A CHAIN_MODES=(
    [train_params]="lite_train_lite_infer lite_train_whole_infer whole_train_whole_infer whole_infer benchmark_train"
    [ptq_params]="whole_infer klquant_whole_infer"
    [paddle2onnx_params]="paddle2onnx_infer"
    [serving_params]="serving_infer"
    [cpp_params]="cpp_infer"
)
# The content at each position of such a file, counted from 0 without empty lines: the key of a line, or a heading
# without its "=". Other positions have flags, whose names differ between kits.
declare -A CHAIN_KEYS=(
    [train_params]="1:model_name 2:python 3:gpu_list 6:--iters 7:--save_dir 8:--batch_size 10:train_model_name
        11:train_infer_img_dir 13:## 14:trainer 15:norm_train 21:## 22:eval_params 23:eval 25:## 26:export_params
        27:--save_dir 28:--model_path 29:norm_export 35:infer_params 36:infer_model 37:infer_export 38:infer_quant
        39:inference 40:--device 41:--enable_mkldnn 42:--cpu_threads 43:--batch_size 44:--use_trt 45:--precision
        46:--config 47:--image_path 48:--save_log_path 49:--benchmark 50:--save_dir 51:--model_name"
    [ptq_params]="1:model_name 2:python 6:--config 7:--batch_num 8:--batch_size 9:## 10:trainer 11:PTQ 12:##
        13:infer_params 14:inference 15:--device 16:--batch_size 17:--config 18:--image_path 19:--benchmark"
    [paddle2onnx_params]="1:model_name 2:python 3:2onnx 10:inference 12:--image_path"
    [serving_params]="1:model_name 2:python 3:trans_model 9:serving_dir 10:web_service 13:pipline 14:--img_path 15:*"
    [cpp_params]="1:model_name 2:use_gpu 3:gpu_id 4:gpu_mem 5:cpu_math_library_num_threads 6:use_mkldnn 7:use_tensorrt
        8:use_fp16 9:# 10:model_path 11:params_path 12:is_normalize 13:is_resize"
)

# read_chain_file FILE: puts its non-empty lines into the array `lines`, its kind into `chain_kind`. A missing line, or
# Windows line ends, end the script.
read_chain_file() {
    local line number=0 expected index key found
    [ -f "$1" ] || fail "there is no chain file $1; give test_tipc/configs/<model>/<chain>.txt" 2
    lines=()
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        [[ $line != *$'\r' ]] || fail "$1, line $number ends with CRLF; end it with LF: sed -i 's/\r\$//' FILE" 2
        line=$(trim "$line")
        [ -z "$line" ] || lines+=("$line")
    done < "$1"
    chain_kind=$(heading "${lines[0]:-}")
    [ "$chain_kind" != cpp_params ] || key_ends_with=" "
    [ -n "${CHAIN_KEYS[${chain_kind:-none}]:-}" ] \
        || fail "$1: no chain begins with '${lines[0]:-}'; known headings: ${!CHAIN_KEYS[*]} (pact, serving_cpp, lite, npu and xpu are not built, see test_tipc/README.md)" 2
    for expected in ${CHAIN_KEYS[$chain_kind]}; do
        index=${expected%%:*} key=${expected#*:}
        found=${lines[index]:-}
        # shellcheck disable=SC2053 # a pattern is wanted: * is any line
        [[ -n $found && ($(func_parser_key "$found") == $key || $(heading "$found") == "$key") ]] \
            || fail "$1: line $index, counted from 0 without the empty ones, must be ${key/\*/a flag}, found: ${found:-nothing}; is one before it missing?" 2
    done
}

# heading LINE: the word between the "=" of a heading; for the first line of a file for C++, cpp_params.
heading() {
    local text=${1//=/}
    case $1 in
        ====*) trim "$text" ;;
        "# model load config"*) printf 'cpp_params' ;;
    esac
}

# check_mode: ends the script if MODE is not one of the chain's.
check_mode() {
    [[ " ${CHAIN_MODES[$chain_kind]} " == *" $MODE "* ]] \
        || fail "no mode '$MODE' in this chain; known: ${CHAIN_MODES[$chain_kind]}" 2
}

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# func_parser_key LINE: the text before the first colon, or in files for C++ before the first blank.
func_parser_key() {
    trim "${1%%"$key_ends_with"*}"
}

# func_parser_value LINE: the text after it; a line without one has no value.
func_parser_value() {
    [[ $1 != *"$key_ends_with"* ]] || trim "${1#*"$key_ends_with"}"
}

# func_parser_params LINE: the value for MODE out of `key:mode=value|mode=value`; one that names no mode is for all.
func_parser_params() {
    local value pairs pair
    value=$(func_parser_value "$1")
    if [[ $value != *=* ]]; then
        printf '%s' "$value"
        return
    fi
    IFS='|' read -ra pairs <<< "$value"
    for pair in "${pairs[@]}"; do
        if [ "$(trim "${pair%%=*}")" = "$MODE" ]; then
            trim "${pair#*=}"
            return
        fi
    done
}

# split_list ARRAY VALUE: puts the entries of `a|b|c` into the array of that name; an empty value is one empty entry.
split_list() {
    local -n split_into=$1
    IFS='|' read -ra split_into <<< "$2"
    [ "${#split_into[@]}" -gt 0 ] || split_into=("")
}

# split_words ARRAY VALUE: splits VALUE into words like a shell. Quotes keep words together; nothing is expanded.
split_words() {
    local -n words_into=$1
    xargs -r printf '%s\n' <<< "$2" > /dev/null 2>&1 || fail "a quote is not closed in: $2" 2
    mapfile -d '' -t words_into < <(xargs -r printf '%s\0' <<< "$2")
}

# add_lines ARRAY INDEX...: appends the flags of these lines of the chain file.
add_lines() {
    local flags_of_lines=$1 index
    shift
    for index in "$@"; do
        add_flag "$flags_of_lines" "$(func_parser_key "${lines[index]}")" "$(func_parser_value "${lines[index]}")"
    done
}

# add_flag ARRAY KEY VALUE: appends KEY=VALUE, unless one of them is null or empty.
add_flag() {
    local -n flags_into=$1
    case $2 in null | "") return ;; esac
    case $3 in null | "") return ;; esac
    flags_into+=("$2=$3")
}
