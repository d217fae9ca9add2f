"""Names for the array types that signatures speak of."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float32]  # (T, D): features, encoder output or codes of an utterance
