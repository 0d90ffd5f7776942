"""Served models that a probe asks: over HTTP, or a callable of this process. The port is `agent.probe.served`."""
