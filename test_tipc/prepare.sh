#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Puts the data of a chain where its chain file expects it, test_tipc/data/cityscapes, and checks its requirements:
#   bash test_tipc/prepare.sh CHAIN_FILE MODE [--download]
# The lite data is 20 street scenes drawn here, the whole data is data/cityscapes, which is neither copied nor changed.
# Chains that begin with a trained network get one with weights made by rule. Nothing is downloaded without --download,
# and no package is installed.
set -euo pipefail
export LC_ALL=C # one order of file names everywhere

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/<chain>.txt}")
MODE=${2:?MODE is missing: lite_train_lite_infer for trainings; test_tipc/README.md has those of other chains}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
read_chain_file "$chain_file"
check_mode
case ${3:-} in
    "") download=no ;;
    --download) download=yes ;;
    *)
        # PaddlePaddle's tools pass C++ chains their package of Paddle Inference here.
        [ "$MODE" = cpp_infer ] || fail "unknown argument '$3'; there is --download only" 2
        download=no
        printf '%s is not used: the C++ program of this toolkit runs OpenVINO.\n' "$3"
        ;;
esac
python_of_chain
model_name=$(func_parser_value "${lines[1]}")

DATA=test_tipc/data
PREPARED=$DATA/cityscapes
# PaddleSeg's archives and weights.
LITE_URL=https://paddleseg.bj.bcebos.com/tipc/data/cityscapes_20imgs.tar
WHOLE_URL=https://paddleseg.bj.bcebos.com/dataset/cityscapes.tar
BENCHMARK_URL=https://paddleseg.bj.bcebos.com/tipc/data/cityscapes_300imgs.tar.gz
DDRNET_23_URL=https://bj.bcebos.com/paddleseg/dygraph/cityscapes/ddrnet23_cityscapes_1024x1024_120k/model.pdparams

# fetch URL: prints the path of the complete downloaded file.
fetch() {
    printf 'Fetching %s\n' "$1" >&2
    PADDLESEG_HOME=$DATA/downloads "$python" - "$1" << 'END' | tail -n 1
import sys
from paddleseg.utils.download import cached_download
from paddleseg.utils.errors import UserError

try:
    print(cached_download(sys.argv[1]))
except UserError as error:
    sys.exit(f"error: {error}")
END
}

# install_from URL FOLDER
install_from() {
    local archive
    archive=$(fetch "$1")
    install_archive "$archive" "$2"
}

# install_archive ARCHIVE FOLDER: unpacks the data set beside FOLDER, then moves it there. An existing folder is kept.
install_archive() {
    local beside problem="" name
    mkdir -p "$(dirname "$2")"
    beside=$(mktemp -d "$2.unpacking.XXXXXX")
    tar -xf "$1" -C "$beside" || problem="cannot be unpacked"
    name=$(basename "$1" .gz)
    has_pictures "$beside/${name%.tar}" train || has_pictures "$beside/${name%.tar}" val \
        || problem=${problem:-holds no Cityscapes}
    if [ -n "$problem" ]; then
        rm -r "$beside"
        fail "$1 $problem; delete it to fetch it again"
    fi
    [ ! -e "$2" ] || mv "$2" "$2.before_$(date +%Y%m%d_%H%M%S)"
    mv "$beside/${name%.tar}" "$2"
    rmdir "$beside"
}

# has_pictures FOLDER MODE: whether a Cityscapes folder has pictures for training or validation.
has_pictures() {
    compgen -G "$1/leftImg8bit/$2/*/*_leftImg8bit.png" > /dev/null
}

draw_scenes() {
    has_pictures $DATA/roadscenes train \
        || "$python" tools/make_roadscenes.py --save_dir $DATA/roadscenes --train 15 --val 5 --size 256 128
}

# The find_ functions set `lite` and `whole` to a folder, relative to $PREPARED.

# find_lite_data [URL]: drawn scenes, or with --download those of PaddleSeg's archive.
find_lite_data() {
    local url=${1:-$LITE_URL} name
    lite=../roadscenes
    if [ "$download" = no ]; then
        draw_scenes
        return
    fi
    name=$(basename "$url" .gz)
    name=${name%.tar}
    lite=../$name
    has_pictures "$DATA/$name" train || install_from "$url" "$DATA/$name"
}

