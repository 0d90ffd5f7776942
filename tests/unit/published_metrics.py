"""What `/metrics` has exposed from the first contract on: dashboards depend on these names, types and labels."""

from __future__ import annotations

# The contract's table and the additions, one metric a line: name, type, labels.
PUBLISHED = """
harmwatch_events_total counter model,format
harmwatch_scored_total counter model,direction,scorer
harmwatch_score histogram model,direction,category
harmwatch_findings_total counter model,direction,dimension,category
harmwatch_harmful_events_total counter model,dimension
harmwatch_disclosures_total counter model,category,origin
harmwatch_actions_total counter model,direction,action
harmwatch_identity_gap gauge model,axis,group,measure,bound
harmwatch_identity_sentiment gauge model,axis,group,bound
harmwatch_identity_mentions_total counter model,axis,group
harmwatch_decisions_total counter model,attribute,group,decision,label
harmwatch_fairness gauge model,attribute,measure,bound
harmwatch_parity_evidence gauge model,attribute
harmwatch_parity_threshold gauge model,attribute
harmwatch_parity_alarms_total counter model,attribute,favoured,disfavoured
harmwatch_drift_statistic gauge model,detector,feature
harmwatch_drift_threshold gauge model,detector,feature
harmwatch_drift_detected_total counter model,detector,feature
harmwatch_drift_not_watched_total counter reason
harmwatch_bias_hints gauge model,attribute,group,feature
harmwatch_harm_component gauge model,window,component
harmwatch_harm_index gauge model,window,form
harmwatch_dead_letters_total counter topic,reason
harmwatch_missing_scores_total counter scorer,reason
harmwatch_duplicates_total counter format
harmwatch_orphans_total counter format
harmwatch_truncated_total counter format
harmwatch_stage_seconds histogram stage
harmwatch_batch_texts histogram scorer,trigger
harmwatch_batch_tokens histogram scorer,trigger
harmwatch_event_lag_seconds histogram model
harmwatch_consumer_lag gauge topic,partition
harmwatch_sampling_ratio gauge -
harmwatch_queue_depth gauge -
harmwatch_series gauge -
harmwatch_build_info gauge version,python
harmwatch_harm_component_bound gauge model,window,component,bound
harmwatch_harm_index_bound gauge model,window,form,bound
harmwatch_scored_events_total counter model,dimension
harmwatch_harm_scored gauge model,window,component
harmwatch_redacted_total counter format
harmwatch_late_events_total counter reason
harmwatch_cache_lookups_total counter result
harmwatch_labels_total counter result
harmwatch_late_labels_total counter model,attribute,group,decision,label
harmwatch_decisions_awaiting_label gauge -
harmwatch_decisions_given_up_total counter -
harmwatch_window_state_left_out_total counter part
harmwatch_commits_total counter result
harmwatch_last_progress_timestamp_seconds gauge -
harmwatch_config_reloads_total counter outcome
harmwatch_config_last_reload_successful gauge -
harmwatch_config_last_reload_success_timestamp_seconds gauge -
harmwatch_config_hash gauge -
harmwatch_other_series_total counter metric
harmwatch_answers_total counter model
harmwatch_refusals_total counter model
harmwatch_repeated_questions_total counter model
harmwatch_contradictions_total counter model,kind
harmwatch_campaigns_active gauge model,kind
harmwatch_campaigns_total counter model,kind
"""
