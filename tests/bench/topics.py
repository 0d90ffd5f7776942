"""Made questions to an assistant, by topic, in English and Chinese: streams whose topic can be changed."""

from __future__ import annotations

from random import Random

__all__ = ["TOPICS", "question"]

_OPENINGS = {
    "en": (
        "",
        "Hello, ",
        "Hi there, ",
        "Please help: ",
        "Quick question: ",
        "I was wondering, ",
        "Sorry to ask again, ",
    ),
    "zh": ("", "你好，", "请问，", "麻烦问一下，", "想咨询一下，", "不好意思又来打扰，", "请帮我看看，"),
}
_CLOSINGS = {
    "en": ("", " Thank you.", " Any advice is welcome.", " I need it by {day}.", " Please keep it short."),
    "zh": ("", "谢谢。", "有什么建议吗？", "{day}之前需要。", "请简单回答。"),
}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the weekend", "tomorrow"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周末", "明天"),
}

#: By language and topic: sentences with two places, and what stands in them.
TOPICS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    "en": {
        "banking": (
            (
                "how do I change the {a} of my {b}?", "why was a fee taken for the {a} on my {b}?",
                "the {a} does not show up in my {b}.", "can I raise the {a} of a {b} online?",
                "what happens to my {b} when the {a} is late?", "which papers do you need for the {a} of a {b}?",
            ),
            ("limit", "interest rate", "standing order", "transfer", "monthly payment", "balance", "statement"),
            ("credit card", "savings account", "mortgage", "student loan", "business account", "joint account"),
        ),
        "cooking": (
            (
                "how long do I {a} the {b}?", "can I {a} {b} the day before?",
                "my {b} went soft when I tried to {a} it.",
                "what goes well with {b} if I {a} it?", "do I have to {a} the {b} before freezing it?",
                "which pan is best to {a} {b} in?",
            ),
            ("bake", "fry", "steam", "marinate", "simmer", "roast", "blanch"),
            ("salmon", "lentils", "aubergine", "rice noodles", "chicken thighs", "sourdough", "pumpkin"),
        ),
        "travel": (
            (
                "which {a} goes from the airport to {b}?", "is there a cheap {a} in {b} in spring?",
                "my {a} to {b} was cancelled, what now?", "how early must I book a {a} for {b}?",
                "can I take a dog on the {a} to {b}?", "what should I see near my {a} in {b}?",
            ),
            ("train", "hotel", "ferry", "flight", "hostel", "night bus", "guided tour"),
            ("Lisbon", "Kyoto", "Oslo", "Marrakesh", "Lima", "Vienna", "the islands"),
        ),
        "software": (
            (
                "why does my {a} fail after I upgrade {b}?", "how do I write a {a} in {b}?",
                "my {b} prints nothing when the {a} ends.", "is there a faster {a} for {b}?",
                "what is the cleanest way to test a {a} in {b}?", "the {a} works here, but not in {b}.",
            ),
            ("unit test", "recursive function", "database query", "web form", "parser", "background job", "cache"),
            ("Python", "the build server", "JavaScript", "a container", "Rust", "the old version", "SQL"),
        ),
    },
    "zh": {
        "banking": (
            (
                "怎么修改{b}的{a}？", "我的{b}为什么因为{a}被收了手续费？", "{b}里看不到这笔{a}。",
                "可以在网上提高{b}的{a}吗？", "{a}逾期了，{b}会怎么样？", "办理{b}的{a}需要哪些材料？",
            ),
            ("额度", "利率", "自动扣款", "转账", "月供", "余额", "对账单"),
            ("信用卡", "储蓄账户", "房贷", "助学贷款", "对公账户", "联名账户"),
        ),
        "cooking": (
            (
                "{b}要{a}多久？", "{b}可以提前一天{a}吗？", "我{a}的{b}变软了怎么办？", "{a}的{b}配什么好吃？",
                "冷冻之前要先{a}{b}吗？", "用什么锅{a}{b}最好？",
            ),
            ("烤", "炒", "蒸", "腌", "炖", "焯", "煎"),
            ("三文鱼", "扁豆", "茄子", "米粉", "鸡腿", "面包", "南瓜"),
        ),
        "travel": (
            (
                "从机场到{b}坐哪趟{a}？", "春天{b}有便宜的{a}吗？", "去{b}的{a}取消了怎么办？",
                "去{b}的{a}要提前多久预订？",
                "去{b}的{a}能带狗吗？", "{b}的{a}附近有什么好玩的？",
            ),
            ("火车", "酒店", "轮渡", "航班", "青旅", "夜班车", "跟团游"),
            ("里斯本", "京都", "奥斯陆", "桂林", "利马", "维也纳", "海岛"),
        ),
        "software": (
            (
                "升级{b}之后{a}为什么失败？", "怎么用{b}写一个{a}？", "{a}结束的时候{b}什么也没有输出。",
                "{b}有没有更快的{a}？", "在{b}里怎么测试{a}最干净？", "这个{a}在本地可以，在{b}里不行。",
            ),
            ("单元测试", "递归函数", "数据库查询", "网页表单", "解析器", "后台任务", "缓存"),
            ("Python", "构建服务器", "JavaScript", "容器", "Rust", "旧版本", "SQL"),
        ),
    },
}  # fmt: skip


def question(draw: Random, language: str, topic: str) -> str:
    """One of some thousands."""
    sentences, first, second = TOPICS[language][topic]
    text = draw.choice(_OPENINGS[language]) + draw.choice(sentences) + draw.choice(_CLOSINGS[language])
    return text.format(a=draw.choice(first), b=draw.choice(second), day=draw.choice(_DAYS[language]))
