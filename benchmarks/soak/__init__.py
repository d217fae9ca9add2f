"""Long trials with broken input, kills and full disks: ``python -m benchmarks.soak --help``."""
