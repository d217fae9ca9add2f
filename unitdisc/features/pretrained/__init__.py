"""Networks that others trained on recordings without labels: found, read, and run on recordings of any length."""
