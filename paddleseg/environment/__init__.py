# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a machine and its Python have, and which problems they have: ``tools/doctor.py``.

Nothing here imports more than Python brings, for that is what may be left of an environment that has to be looked at.
Packages are imported by processes of their own, which may crash or hang.
"""
