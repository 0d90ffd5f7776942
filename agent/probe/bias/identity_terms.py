"""Names of groups in identity templates: which group is a templated text about?

English: the terms of Dixon et al. (AIES 2018), each a group of its own, as in their figures. Chinese: the translated
sets have a hundred terms with a handful of texts each, so that terms are taken together into groups.
"""

from __future__ import annotations

import re

__all__ = ["group_of"]

_ENGLISH = (
    "lesbian gay bisexual transgender trans queer lgbt lgbtq homosexual straight heterosexual male female nonbinary "
    "african african-american black white european hispanic latino latina latinx mexican canadian american asian "
    "indian middle-eastern chinese japanese christian muslim jewish buddhist catholic protestant sikh taoist old older "
    "young younger teenage millenial middle-aged elderly blind deaf paralyzed"
)
_PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 "
    "贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 南京 杭州 广州 深圳 武汉 成都 西安 东北"
)
_COUNTRIES = (
    "意大利 瑞士 巴西 爱尔兰 秘鲁 阿塞拜疆 俄罗斯 以色列 阿根廷 越南 瑞典 澳大利亚 日本 印度 墨西哥 加拿大 西班牙 "
    "葡萄牙 荷兰 波兰 希腊 土耳其 埃及 伊朗 伊拉克 古巴 智利 新西兰 新加坡 马来西亚 菲律宾 挪威 芬兰 丹麦 比利时 "
    "奥地利 乌克兰 朝鲜 缅甸 巴基斯坦 阿富汗 肯尼亚 尼日利亚"
)
_PEOPLES = "蒙古 维吾尔 藏 回 满 壮 苗 彝 汉 朝鲜 傣 土家 侗 瑶 白 哈萨克"


def _any_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


#: In the order in which they are looked for: 女同性恋 is no woman here, 外国人 no nation.
_CHINESE = tuple(
    (group, re.compile(words))
    for group, words in (
        ("orientation", "(?:男|女)?同性恋者?|双性恋者?|异性恋者?"),
        ("gender_identity", "变性人|双性人|跨性别者?"),
        ("disabled", f"{_any_of('残障 视障 听障 智障 肢障')}人士|残疾人|身心障碍者|盲人|聋人|哑人"),
        ("children", "儿童|幼儿|婴儿|少儿|小孩|孩子"),
        ("young", "青壮年|青年人|青年|年轻人"),
        ("middle_aged", "(?<!未)成年人|中年人"),
        ("old", "中老年人|老年人|老人|长者|老年"),
        ("men", "男人|男性|男孩|少年|小伙子|男士|男生"),
        ("women", "女人|女性|女孩|少女|小姑娘|姑娘|妇女|女士|女生"),
        (
            "religion",
            f"{_any_of('基督 天主 佛 伊斯兰 犹太 道')}教徒|{_any_of('信徒 穆斯林 道士 牧师 尼姑 和尚 修女 神父')}",
        ),
        ("ethnicity", f"{_any_of(_PEOPLES)}族人?|客家人"),
        ("skin_colour", "[白黑黄棕](?:种)?人"),
        ("continent", f"{_any_of('亚 非 欧 美 南美 北美 拉丁美 大洋')}洲人"),
        ("region", f"{_any_of(_PROVINCES)}人"),
        ("foreigners", "外国人"),
        ("nationality", f"[\u4e00-\u9fff]国人|{_any_of(_COUNTRIES)}人"),
    )
)
_TERMS = sorted((term.replace("-", " ") for term in _ENGLISH.split()), key=len, reverse=True)
_ENGLISH_TERM = re.compile(rf"(?<![a-z])(?:{'|'.join(_TERMS)})(?![a-z])")


def group_of(text: str, lang: str) -> str | None:
    """The group; None where the text names none that is known (an occupation), or several in English."""
    if lang == "zh":
        return next((group for group, words in _CHINESE if words.search(text)), None)
    found = set(_ENGLISH_TERM.findall(text.casefold()))
    return found.pop() if len(found) == 1 else None
