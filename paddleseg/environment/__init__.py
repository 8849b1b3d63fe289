# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a machine and its Python have, and which problems they have: ``tools/doctor.py``.

Only the standard library is imported here, because a broken environment may have nothing else. Packages are imported in
separate processes, which may crash or hang.
"""
