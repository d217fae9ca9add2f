"""What all tests share: one thread per process, so that two test processes do not fight for two cores."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; spinning threads are many times slower
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
