"""What to feed a model instead of a text: its disguises undone, with an account of what was changed."""

from agent.sanitise.sanitiser import Change, Sanitised, sanitise

__all__ = ["Change", "Sanitised", "sanitise"]
