# SPDX-License-Identifier: Apache-2.0
"""The codec beside orjson and the CloudEvents SDK for Python, as Benchmarks/codec-compare measures it."""
import json, os, subprocess, sys
from importlib import util

NAMES = {
    "json-decode/loads": ("an event, decoded", "orjson `loads`"),
    "json-decode-strings/loads": ("an event, decoded, all attributes taken as text", "orjson `loads`"),
    "json-encode/dumps": ("an event, encoded", "orjson `dumps`"),
    "json-batch-decode/loads": ("100 events, decoded; per event", "orjson `loads`"),
    "json-decode/sdk": ("an event, decoded", "SDK for Python, `JSONFormat.read`"),
    "json-decode-strings/sdk": ("an event, decoded, all attributes taken as text", "SDK for Python, `JSONFormat.read`"),
    "json-encode/sdk": ("an event, encoded", "SDK for Python, `JSONFormat.write`"),
}


def has_sdk():
    try:
        return util.find_spec("cloudevents.core") is not None
    except ImportError:
        return False


def measure(root, executable, rounds):
    """The lines of codec-compare by name, and what is missing."""
    if not util.find_spec("orjson"):
        return {}, ["the codec is left out: pip install 'orjson>=3.13' 'cloudevents>=2'"]
    missing = [] if has_sdk() else ["the CloudEvents SDK for Python is left out: pip install 'cloudevents>=2'"]
    wanted = [name for name in NAMES if has_sdk() or not name.endswith("/sdk")]
    result = subprocess.run(
        [sys.executable, os.path.join(root, "Benchmarks", "codec-compare"), "--codec-bench", executable,
         "--rounds", str(rounds), "--only", ",".join(wanted), *([] if missing else ["--sdk"])],
        stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit("compare: codec-compare failed")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["name"]: line for line in lines if line["name"] in NAMES}, missing
