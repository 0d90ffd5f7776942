"""The words of the section on rebalancing, in English and Chinese; a part of `agent.assess.report.words.TEXTS`."""

from __future__ import annotations

__all__ = ["REBALANCE_TEXTS"]

REBALANCE_TEXTS: dict[str, tuple[str, str]] = {
    "rebalance": ("Rebalanced data", "再平衡后的数据"),
    "rebalance_line": (
        "{method}: {rows} rows read, {written} written to {out}; {left_out} left out, {added} copies added.",
        "{method}：读取 {rows} 行，写入 {written} 行到 {out}；略去 {left_out} 行，增加副本 {added} 行。",
    ),
    "rebalance_weights": (
        "Largest weight {largest}; the rows are worth {effective} of equal weight (Kish).",
        "最大权重 {largest}；相当于 {effective} 行等权数据（Kish）。",
    ),
    "before": ("before", "之前"),
    "after": ("after", "之后"),
    "after_repaired": ("after, repaired inputs", "之后（输入也修复）"),
    "label_rates": ("{attribute}: positive label", "{attribute}：正标签比例"),
    "model_of": ("{attribute}: decisions of the model", "{attribute}：模型的决策"),
    "eod": ("equal opportunity difference (EOD)", "机会均等差（EOD）"),
    "spd_reduction": ("SPD reduced by", "SPD 降低"),
    "accuracy": ("accuracy", "准确率"),
    "balanced_accuracy": ("balanced accuracy", "平衡准确率"),
    "accuracy_change": ("change of accuracy (points)", "准确率变化（百分点）"),
    "cost": ("What it does to a simple model", "对简单模型的影响"),
    "repaired_columns": ("How far apart the groups are in each column", "各列中群体之间的差距"),
    "rebalance_none": (
        "The cost was not measured: too few rows of either label, or no feature.",
        "未测量代价：某一标签的行数过少，或没有可用特征。",
    ),
    "rebalance_note": (
        "Before and after: the rows read and the rows written, with their weights. The model is a logistic regression; "
        "each of {rows} rows drawn at random is decided by models fitted to other rows, and judged by its original "
        "label. Ranges are 95 % intervals; those of disparities hold together over all pairs of groups. They do not "
        "cover that another sample would give another model. Groups of fewer than 30 effective rows are not compared.",
        "之前与之后：读取的行与写入的行（计权重）。模型为逻辑回归；随机抽取 {rows} 行，每行由未用该行训练的模型决策，"
        "并以原始标签评判。区间为 95 % 置信区间，各项差距的区间对所有群体对同时成立，但不包括换一份样本会得到"
        "不同模型的影响。有效行数少于 30 的群体不作比较。",
    ),
    "repair_note": (
        "Distance is Kolmogorov's, between the two groups that differ most; 0 is none. Columns that are no numbers are "
        "not repaired and may still tell the group. With repaired inputs the model must know the group to decide.",
        "差距为相差最大的两个群体之间的 Kolmogorov 距离，0 表示无差别。非数值列不作修复，仍可能泄露群体。"
        "使用修复后的输入时，模型决策需要知道每个人所属的群体。",
    ),
}
