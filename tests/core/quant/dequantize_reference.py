"""Dequantises FOLDER/<TYPE>.blocks with PyPI gguf's numpy code into FOLDER/<TYPE>.f32 (bytes)."""

import pathlib
import sys

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.blocks")):
    kind = GGMLQuantizationType[path.stem]
    _, block_bytes = GGML_QUANT_SIZES[kind]
    blocks = np.fromfile(path, dtype=np.uint8).reshape(-1, block_bytes)
    with np.errstate(all="ignore"):
        values = dequantize(blocks, kind)
    values.astype("<f4", copy=False).tofile(path.with_suffix(".f32"))
