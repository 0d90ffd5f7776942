"""The words of a report, in English and Chinese."""

from __future__ import annotations

from agent.assess.report.words_bias import BIAS_TEXTS
from agent.assess.report.words_rebalance import REBALANCE_TEXTS
from agent.report import words

__all__ = ["COMMON_TEXTS", "TEXTS", "Words"]

#: By key the English and the Chinese text; names in braces are filled in.
COMMON_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("harmwatch: assessment of a data set", "harmwatch：数据集评估"),
    "heading": ("{file}: {rows} rows, {columns} columns. {created}", "{file}：{rows} 行，{columns} 列。{created}"),
    "dp_heading": (
        "{file}: a differentially private release. {created}",
        "{file}：满足差分隐私的发布。{created}",
    ),
    "type": ("type", "类型"),
    "types": ("types", "类型"),
    "rows": ("rows", "行数"),
    "share": ("share", "占比"),
    "column": ("column", "列"),
    "cells": ("filled cells", "非空单元格"),
    "value": ("value", "数值"),
    "values": ("values", "取值数"),
    "figure": ("figure", "指标"),
    "count": ("count", "计数"),
    "group": ("group", "群体"),
    "label": ("label", "标签"),
    "spd": ("largest difference (SPD)", "最大差值（SPD）"),
    "dir": ("smallest ratio (DIR)", "最小比值（DIR）"),
    "all_rows": ("all rows", "全部行"),
    "sensitivity": ("Personal data", "个人信息"),
    "p_privacy": (
        "P_privacy = {value} ({interval}): the share of rows that hold personal data.",
        "P_privacy = {value}（{interval}）：含有个人信息的行所占比例。",
    ),
    "by_type": ("Rows with each type", "含各类型的行"),
    "by_column": ("By column", "按列"),
    "sensitivity_note": (
        "Ranges are 95 % intervals (Wilson): how far the share of the source may lie from that of these rows. They do "
        "not cover what the scorer misses: names and addresses are found only where their form or the column's name "
        "shows them. Looked for and not found: {absent}. Columns without any: {clean}.",
        "区间为 95 % 置信区间（Wilson），表示数据来源的真实比例与这些行的比例可能相差多少，不包括评分器的漏检："
        "只有形式或列名有所提示时，才能识别姓名和地址。已查找但未发现的类型：{absent}。没有任何发现的列数：{clean}。",
    ),
    "quasi_identifiers": ("Quasi-identifiers", "准标识符"),
    "role": ("role", "角色"),
    "kind": ("kind", "种类"),
    "distinctness": ("distinctness", "相异度"),
    "separation": ("separation", "区分度"),
    "role_used": ("used below", "用于下文"),
    "role_candidate": ("candidate, not used", "候选，未使用"),
    "role_identifier": ("nearly unique by itself", "单列几乎唯一"),
    "quasi_note": (
        "Distinctness is the share of different values, separation the share of pairs of rows that a column "
        "tells apart, "
        "both on a random sample of {rows} rows. Name the columns that an outsider may know with --quasi. A "
        "column that is "
        "nearly unique by itself is to be removed or pseudonymised, not generalised. Columns not shown: {others}.",
        "相异度为不同取值所占比例，区分度为该列能够区分开的行对所占比例，二者均在 {rows} 行随机样本上计算。"
        "请用 --quasi 指定外人可能知道的列。单列几乎唯一的，应当删除或假名化，而不是泛化。未列出的列数：{others}。",
    ),
    "quasi_none": (
        "No quasi-identifiers: none given, and no column is named like one. Class sizes are not computed.",
        "没有准标识符：既未指定，也没有列名与之相符。不计算等价类大小。",
    ),
    "anonymity": ("k-anonymity", "k-匿名"),
    "k_line": (
        "k = {k}; {classes} different combinations of {quasi}.",
        "k = {k}；{quasi} 共有 {classes} 种不同组合。",
    ),
    "below_line": (
        "Rows in classes of fewer than 2: {two}, than 5: {five}, than 10: {ten}.",
        "处于小于 2 的等价类中的行：{two}；小于 5：{five}；小于 10：{ten}。",
    ),
    "class_sizes": ("Class sizes", "等价类大小"),
    "class_sizes_bars": ("Share of rows by class size", "各等价类大小的行占比"),
    "size": ("class size", "等价类大小"),
    "classes": ("classes", "等价类数"),
    "smallest": ("Smallest classes (how many): ", "最小的等价类（个数）："),
    "diversity": ("Diversity of sensitive columns", "敏感列的多样性"),
    "distinct_l": ("l (distinct)", "l（相异）"),
    "entropy_l": ("l (entropy)", "l（熵）"),
    "uniform": ("rows in classes of one value", "处于单一取值等价类的行"),
    "t": ("t", "t"),
    "mean_t": ("mean t", "t 均值"),
    "diversity_note": (
        "In a class of one value whoever finds the class knows the value. t is half of the L1 distance "
        "between a class's "
        "distribution and the table's, for the worst class and on average over rows.",
        "在只有单一取值的等价类中，定位到该类就等于得知其取值。t 为等价类分布与全表分布之间 L1 距离的一半，"
        "分别给出最差的等价类和按行平均的值。",
    ),
    "anonymity_note": (
        "Counts are exact. A missing cell is a value like any other. Rows are counted, not people: where "
        "somebody has "
        "several rows, k and l are smaller for people.",
        "计数是精确的。缺失的单元格视为一种取值。统计的是行而不是人：若同一人有多行，则对人而言 k 与 l 更小。",
    ),
    "risk": ("Re-identification", "重标识风险"),
    "overall": (
        "Estimated re-identification risk: {value} of the rows, on average.",
        "估计的重标识风险：平均 {value} 的行。",
    ),
    "prosecutor_average": ("prosecutor, average", "检察官攻击，平均"),
    "prosecutor_maximum": ("prosecutor, maximum", "检察官攻击，最大"),
    "rows_over": ("rows with a risk over {limit}", "风险高于 {limit} 的行"),
    "journalist": ("journalist, average", "记者攻击，平均"),
    "marketer": ("marketer", "营销者攻击"),
    "sample_uniques": ("rows unique in the table", "表中唯一的行"),
    "population_uniques": ("rows unique in the population", "总体中唯一的行"),
    "population_given": (
        "Population of {rows}: estimated with Pitman's model from a sample that is taken for a random one; "
        "fit {fit} (1 is "
        "best, far from 1 the estimate means little).",
        "总体 {rows}：假定样本为随机抽样，用 Pitman 模型估计；拟合度 {fit}（1 为最佳，偏离 1 越远，估计越无意义）。",
    ),
    "population_assumed": (
        "The table is taken for the whole population of {rows}, which gives the largest risks; --population N says "
        "otherwise.",
        "假定本表即为全部总体（{rows}），由此得到最大的风险；可用 --population N 另行指定。",
    ),
    "risk_note": (
        "Assumed: the attacker knows every quasi-identifier without error and nothing else, and each row is "
        "another person. "
        "Prosecutor: knows that the target is in the table. Journalist: does not. Marketer: matches as many "
        "as possible.",
        "假定：攻击者准确知道全部准标识符且别无其他信息，每行为不同的人。检察官攻击：知道目标在表中；记者攻击：不知道；"
        "营销者攻击：尽可能多地匹配。",
    ),
    "groups": ("Groups", "群体"),
    "positive_rate": ("positive label", "正标签比例"),
    "positive_rate_line": (
        "Positive label: {value} ({interval}) of the labelled rows.",
        "正标签：占有标签行的 {value}（{interval}）。",
    ),
    "other_groups": ("(all others)", "（其余）"),
    "groups_note": (
        "Groups of fewer than {least} rows are counted together and not named. Ranges are 95 % intervals (Wilson).",
        "少于 {least} 行的群体合并计数，不列名称。区间为 95 % 置信区间（Wilson）。",
    ),
    "release": ("Differentially private release", "差分隐私发布"),
    "dp_line": (
        "epsilon = {epsilon}, delta = 0. Protected unit: {unit}; rows counted of each: at most {rows}.",
        "epsilon = {epsilon}，delta = 0。受保护单位：{unit}；每个单位最多计入 {rows} 行。",
    ),
    "dp_unit_row": ("a row", "一行"),
    "dp_p_privacy": (
        "P_privacy = {value}: of this table {data} (noise), of its source {interval} (noise and sampling).",
        "P_privacy = {value}：本表 {data}（噪声），数据来源 {interval}（噪声与抽样）。",
    ),
    "dp_counts": ("Counts", "计数"),
    "rows_with_personal_data": ("rows with personal data", "含个人信息的行"),
    "dp_account": ("How it was made", "发布方式"),
    "query": ("query", "查询"),
    "counts": ("counts", "计数个数"),
    "sensitivity_l1": ("L1 sensitivity", "L1 敏感度"),
    "scale": ("scale of noise", "噪声尺度"),
    "epsilon": ("epsilon", "epsilon"),
    "dp_note": (
        "{mechanism}. ± is the accuracy at 95 %, of each figure by itself; ranges of shares hold noise and "
        "sampling, 95 %. "
        "Adding or removing all rows of one unit changes the probability of any output by at most a factor "
        "of e^epsilon. "
        "Queries add up, disjoint counts within a query do not. No exact figure is in this report.",
        "{mechanism}。± 为 95 % 精度，逐项成立；占比区间包含噪声与抽样，95 %。增加或删除一个单位的全部行，"
        "任何输出的概率至多改变 e^epsilon 倍。"
        "各查询的 epsilon 相加，同一查询内互不相交的计数不相加。本报告不含任何精确数值。",
    ),
    "dp_no_ledger": (
        "No ledger was given: nobody adds up what further releases spend.",
        "未指定账本：后续发布消耗的预算无人累计。",
    ),
    "dp_ledger": (
        "Ledger: {spent:g} of {total:g} spent, {left:g} left; entry {entry}, hash {hash}.",
        "账本：已用 {spent:g}，共 {total:g}，剩余 {left:g}；第 {entry} 条，哈希 {hash}。",
    ),
}

#: Of all sections. No key stands in two of the parts: the later one would win in silence.
TEXTS = {**COMMON_TEXTS, **BIAS_TEXTS, **REBALANCE_TEXTS}

_KINDS_ZH = {
    "age": "年龄", "sex": "性别", "birth": "出生", "postcode": "邮编", "place": "地点", "occupation": "职业",
    "ethnicity": "民族", "nationality": "国籍", "religion": "宗教", "education": "教育", "marital status": "婚姻状况",
    "household": "家庭", "language": "语言", "event date": "事件日期",
}  # fmt: skip


class Words(words.Words):
    """The texts of ``harmwatch assess`` in one language."""

    def __init__(self, lang: str) -> None:
        super().__init__(TEXTS, lang)

    def kind(self, kind: str | None) -> str:
        """A kind of quasi-identifier; ``-`` for none."""
        if kind is None:
            return "-"
        return _KINDS_ZH[kind] if self.lang == "zh" else kind
