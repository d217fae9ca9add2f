"""A headless chromium that asks nothing of the network, for the tests of the report page."""

import shutil

path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
arguments = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]
