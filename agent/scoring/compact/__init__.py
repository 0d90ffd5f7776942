"""The built-in harm classifier: small encoders in 8 bits on ONNX Runtime, one for English and one for all languages."""

from agent.scoring.compact.model import HarmClassifier

__all__ = ["HarmClassifier"]
