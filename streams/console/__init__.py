"""What stands behind the live console: what it remembers, what it tells, and where operators' marks go."""

from streams.console.desk import FeedbackDesk, FeedbackFeed
from streams.console.feedback import Feedback, FeedbackBook
from streams.console.watch import ConsoleWatch

__all__ = ["ConsoleWatch", "Feedback", "FeedbackBook", "FeedbackDesk", "FeedbackFeed"]
