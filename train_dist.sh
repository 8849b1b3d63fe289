#!/bin/sh
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/dist_train.sh under its name in the Iluvatar port:  bash train_dist.sh CONFIG NUM [arguments]
exec bash "$(dirname "$0")/tools/dist_train.sh" "$@"
