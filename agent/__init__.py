"""harmwatch's core: scores inference events for social harm. Synchronous, and it knows nothing of Kafka."""

__version__ = "0.1.0"
