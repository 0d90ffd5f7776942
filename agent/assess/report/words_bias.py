"""The words of the sections on bias, as those of `agent.assess.report.words`."""

from __future__ import annotations

__all__ = ["BIAS_TEXTS"]

BIAS_TEXTS: dict[str, tuple[str, str]] = {
    "representation": ("Representation", "代表性"),
    "expected": ("expected share", "应有占比"),
    "ratio": ("ratio", "比值"),
    "fewer_than": ("fewer than {rows}", "少于 {rows}"),
    "representation_title": ("{name}: {rows} rows that say their group", "{name}：{rows} 行注明了群体"),
    "representation_bars": ("{name}: share of rows", "{name}：行占比"),
    "representation_bars_marked": (
        "{name}: share of rows; the red line is the share in the population",
        "{name}：行占比；红线为总体中的占比",
    ),
    "evenness_line": (
        "Evenness {evenness} (1: all groups are equally large); the largest group has {ratio} rows for each one of "
        "the smallest.",
        "均匀度 {evenness}（1 表示各群体一样大）；最大群体的行数是最小群体的 {ratio} 倍。",
    ),
    "unlike_population": (
        "Unlike the population: chi-square {statistic} with {freedom} degrees of freedom, p {p} (corrected for {tests} "
        "tests), Cohen's w {w}.",
        "与总体不符：卡方 {statistic}，自由度 {freedom}，p {p}（已对 {tests} 次检验校正），Cohen's w {w}。",
    ),
    "like_population": (
        "No difference from the population is shown: chi-square {statistic} with {freedom} degrees of freedom, p {p} "
        "(corrected for {tests} tests), Cohen's w {w}.",
        "未显示与总体有差异：卡方 {statistic}，自由度 {freedom}，p {p}（已对 {tests} 次检验校正），Cohen's w {w}。",
    ),
    "outside_reference": (
        "{rows} rows are of groups that the reference lacks; the ratios leave them out.",
        "有 {rows} 行属于参照中没有的群体，计算比值时不计入。",
    ),
    "rare_pairs": (
        "Hardly there: combinations of common groups with fewer than {least} rows",
        "几乎缺失：常见群体的组合，但不足 {least} 行",
    ),
    "rows_if_independent": ("rows if independent", "独立时应有行数"),
    "representation_note": (
        "Ranges hold together for all groups of an attribute with 95 % (Goodman): how far the shares of the source may "
        "lie from those of these rows. Rows that do not say their group are left out. The population is taken as it "
        "was given, without error of its own.",
        "区间对同一属性的所有群体同时成立，置信度 95 %（Goodman），表示数据来源的占比与这些行的占比可能相差多少。"
        "未注明群体的行不计入。总体占比按给定值使用，不计其自身误差。",
    ),
    "labels": ("Labels", "标签"),
    "p_bias_line": (
        "Largest difference of the rates of the positive label between groups: {value} ({interval}).",
        "群体间正标签比例的最大差异：{value}（{interval}）。",
    ),
    "p_bias_none": (
        "Positive labels are not compared: there are no two groups of at least {least} labelled rows.",
        "未比较正标签：没有两个有标签行数不少于 {least} 的群体。",
    ),
    "positive_assumed": (
        "{value} is taken for the label in a person's favour, since --positive was not given.",
        "因未指定 --positive，按惯例将 {value} 视为对当事人有利的标签。",
    ),
    "positive_assumed_rare": (
        "The usual one of the two labels is taken for that in a person's favour, since --positive was not given. It "
        "has too few rows to be named.",
        "因未指定 --positive，按惯例将两个标签中的一个视为对当事人有利的标签；其行数过少，不列名称。",
    ),
    "no_positive": (
        "Name the label in favour of a person with --positive, to compare groups in it.",
        "请用 --positive 指定对当事人有利的标签，以便比较各群体。",
    ),
    "label_classes": ("Classes of the label", "标签类别"),
    "label_imbalance": (
        "Evenness {evenness} (1: all classes are equally large); the largest class has {ratio} rows for each one of "
        "the smallest. Rows without a label: {unlabelled}.",
        "均匀度 {evenness}（1 表示各类别一样大）；最大类别的行数是最小类别的 {ratio} 倍。没有标签的行：{unlabelled}。",
    ),
    "label_disparities": ("Disparities of the positive label", "正标签的差异"),
    "label_rates_bars": ("{name}: rate of the positive label", "{name}：正标签比例"),
    "attribute": ("attribute", "属性"),
    "favoured": ("most often", "最高的群体"),
    "disfavoured": ("least often", "最低的群体"),
    "label_association": ("Label and attribute", "标签与属性的关联"),
    "cramers_v": ("Cramér's V", "Cramér's V"),
    "p_adjusted": ("p, corrected", "p（校正后）"),
    "labels_note": (
        "Compared are groups of at least {least} labelled rows, with the figures and intervals of live decisions. "
        "Ranges of differences and ratios hold together with 95 % over all pairs of groups; a lower bound of the "
        "difference above 0 is a finding. A ratio below 0.8 breaks the four-fifths rule. Ranges of single rates are "
        "95 % each. That labels differ does not say why: they may be wrong, or what they measure may differ.",
        "参与比较的是有标签行数不少于 {least} 的群体，指标与区间同线上决策一致。差值与比值的区间对所有群体对同时成立，"
        "置信度 95 %；差值下界大于 0 即为发现。比值低于 0.8 不符合五分之四法则。单个比例的区间各为 95 %。"
        "标签有差异并不说明原因：可能是标签有误，也可能是所度量的事物本身不同。",
    ),
    "proxies": ("Proxies", "代理变量"),
    "model_line": (
        "{name}: the other columns foretell it with a balanced accuracy of {value} ({interval}); knowing nothing gives "
        "{chance}.",
        "{name}：由其余各列预测该属性的平衡准确率为 {value}（{interval}）；一无所知时为 {chance}。",
    ),
    "model_none": (
        "{name}: not foretold; there are no two groups of at least 30 rows in the sample, or no other columns.",
        "{name}：未作预测；样本中没有两个不少于 30 行的群体，或没有其他列。",
    ),
    "tells_outright": ("It stands there once more, in other columns: {columns}.", "它在其他列中重复出现：{columns}。"),
    "label_told_by": (
        "Columns that tell the label outright, perhaps copies of it: {columns}.",
        "几乎直接给出标签的列，可能是标签的副本：{columns}。",
    ),
    "proxies_title": ("Columns that go with {name}", "与 {name} 相关的列"),
    "proxies_bars": ("{name}: Cramér's V of each column", "{name}：各列的 Cramér's V"),
    "with_label": ("V with the label", "与标签的 V"),
    "verdict": ("verdict", "结论"),
    "is_proxy": ("proxy", "代理变量"),
    "is_weak": ("weak", "弱关联"),
    "is_nothing": ("not shown", "未显示"),
    "kind_number": ("number", "数值"),
    "kind_date": ("date", "日期"),
    "kind_category": ("category", "类别"),
    "kind_value": ("many values", "取值众多"),
    "kind_text": ("text", "文本"),
    "kind_empty": ("empty", "空"),
    "proxies_more": ("{count} more columns are in the JSON.", "另有 {count} 列见 JSON。"),
    "proxies_note": (
        "On a random sample of {rows} rows. Cramér's V is corrected for bias: 0 is no association, 1 a copy. A proxy "
        "has a V of at least {notable} that chance does not explain (p below 0.05, corrected for {tests} tests); one "
        "that goes with the label as well is how bias gets into a model that does not see the attribute. A proxy made "
        "of two columns that say nothing alone shows in no V. Left out: {left_out}.",
        "在 {rows} 行随机样本上计算。Cramér's V 已校正偏差：0 为无关联，1 为副本。代理变量指 V 不低于 {notable}、"
        "且无法以偶然解释的列（p 低于 0.05，已对 {tests} 次检验校正）；若它同时与标签相关，"
        "偏见便可由此进入看不到该属性的模型。"
        "由两列共同构成、而各自均无关联的代理变量，不会显示在 V 中。未计入的列：{left_out}。",
    ),
    "missing_values": ("Missing values", "缺失值"),
    "missing_line": (
        "{columns} columns miss something; in {gaps} comparisons with an attribute the groups differ by more than "
        "chance explains.",
        "有 {columns} 列存在缺失；与属性的比较中，有 {gaps} 处群体差异超出偶然。",
    ),
    "missing_columns": ("Columns that miss most", "缺失最多的列"),
    "missing_rows": ("missing", "缺失"),
    "missing_gaps": ("Differences between groups", "群体间的差异"),
    "difference": ("largest difference", "最大差值"),
    "most_missing": ("most missing", "缺失最多的群体"),
    "least_missing": ("least missing", "缺失最少的群体"),
    "missing_bars": ("{column} by {attribute}: share of missing cells", "{column} 按 {attribute}：缺失单元格占比"),
    "missing_note": (
        "Missing is an empty cell, or what tools write in its place (NA, null, ?). Ranges hold together with 95 % over "
        "all pairs of groups, attributes and columns; groups of fewer than {least} rows are not compared.",
        "缺失指空单元格，或工具写入的占位（NA、null、?）。区间对所有群体对、属性与列同时成立，置信度 95 %；"
        "少于 {least} 行的群体不参与比较。",
    ),
    "repeats": ("Repeated rows, label noise, leakage", "重复行、标签噪声与数据泄漏"),
    "leak_line": (
        "{rows} rows ({share}) of split {split} stand in split {other} too.",
        "划分 {split} 中有 {rows} 行（{share}）也出现在划分 {other} 中。",
    ),
    "no_leak": ("No row or text stands in two splits.", "没有任何行或文本同时出现在两个划分中。"),
    "compared_as": ("compared", "比较对象"),
    "whole_rows": ("rows, all features", "行（全部特征）"),
    "text_of": ("texts of {column}", "{column} 的文本"),
    "copies": ("copies", "副本"),
    "copies_same_label": ("with the same label", "且标签相同"),
    "most_alike": ("most alike", "最多重复"),
    "conflicting": ("other label elsewhere", "标签不一致"),
    "least_wrong": ("wrong at least", "至少有误"),
    "noise_bars": (
        "{name}: labelled rows that have an equal row with another label",
        "{name}：存在同特征而标签不同之行的有标签行占比",
    ),
    "leakage": ("Leakage between splits", "划分间的泄漏"),
    "of_split": ("rows of split", "所属划分"),
    "stands_in": ("stand also in", "同时出现于"),
    "repeats_note": (
        "All rows are compared with all rows, exactly. Rows are equal when all columns are but label, split and names "
        "of rows (left out: {left_out}); in tables of few, coarse columns that is common by chance. Texts are equal "
        "when nothing differs but case, spaces and punctuation; short ones are not looked at. Wrong at least: "
        "labelled rows without the most frequent label of their equals. These are facts of this table, "
        "without an interval.",
        "所有行两两精确比较。除标签、划分与行标识外各列均相同的行视为相等（未计入：{left_out}）；列少而粗的表中，"
        "这往往出于偶然。仅大小写、空格与标点不同的文本视为相等；短文本不比较。“至少有误”指标签不同于同类行中最常见标签的有标签行。"
        "以上为本表的事实，不附区间。",
    ),
}
