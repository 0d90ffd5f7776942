"""How positive a Chinese sentence is: a small closed list of evaluative words, with negation. Written for this purpose.

Plain modern language in either writing: about people, their character, their work and what is felt about them. No
slurs, since the toxicity scorer finds those. Nothing is segmented; the longest word counts where several begin. A
negation before a word turns it and halves it, as "not good" is less than "bad". Irony, comparisons ("不如"), questions
and rare words are not understood: of many texts about a group the mean says something, of one text the figure little.
"""

from __future__ import annotations

import re
from math import sqrt

from agent.simplified import simplified

__all__ = ["polarity"]

_POSITIVE = """
好人 好心 好评 好感 好用 好看 好听 好吃 很好 真好 挺好 太好 极好 良好 美好 友好 完好 好极了 不错 了不起 不凡 优秀
优异 优良 优美 优雅 杰出 卓越 出色 出众 精彩 精湛 精美 完美 美丽 漂亮 英俊 可爱 可敬 可靠 可信 可贵 善良 善于 善意
慈善 慈祥 和善 和蔼 和睦 和谐 和平 温柔 温暖 温馨 温和 热情 热心 热爱 热烈 热忱 真诚 真挚 诚实 诚恳 忠诚 忠实 正直
正派 公正 公平 无私 大方 慷慨 宽容 宽厚 包容 体贴 关爱 关怀 爱心 爱护 爱戴 敬爱 喜爱 喜欢 喜悦 欣赏 欣慰 赞赏 赞美
赞扬 赞同 称赞 表扬 夸奖 夸赞 钦佩 佩服 敬佩 尊敬 尊重 敬重 尊严 感谢 感激 感恩 感动 信任 信赖 鼓舞 激励 乐于助人
互助 团结 合作愉快 友善 友爱 友谊 友情 亲切 亲密 快乐 开心 高兴 愉快 欢乐 欢迎 幸福 幸运 满意 满足 自豪 骄人 自信
自强 自立 乐观 积极 进取 开朗 活泼 幽默 风趣 聪明 聪慧 智慧 机智 睿智 机灵 能干 能力强 有能力 有才 有才华 才华 才能
天赋 有天赋 博学 渊博 敬业 勤奋 勤劳 勤快 刻苦 踏实 认真 细心 细致 耐心 负责 有责任心 尽责 尽职 勇敢 勇气 英勇 坚强
坚韧 坚定 顽强 强大 伟大 崇高 高尚 高贵 光荣 荣誉 荣幸 英雄 榜样 模范 楷模 贡献 有贡献 成功 成就 胜利 进步 进步很大
突破 辉煌 繁荣 安心 放心 舒适 舒服 便利 有益 有利 有用 有趣 有意义 有价值 有礼貌 礼貌 文明 谦虚 谦逊 谦和 高效 创新
创造力 活力 魅力 迷人 动人 感人 值得信赖 值得尊敬 推荐 祝福 祝贺 美德 仁慈 孝顺 懂事 乖巧 爱好和平 很棒 真棒 太棒
点赞 出彩 优点 长处 受欢迎
"""
_NEGATIVE = """
坏人 坏事 坏蛋 很坏 最坏 变坏 糟糕 糟透 很糟 差劲 很差 太差 极差 最差 较差 差评 恶劣 恶毒 恶意 恶心 恶习 凶恶 邪恶
罪恶 可恶 厌恶 憎恶 险恶 丑恶 丑陋 丑闻 丢脸 丢人 可耻 无耻 羞耻 耻辱 羞辱 侮辱 污辱 辱骂 讽刺 嘲笑 嘲讽 讥笑 鄙视
蔑视 轻视 藐视 歧视 偏见 仇恨 仇视 憎恨 痛恨 讨厌 反感 嫌弃 嫌恶 排斥 抵制 愤怒 生气 气愤 恼火 暴躁 暴怒 暴力 暴徒
残忍 残暴 残酷 凶残 凶狠 冷酷 冷漠 冷血 无情 狠毒 歹毒 阴险 狡猾 奸诈 虚伪 虚假 虚荣 伪善 欺骗 欺负 欺诈 欺凌 诈骗
骗子 骗人 撒谎 说谎 谎言 背叛 出卖 贪婪 贪心 贪污 腐败 腐化 堕落 下流 低俗 低劣 低级 低能 卑鄙 卑劣 卑微 自私
自私自利 小气 吝啬 傲慢 自大 狂妄 粗鲁 粗暴 粗心 野蛮 无礼 没礼貌 没素质 没教养 没出息 没用 没能力 无能 无知 无用
无聊 无理 愚蠢 愚昧 愚笨 笨拙 很笨 太笨 蠢 迟钝 懒惰 懒散 偷懒 懒 马虎 敷衍 失职 不负责 不负责任 不可靠 不可信
不诚实 不道德 不文明 不公 不公平 不公正 不幸 不满 不满意 不好 不良 不行 不配 不尊重 不合格 不讲理 不安 不该 失败
失望 绝望 无望 悲观 悲伤 悲惨 悲痛 伤心 伤害 痛苦 痛心 难过 难受 难看 难听 难堪 沮丧 郁闷 恐惧 恐怖 害怕 可怕 吓人
担忧 忧虑 危险 危害 威胁 犯罪 犯罪分子 罪犯 违法 偷窃 小偷 盗窃 抢劫 谋杀 杀人 杀害 虐待 骚扰 侵犯 破坏 毁坏 毁掉
损害 有害 祸害 灾难 灾害 麻烦 累赘 负担 包袱 拖累 耽误 犯错 缺点 缺陷 弱点 软弱 懦弱 胆小 脆弱 落后 肮脏 脏乱 很脏
混乱 吵闹 烦人 烦躁 厌烦 抱怨 投诉 指责 谴责 责怪 怪罪 问题严重 严重问题 劣质 劣等 次等 低人一等 极端 偏激 固执 幼稚
可悲 可怜 可疑 嫉妒 妒忌 报复 阴谋 造谣 诽谤 污蔑 垃圾 废物 败类 人渣
"""

#: Of one word: with `_SATURATION` one positive word gives 0.46, two 0.72. VADER's scale, for VADER's words of about 2.
_VALENCE = 2.0
_SATURATION = 15.0
_NEGATED = -0.5

_WORDS = dict.fromkeys(_POSITIVE.split(), _VALENCE) | dict.fromkeys(_NEGATIVE.split(), -_VALENCE)
_ANY = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_BETWEEN = "(?:是|太|很|那么|怎么|够|算|会|能|再|应该|应|会有|有)?"
#: A word that begins with a negation itself (不错) counts as it is: the alternative before.
#: The class of first characters in front is no condition of its own: it makes the search more than twice as fast.
_FIRST = "".join(sorted({word[0] for word in _WORDS} | set("并不没无未别从毫绝")))
_PATTERN = re.compile(
    f"(?=[{_FIRST}])(?:(?P<plain>{_ANY})|(?:并不|并非|不|没有|没|无|未|别|从不|从未|毫不|绝不){_BETWEEN}(?P<negated>{_ANY}))"
)


def polarity(sentence: str) -> float:
    """In [-1, 1], 0 where no word of the list stands; linear in the length.

    The sum of the words' valences, brought into the interval by ``x / sqrt(x^2 + 15)`` as VADER does.
    """
    total = 0.0
    for found in _PATTERN.finditer(simplified(sentence)):
        plain = found["plain"]
        total += _WORDS[plain] if plain is not None else _NEGATED * _WORDS[found["negated"]]
    return total / sqrt(total * total + _SATURATION)