find_whole_data() {
    local part missing=() parts=(val)
    [ "$MODE" != whole_train_whole_infer ] || parts=(train val)
    whole=../../../data/cityscapes
    for part in "${parts[@]}"; do
        has_pictures data/cityscapes "$part" || missing+=("data/cityscapes/leftImg8bit/$part/<city>/*_leftImg8bit.png")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$download" = yes ]; then
        install_from $WHOLE_URL data/cityscapes
        return
    fi
    fail "$MODE runs on Cityscapes, and there are no ${missing[*]}.
Put the data set there (https://www.cityscapes-dataset.com; labels *_labelTrainIds.png made by cityscapesscripts), or
link data/cityscapes to it, or run this with --download to fetch PaddleSeg's copy ($WHOLE_URL)."
}

# write_list FILE MODE PREFIX [MOST]: pictures and labels of $PREPARED/PREFIX, relative to $PREPARED. An empty list if
# there are none, as whole_infer needs none for training.
write_list() {
    local image name count=0
    for image in "$PREPARED/$3leftImg8bit/$2"/*/*_leftImg8bit.png; do
        [ -e "$image" ] || break # the pattern itself
        [ "$count" -lt "${4:-$((count + 1))}" ] || break
        count=$((count + 1))
        name=${image#"$PREPARED/$3leftImg8bit/"}
        name=${name%_leftImg8bit.png}
        printf '%s %s\n' "$3leftImg8bit/${name}_leftImg8bit.png" "$3gtFine/${name}_gtFine_labelTrainIds.png"
    done > "$PREPARED/.$1"
    mv "$PREPARED/.$1" "$PREPARED/$1"
}

# assemble TRAINED INFERRED: makes $PREPARED from links and lists.
assemble() {
    local prefix=""
    mkdir -p $PREPARED
    # The kind of training pictures is recorded for take_lite_config.
    printf '%s\n' "$MODE" "$(basename "$1")" > $PREPARED/$CHAIN_MARK
    ln -sfn "$1/leftImg8bit" $PREPARED/leftImg8bit
    ln -sfn "$1/gtFine" $PREPARED/gtFine
    rm -f $PREPARED/whole
    if [ "$1" != "$2" ]; then
        ln -s "$2" $PREPARED/whole
        prefix=whole/
    fi
    write_list train.list train ""
    write_list val.list val "$prefix"
    write_list cityscapes_val_5.list val "$prefix" 5
}

# is_of_the_user: whether the data exists and was not made by this script; prints so.
is_of_the_user() {
    [ -e $PREPARED ] && [ ! -f $PREPARED/$CHAIN_MARK ] || return 1
    printf '%s was not made by this script and is used as it is.\n' "$PREPARED"
}

prepare_data() {
    ! is_of_the_user || return 0
    case $MODE in
        lite_train_lite_infer) find_lite_data; whole=$lite ;;
        benchmark_train) find_lite_data $BENCHMARK_URL; whole=$lite ;;
        lite_train_whole_infer) find_whole_data; find_lite_data ;;
        *) find_whole_data; lite=$whole ;;
    esac
    assemble "$lite" "$whole"
}

# prepare_weights: whole_infer starts from trained weights.
prepare_weights() {
    local models model fetched
    split_list models "$(func_parser_value "${lines[36]}")"
    for model in "${models[@]}"; do
        [ ! -e "$model" ] || continue
        if [ "$download" = yes ] && [ "$model_name" = ddrnet ]; then
            mkdir -p "$(dirname "$model")"
            fetched=$(fetch $DDRNET_23_URL)
            cp "$fetched" "$model.part"
            mv "$model.part" "$model"
            continue
        fi
        fail "$MODE starts from trained weights, and there is no $model. Put yours there
(train.py writes best_model/model.pdparams); for ddrnet, --download fetches those that PaddleSeg published."
    done
}

# prepare_class_crops: windows of drawn scenes in class folders, for classifiers.
prepare_class_crops() {
    local file count=0 crops=$DATA/class_crops
    [ "$MODE" = lite_train_lite_infer ] || [ "$MODE" = benchmark_train ] \
        || fail "$MODE: chains of classifiers have lite data alone, lite_train_lite_infer; whole trainings are docs/imagenet.md"
    [ -d $crops ] \
        || "$python" tools/make_class_crops.py --save_dir $crops --pictures 12 4 --size 64 --min_share 0.5 --least 8 --most 16
    for file in "$crops"/val/*/*.png; do
        count=$((count + 1))
        [ $((count % 16)) -ne 0 ] || printf '%s\n' "${file#"$crops/"}"
    done > "$crops/.some" # beside it first: it is complete or absent
    mv "$crops/.some" "$crops/class_crops_val_5.list"
}

# require_extra EXTRA PACKAGE...: ends the script if a package of that extra is not installed.
require_extra() {
    local extra=$1 missing
    shift
    missing=$("$python" -c 'import sys
from importlib.util import find_spec
print(*(name for name in sys.argv[1:] if find_spec(name) is None))' "$@")
    [ -z "$missing" ] \
        || fail "$MODE needs packages that are missing ($missing): pip install -e '.[$extra]' for $python"
}

# chain_config: prints the configuration of the network of a chain that trains nothing.
chain_config() {
    local line words beside
    case $chain_kind in
        ptq_params)
            func_parser_value "${lines[6]}"
            return
            ;;
        cpp_params)
            beside=$(dirname "$chain_file")/train_infer_python.txt
            line=$(grep -s '^infer_export:' "$beside") \
                || fail "files for C++ name no network; it is that of $beside, which is not there or has no infer_export"
            ;;
        *) line=${lines[3]} ;;
    esac
    split_words words "${line#*:}"
    config_of "${words[@]}"
}

