"""Own-written training sentences directed at a person: plain insults, and the same frames with kind words."""

from __future__ import annotations

import random

from agent.models.templates import TemplateRow

__all__ = ["SOURCE", "generate"]

SOURCE = "own_insults"


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.strip().split("|"))


_BAD = {
    "en": _split("""idiot|moron|asshole|bitch|bastard|dumbass|cunt|prick|loser|scumbag|retard|piece of shit|
        motherfucker|whore|slut|dickhead|imbecile|jerk|douchebag|fool|pig|rat|waste of space|freak|creep|clown"""),
    "zh": _split("""傻逼|傻b|傻B|sb|SB|煞笔|傻叉|傻缺|脑残|弱智|智障|贱人|婊子|王八蛋|混蛋|狗东西|畜生|垃圾|
        废物|白痴|蠢货|蠢猪|
        杂种|人渣|狗娘养的|神经病|死变态|臭不要脸|贱货|软蛋|窝囊废|二百五|狗屎|死胖子|丑八怪|渣男|绿茶婊|龟孙子"""),
}
_GOOD = {
    "en": _split("""friend|genius|star|hero|treasure|great teacher|good colleague|sweet person|champion|
        kind neighbour|fast learner|wonderful cook|lucky one|patient listener|good doctor"""),
    "zh": _split("""好人|天才|好朋友|英雄|好老师|小可爱|好同事|好邻居|大厨|学霸|好医生|老实人|聪明人|高手|
        好妈妈|好爸爸|幸运儿|宝贝"""),
}
_FRAMES = {
    "en": _split("""you {x}|you are a {x}|you're such a {x}|what a {x}|{x}|he is a {x}|she is a total {x}|
        hey {x}, listen to me|you're nothing but a {x}|my boss is a {x}|shut up, you {x}|go away, {x}|
        everybody knows you are a {x}|you look like a {x}|that guy is a complete {x}|why are you such a {x}?|
        thanks for nothing, {x}|I've never met a bigger {x}|you will always be a {x}|listen, {x}"""),
    "zh": _split("""{x}|你是{x}|你是个{x}|你就是个{x}|你这个{x}|真是个{x}|他是个{x}|她就是{x}|你个{x}|哪来的{x}|
        我老板是个{x}|你真是{x}|大家都知道你是{x}|看看这个{x}|那个人就是个{x}|你怎么这么{x}|没见过这样的{x}|
        一辈子都是{x}|
        喂，{x}，听我说|又是你这个{x}|这群{x}|你们都是{x}|纯纯的{x}|{x}一个"""),
}
_HOSTILE_ONLY = {
    "en": _split("""fuck you|fuck off|go to hell|kill yourself|I hope you die|drop dead|eat shit|screw you|
        you should be dead|nobody would miss you|you make me sick|I hate you so much|you stink|you are disgusting|
        go fuck yourself|I will kill you|your mother should have aborted you|get cancer|you are ugly and stupid"""),
    "zh": _split("""滚|滚蛋|滚开|去死|去死吧|你去死|怎么不去死|操你妈|草泥马|你妈死了|妈的|他妈的滚|日你妈|
        尼玛|闭嘴吧你|
        吃屎去吧|你真恶心|真不要脸|你全家死光|活该你死|弄死你|打死你|看到你就想吐|丑死了还出来吓人|有病吧你|脑子有病|
        你脑子进水了|你不配做人|给老子滚|狗都不如|不得好死|cnm|nmsl"""),
}
_FRIENDLY_ONLY = {
    "en": _split("""thank you|see you soon|go to bed|good night|I hope you win|well done|take care|I miss you|
        you should be proud|everybody would miss you|you make me happy|I love you so much|you smell nice|
        I will call you|get well|you are kind and clever|hi|hello|hey|hello there|good morning|how are you?|ok|yes|no|
        what's up?|could you help me?|what time is it?|I'm tired|that's funny|the train is late|lunch?|sounds good|
        do it again please|nice to meet you|happy birthday|sorry about that|no problem|wait for me|where are you?"""),
    "zh": _split("""谢谢|再见|晚安|早上好|你好|您好|在吗|你好吗|好的|没问题|辛苦了|加油|我想你|祝你成功|
        你真好看|真可爱|恭喜恭喜|
        生日快乐|我给你打电话|早日康复|几点了？|你在哪里？|能帮我一下吗？|等等我|哈哈哈|太好笑了|我累了|
        车晚点了|中午吃什么？|
        听起来不错|很高兴认识你|对不起|不客气|慢走|收到|明白了|可以的|请坐|吃了吗|今天真冷|注意安全|笑死我了|
        妈呀太好看了"""),
}


def _disguise(text: str, lang: str, rng: random.Random) -> str:
    """Spell the way people do who evade a filter; benign text gets the same treatment."""
    way = rng.randrange(8)
    if way == 0:
        return rng.choice((" ", ".", "*", "-")).join(text)
    if way == 1 and lang == "en":
        return text.translate(str.maketrans("aeios", "4310$"))
    if way == 2 and lang == "en":
        position = rng.randrange(len(text))
        return text[:position] + text[position] * rng.randint(2, 5) + text[position:]
    if way == 3 and lang == "en":
        return text.upper()
    return text


def generate(seed: int, english: int = 2000, chinese: int = 2500) -> list[TemplateRow]:
    """Sentences, half of them insults, some disguised, no duplicates."""
    rng = random.Random(seed)
    rows: dict[str, TemplateRow] = {}
    for lang, count in (("en", english), ("zh", chinese)):
        for label, words, only in ((1, _BAD[lang], _HOSTILE_ONLY[lang]), (0, _GOOD[lang], _FRIENDLY_ONLY[lang])):
            frames = _FRAMES[lang] * 2 + only
            for _ in range(count // 2):
                text = rng.choice(frames).replace("{x}", rng.choice(words))
                if rng.random() < 0.3:
                    text += (" " if lang == "en" else "，") + rng.choice(only)
                text = _disguise(text, lang, rng) + rng.choice(("", "", "!", "." if lang == "en" else "。"))
                rows[text] = TemplateRow(text=text, lang=lang, label=label)
    return list(rows.values())
