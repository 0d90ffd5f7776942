"""Taps what a Python model server is asked and answers to harmwatch. A failing tap never fails the request.

    from harmwatch_client import Tap

    tap = Tap("http://ingest:9465", source="chat-prod")
    tap.log(model="llama", input="Can I have a loan?", output="Yes.")

Needs nothing but the standard library, and imports neither harmwatch nor the frameworks that it knows how to tap.
"""

from harmwatch_client.asgi import TapMiddleware
from harmwatch_client.call import Call
from harmwatch_client.errors import ConfigurationError
from harmwatch_client.limits import Limits
from harmwatch_client.openai_client import wrap
from harmwatch_client.stats import Stats
from harmwatch_client.tap import Tap
from harmwatch_client.version import __version__

__all__ = ["Call", "ConfigurationError", "Limits", "Stats", "Tap", "TapMiddleware", "__version__", "wrap"]
