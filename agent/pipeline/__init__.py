"""The pipeline and its parts. `build_pipeline` puts one together from the configuration."""

from agent.pipeline.build import build_embedding, build_pipeline, build_scorers, build_sentiment
from agent.pipeline.core import Pipeline, RecordOutcome

__all__ = ["Pipeline", "RecordOutcome", "build_embedding", "build_pipeline", "build_scorers", "build_sentiment"]
