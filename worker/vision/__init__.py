"""Reading radiographs: preprocessing, releases, engines, training and evaluation. Knows no portal."""

import os

# ONNX Runtime reports its use to its maker unless told not to. Nothing leaves a machine with patients.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
