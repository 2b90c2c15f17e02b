# SPDX-License-Identifier: Apache-2.0
"""Copies the lines of a file. After a kill it begins anew."""
import os, sys

with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as output:
    for line in source:
        output.write(line)
    output.flush()
    os.fsync(output.fileno())
