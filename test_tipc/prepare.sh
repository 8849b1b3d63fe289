#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Puts the data of a chain where its chain file looks for it, test_tipc/data/cityscapes:
#   bash test_tipc/prepare.sh CHAIN_FILE MODE [--download]
# The lite data are 20 street scenes drawn here, the whole data those of data/cityscapes, of which nothing is copied
# or changed. Nothing is fetched without --download.
set -euo pipefail
export LC_ALL=C # one order of file names everywhere

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/train_infer_python.txt}")
MODE=${2:?MODE is missing: lite_train_lite_infer, lite_train_whole_infer, whole_train_whole_infer or whole_infer}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
check_mode
case ${3:-} in
    "") download=no ;;
    --download) download=yes ;;
    *) fail "unknown argument '$3'; there is --download only" 2 ;;
esac
read_chain_file "$chain_file"
choose_python "$(func_parser_value "${lines[2]}")"
model_name=$(func_parser_value "${lines[1]}")

DATA=test_tipc/data
PREPARED=$DATA/cityscapes
# PaddleSeg's archives and weights.
LITE_URL=https://paddleseg.bj.bcebos.com/tipc/data/cityscapes_20imgs.tar
WHOLE_URL=https://paddleseg.bj.bcebos.com/dataset/cityscapes.tar
DDRNET_23_URL=https://bj.bcebos.com/paddleseg/dygraph/cityscapes/ddrnet23_cityscapes_1024x1024_120k/model.pdparams

# fetch URL: prints the file with its content, which is whole.
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

# install_archive ARCHIVE FOLDER: unpacks the data set beside FOLDER, then puts it there. What is there is kept.
install_archive() {
    local beside problem=""
    mkdir -p "$(dirname "$2")"
    beside=$(mktemp -d "$2.unpacking.XXXXXX")
    tar -xf "$1" -C "$beside" || problem="cannot be unpacked"
    has_pictures "$beside/$(basename "$1" .tar)" val || problem=${problem:-holds no Cityscapes}
    if [ -n "$problem" ]; then
        rm -r "$beside"
        fail "$1 $problem; delete it to fetch it again"
    fi
    [ ! -e "$2" ] || mv "$2" "$2.before_$(date +%Y%m%d_%H%M%S)"
    mv "$beside/$(basename "$1" .tar)" "$2"
    rmdir "$beside"
}

# has_pictures FOLDER MODE: whether a Cityscapes folder has pictures for training or validation.
has_pictures() {
    compgen -G "$1/leftImg8bit/$2/*/*_leftImg8bit.png" > /dev/null
}

# The two find_ functions set `lite` and `whole` to a folder, as it is named from inside $PREPARED.

find_lite_data() {
    if [ "$download" = yes ]; then
        lite=../cityscapes_20imgs
        has_pictures $DATA/cityscapes_20imgs train || install_from $LITE_URL $DATA/cityscapes_20imgs
        return
    fi
    lite=../roadscenes
    has_pictures $DATA/roadscenes train \
        || "$python" tools/make_roadscenes.py --save_dir $DATA/roadscenes --train 15 --val 5 --size 256 128
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

# write_list FILE MODE PREFIX [MOST]: pictures and labels of $PREPARED/PREFIX, named from inside $PREPARED. An empty
# list where there are none, as whole_infer needs none for training.
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

# assemble TRAINED INFERRED: makes $PREPARED out of links and lists.
assemble() {
    local prefix=""
    mkdir -p $PREPARED
    printf '%s\n' "$MODE" > $PREPARED/$CHAIN_MARK
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

prepare_data() {
    if [ -e $PREPARED ] && [ ! -f $PREPARED/$CHAIN_MARK ]; then
        printf '%s was not made by this script and is used as it is.\n' "$PREPARED"
        return
    fi
    case $MODE in
        lite_train_lite_infer) find_lite_data; whole=$lite ;;
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

[ "$MODE" != whole_infer ] || prepare_weights
prepare_data
list=$(func_parser_value "${lines[11]}")
[ "$MODE" != whole_infer ] || list=$(func_parser_value "${lines[47]}")
[ "$(count_pictures "$list")" -gt 0 ] || fail "$chain_file infers on $list, which is not there or names no picture"
printf 'Ready for %s: %d pictures for inference in %s\n' "$MODE" "$(count_pictures "$list")" "$list"
