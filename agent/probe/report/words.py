"""The words of a probe's report, in English and Chinese."""

from __future__ import annotations

__all__ = ["TEXTS"]

#: By key the English and the Chinese text; names in braces are filled in. ``note_<benchmark>`` explains a benchmark,
#: ``score_<name>`` is what a score is called.
TEXTS: dict[str, tuple[str, str]] = {
    "title": ("harmwatch: bias of a served model", "harmwatch：在线模型偏见探测"),
    "heading": (
        "{target}, model {model}. Sets: {sets}. Requests: {requests}. {created}",
        "{target}，模型 {model}：{sets} 个数据集，{requests} 次请求。{created}",
    ),
    "found": ("Findings", "结论"),
    "incomplete": (
        "Incomplete: {asked} of {all} questions were asked before the budget was spent. What was asked of a set is "
        "a random choice of its items, so that its figures hold, with wider intervals. Go on with the same "
        "--resume FILE.",
        "未完成：预算用尽前共提出 {asked}／{all} 个问题。每个数据集中已提问的条目是随机选取的，其指标仍然有效，"
        "但区间更宽。可用相同的 --resume FILE 继续。",
    ),
    "significant_line": (
        "{set}, {category}: {score} = {value} ({interval}); {ideal} would be without bias; {p}, corrected for "
        "{tests} tests.",
        "{set}，{category}：{score} = {value}（{interval}）；无偏见时应为 {ideal}；{p}，已对 {tests} 次检验校正。",
    ),
    "none_significant": (
        "No figure differs from that of a model without bias by more than chance explains. That is no proof of "
        "there being no bias: see the intervals.",
        "没有任何指标与无偏见模型的差异超出偶然。这并不证明没有偏见：请看区间。",
    ),
    "more_findings": ("{count} more are in the tables, marked with *.", "另有 {count} 项见下表，以 * 标出。"),
    "overall": ("all", "全部"),
    "answers": ("Answers", "回答情况"),
    "set": ("set", "数据集"),
    "questions": ("questions", "问题数"),
    "answered": ("answered", "已回答"),
    "unparsed": ("not understood", "无法解析"),
    "refused": ("refused", "拒答"),
    "failed": ("failed", "请求失败"),
    "not_asked": ("not asked", "未提问"),
    "answers_note": (
        "Scores are of answered questions alone. A refusal, or an answer that names no choice or more than one, is "
        "never taken for the answer that it is not known. Where many are not answered, scores are of a choice that "
        "the model made.",
        "得分只统计已回答的问题。拒答，以及未选出或选出多个选项的回答，均不会被当作“不知道”。若未回答的较多，"
        "则得分只反映模型自己选择回答的那部分问题。",
    ),
    "takes_list": ("The callable was given lists of inputs.", "该可调用对象按列表批量调用。"),
    "takes_one": ("The callable was given one input at a time.", "该可调用对象每次只接收一个输入，逐条调用。"),
    "failures_line": ("Failed requests by reason: {reasons}.", "请求失败原因：{reasons}。"),
    "score": ("score", "指标"),
    "value": ("value", "数值"),
    "ideal": ("without bias", "无偏见时"),
    "n": ("answers", "回答数"),
    "p_adjusted": ("p, corrected", "p（校正后）"),
    "category": ("category", "类别"),
    "by_category": ("By category", "按类别"),
    "bars": ("{score} by category; red: without bias", "按类别的{score}；红线：无偏见时"),
    "set_heading": ("{set} ({benchmark}): {items} items", "{set}（{benchmark}）：{items} 项"),
    "few_categories": ("{count} more categories are in the JSON.", "另有 {count} 个类别见 JSON。"),
    "examples": ("Items answered with the stereotype", "按刻板印象回答的条目"),
    "item": ("item", "条目"),
    "answer": ("answer", "回答"),
    "changes": ("Compared with an earlier run", "与先前运行的比较"),
    "changes_line": ("Earlier: {target}, model {model}, {created}.", "先前：{target}，模型 {model}，{created}。"),
    "earlier": ("earlier", "先前"),
    "now": ("now", "现在"),
    "difference": ("difference", "差值"),
    "left_out": (
        "Not compared, since the earlier report lacks them or has them by another method, other attacks or other "
        "limits: {sets}.",
        "未比较（先前报告中没有，或所用方法、攻击或限制不同）：{sets}。",
    ),
    "changes_note": (
        "Differences are now less earlier, with 95 % intervals that take the runs for independent, which is "
        "cautious. p is corrected (Holm) for {tests} comparisons; * marks what chance does not explain.",
        "差值为现在减先前，95 % 区间按两次运行相互独立计算，偏于保守。p 已对 {tests} 次比较作 Holm 校正；* "
        "表示超出偶然。",
    ),
    "scores_note": (
        "Ranges are 95 % intervals, each by itself. p is of the hypothesis that the true value is the one without "
        "bias, corrected (Holm) for the {tests} tests of this set; * marks p below 0.05. Figures of fewer than "
        "{fewest} answers are mostly not tested.",
        "区间各为 95 %。p 针对“真实值等于无偏见时的值”这一假设，已对本数据集的 {tests} 次检验作 Holm 校正；* 表示 "
        "p 小于 0.05。回答少于 {fewest} 个的指标一般不作检验。",
    ),
    "score_stereotype_preferred": ("stereotype preferred", "偏好刻板印象"),
    "score_stereotype_preferred_stereo": ("of these, stereotyping", "其中：刻板印象句"),
    "score_stereotype_preferred_antistereo": ("of these, against a stereotype", "其中：反刻板印象句"),
    "score_accuracy_gap": ("accuracy pro less anti", "准确率差（顺应减违背）"),
    "score_accuracy_pro": ("accuracy with the stereotype", "准确率（顺应刻板印象）"),
    "score_accuracy_anti": ("accuracy against it", "准确率（违背刻板印象）"),
    "score_gender_gap": ("accuracy male less female", "准确率差（男减女）"),
    "score_gender_parity": ("same answer for both genders", "男女回答一致"),
    "score_accuracy_male": ("accuracy, male", "准确率（男）"),
    "score_accuracy_female": ("accuracy, female", "准确率（女）"),
    "score_accuracy_neutral": ("accuracy, neutral", "准确率（中性）"),
    "score_bias_ambiguous": ("bias, ambiguous (s_AMB)", "偏见得分，歧义（s_AMB）"),
    "score_bias_disambiguated": ("bias, disambiguated (s_DIS)", "偏见得分，无歧义（s_DIS）"),
    "score_accuracy_ambiguous": ("accuracy, ambiguous", "准确率，歧义"),
    "score_accuracy_disambiguated": ("accuracy, disambiguated", "准确率，无歧义"),
    "score_fped": ("FPED", "FPED"),
    "score_fned": ("FNED", "FNED"),
    "score_auc": ("AUC", "AUC"),
    "score_fpr": ("false-positive rate", "假阳性率"),
    "score_fnr": ("false-negative rate", "假阴性率"),
    "score_subgroup_auc": ("subgroup AUC", "子群 AUC"),
    "score_bpsn_auc": ("BPSN AUC", "BPSN AUC"),
    "score_bnsp_auc": ("BNSP AUC", "BNSP AUC"),
    "note_crows_pairs": (
        "Share of pairs whose more stereotypical sentence is preferred; half is ideal. Method: {method}. "
        "{undecided} pairs were undecided and do not count.",
        "更具刻板印象的句子被偏好的句对所占比例；理想为一半。方法：{method}。{undecided} 对未分高下，不计入。",
    ),
    "method_log_likelihood": (
        "the log-likelihoods of whole sentences, not the paper's pseudo-log-likelihoods",
        "整句对数似然（不是论文中的伪对数似然）",
    ),
    "method_choice": (
        "the server gives no log-likelihoods of texts, so the model was asked to choose, in both orders, and a "
        "choice counts when it survives the change of order; what a model says that it prefers is not what it is "
        "likely to write, and the figure cannot be compared with published ones",
        "服务端不提供文本的对数似然，因此让模型以两种次序各选一次，次序改变后仍不变的选择才计入；"
        "模型自称的偏好并不等于它倾向写出的内容，该指标不能与已发表的结果比较",
    ),
    "note_winobias": (
        "Accuracy in telling whom a pronoun means, with the stereotype less against it, over the same sentences. "
        "Sentences left out, since no second occupation was found: {without_a_second_person}.",
        "判断代词所指的准确率：顺应刻板印象减去违背刻板印象，二者句子相同。因未找到第二种职业而未计入的句子："
        "{without_a_second_person}。",
    ),
    "note_winogender": (
        "Accuracy in telling whom a pronoun means, and whether the answer changes with the pronoun's gender.",
        "判断代词所指的准确率，以及回答是否随代词性别而改变。",
    ),
    "note_bbq": (
        "Bias scores lie between -1 and 1; above 0 answers lean to the stereotype. In disambiguated contexts the "
        "value without bias is that of the right answers, and the test asks whether answers are wrong more often "
        "where the truth goes against the stereotype. Items of unknown stereotype, which count for accuracy alone: "
        "{without_known_stereotype}.",
        "偏见得分在 -1 与 1 之间；大于 0 表示回答偏向刻板印象。无歧义语境下，无偏见时的值即正确答案所得的值，"
        "检验的是：事实与刻板印象相反时，回答是否更常出错。刻板印象不明、只计入准确率的条目："
        "{without_known_stereotype}。",
    ),
    "note_cbbq": (
        "Scored like BBQ. In disambiguated contexts the truth goes against the stereotype nearly everywhere, so "
        "that the value without bias is far from 0. Items of unknown stereotype, which count for accuracy alone: "
        "{without_known_stereotype}.",
        "计分方式同 BBQ。无歧义语境中事实几乎总与刻板印象相反，因此无偏见时的值远离 0。刻板印象不明、"
        "只计入准确率的条目：{without_known_stereotype}。",
    ),
    "note_identity_templates": (
        "The model rated how rude a sentence is; a rating of at least {threshold} of the scale counts as toxic. "
        "FPED and FNED sum over {groups} groups how far a group's error rate is from the common one; they have no "
        "interval, but by chance alone they would be {fped_by_chance} and {fned_by_chance} on average, and at most "
        "{fped_by_chance_95} and {fned_by_chance_95} in 95 % of cases. A low BPSN AUC: the group raises scores; a "
        "low BNSP AUC: it lowers them. Rates of a group are tested against those of all other texts. Texts of one "
        "template are alike, so true intervals are wider. Texts whose group is not known: {without_known_group}.",
        "模型对句子的粗鲁程度评分；达到量程的 {threshold} 即视为有毒。FPED 与 FNED 为 {groups} "
        "个群体错误率与总体错误率之差的绝对值之和；二者没有区间，但仅由偶然平均即有 {fped_by_chance} 与 "
        "{fned_by_chance}，95 % 的情形不超过 {fped_by_chance_95} 与 {fned_by_chance_95}。BPSN AUC 低："
        "提及该群体会抬高评分；BNSP AUC 低：会压低评分。各群体的错误率与其余全部文本比较。同一模板的文本彼此相似，"
        "真实区间更宽。群体不明的文本：{without_known_group}。",
    ),
}
