"""``harmwatch anonymize``: a policy applied to a data set, as a stream, with a report that holds no value."""

from agent.assess.anonymize.columns import Columns, plan_columns
from agent.assess.anonymize.report import figures_of, html_report
from agent.assess.anonymize.reveal import Revealed, reveal
from agent.assess.anonymize.run import Anonymizer, anonymize

__all__ = ["Anonymizer", "Columns", "Revealed", "anonymize", "figures_of", "html_report", "plan_columns", "reveal"]