# make_rule_network FOLDER: weights, and labels equal to their predictions.
make_rule_network() {
    local config
    config=$(chain_config)
    [ -f "$config" ] || fail "$chain_file: there is no configuration '$config' of the network"
    "$python" test_tipc/rule_network.py --config "$config" --pictures $DATA/roadscenes --save_dir "$1"
}

# prepare_network: the weights, or the exported folder, with which a chain without training begins. Those in
# $DATA/by_rule are created.
prepare_network() {
    local weights folder
    draw_scenes
    lite=../roadscenes
    case $chain_kind in
        cpp_params) weights=$DATA/by_rule/$model_name/model.pdparams ;;
        *) weights=$(func_parser_value "${lines[4]}") ;;
    esac
    weights=${weights#./}
    if [[ $weights == "$DATA"/by_rule/*/model.pdparams ]]; then
        folder=$(dirname "$weights")
        [ -f "$weights" ] || make_rule_network "$folder"
        lite=../by_rule/$(basename "$folder")
    fi
    [ -e "$weights" ] || fail "$chain_file starts from $weights, which is not there"
    [ "$chain_kind" != cpp_params ] || export_for_cpp "$weights"
    is_of_the_user || assemble "$lite" "$lite"
}

# export_for_cpp WEIGHTS: the folder of the chain file's model_path, unless it exists.
export_for_cpp() {
    local folder config
    folder=$(dirname "$(func_parser_value "${lines[10]}")")
    [ ! -f "$folder/deploy.yaml" ] || return 0
    config=$(chain_config)
    "$python" export.py --config "$config" --model_path "$1" --save_dir "$folder"
}

case $chain_kind in
    ptq_params) require_extra quant nncf openvino onnx onnxruntime ;;
    paddle2onnx_params) require_extra onnx onnx onnxruntime ;;
    serving_params) require_extra serving starlette uvicorn python_multipart prometheus_client ;;
    cpp_params)
        require_extra openvino openvino
        for tool in cmake c++; do
            command -v $tool > /dev/null || fail "$MODE needs $tool, which is missing; deploy/cpp/README.md has the packages"
        done
        ;;
esac
case $chain_kind in
    train_params)
        list=$(func_parser_value "${lines[11]}")
        if [ "$MODE" = whole_infer ]; then
            prepare_weights
            list=$(func_parser_value "${lines[47]}")
        fi
        case $list in
            $DATA/class_crops/*) prepare_class_crops ;;
            *) prepare_data ;;
        esac
        ;;
    *)
        prepare_network
        case $chain_kind in
            ptq_params) list=$(func_parser_value "${lines[18]}") ;;
            paddle2onnx_params) list=$(func_parser_value "${lines[12]}") ;;
            serving_params) list=$(func_parser_value "${lines[14]}") ;;
            cpp_params) list=$CPP_PICTURES ;;
        esac
        ;;
esac
[ "$(count_pictures "$list")" -gt 0 ] || fail "$chain_file infers on $list, which is not there or names no picture"
printf 'Ready for %s: %d pictures for inference in %s\n' "$MODE" "$(count_pictures "$list")" "$list"
