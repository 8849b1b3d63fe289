# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Running an exported network: deploy.yaml, engines, pictures to label maps; no training code."""
