"""Phrases of attacks in English and Chinese (some in German, Spanish, French): patterns by what they are for.

They name what an attack does; whether a text is one the classifier says, since people quote such phrases. Every
repetition is bounded, so each pattern takes linear time, and Hyperscan compiles it as it stands.
"""

from __future__ import annotations

__all__ = ["EXTRACTION", "INJECTION", "JAILBREAK", "ROT13_WORDS"]

_W = r"(?:[\w'’-]{1,20}[ ,]{1,2}){0,4}"
_NOT = r"[^.!?\n]"
_ZH = "[^。！？\\n]"
_TOLD_ZH = (
    "(?:系统提示|系统指令|系统消息|系统设定|系统配置|提示词|(?:初始|原始|隐藏|内部|预设|机密|开发者|最初的)(?:指令|指示|提示|"
    "消息|规则|设定|配置))"
)

INJECTION = (
    # The order to put earlier orders aside.
    r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|discard|neglect|bypass|cancel|drop|erase)"
    rf"[ \n]{_W}(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|all|any|every|your|these|"
    rf"those|the|former)[ \n]{_W}(?:instruct\w{{1,8}}|directi\w{{1,6}}|directives?|prompts?|rules?|guidelines?|"
    r"orders?|commands?|messages?|context|constraints?|restrictions?|programming|training|polic(?:y|ies)|safeguards?|"
    r"said|told)\b",
    r"\b(?:do not|don'?t|don’t|stop|no longer) (?:follow|obey|listen to|adhere to|comply with) (?:\w{1,12} ){0,3}"
    r"(?:instructions|rules|guidelines|prompts?|orders|directives|commands)\b",
    r"\byour (?:new|real|actual|only|true) (?:instructions?|tasks?|goals?|objectives?|roles?|purpose|mission) "
    r"(?:is|are|will be)\b",
    r"\b(?:new|updated|additional|important) (?:system )?(?:instructions?|directives?|prompt|orders?) ?:",
    r"\bend of (?:the )?(?:system )?(?:instructions?|prompt|context|document|user input)\b",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|end_header_id|eot_id)\|>",
    r"\[/?INST\]|<</?SYS>>|<start_of_turn>|<end_of_turn>",
    r"(?:^|\n)#{2,4} ?(?:system|instruction|new instructions?|response)\b ?:",
    r"\b(?:vergiss|vergessen sie|ignorier\w{0,3}|missachte\w{0,2}) [^.!?\n]{0,60}"
    r"(?:anweisung|instruktion|regel|befehl|vorgabe|aufgabe|gesagt)",
    r"\b(?:ignora|olvida|olvide|descarta|ignore|oubliez?|ignorez) [^.!?\n]{0,50}"
    r"(?:instruccion|instruction|regla|règle|consigne|órdenes|ordres?|anterior|précédent|ci-dessus)",
    rf"(?:忽略|无视|忘记|忘掉|忘了|不要理会|别理会|不用管|不要管|别管|抛开|撇开|丢弃|跳过|绕过|取消|推翻|废除|不必遵守|"
    rf"(?:不要|别|不再|停止|无需)(?:再)?(?:遵守|遵循|听从|执行)){_ZH}{{0,12}}"
    rf"(?:之前|先前|此前|以上|上述|上面|前面|最初|所有|全部|一切|你的|原来|原有|现有|系统|安全|任何|已有){_ZH}{{0,10}}"
    r"(?:指令|指示|提示|要求|规则|规定|命令|设定|设置|限制|内容|对话|约束|准则|政策|任务|说的话|说过|告知)",
    r"(?:新的?|最新的?|真正的?|更新后?的?|附加的?|额外的?)(?:系统)?(?:指令|任务|指示|命令|提示词)(?:是|如下|：|:)",
    r"重要(?:的)?(?:系统)?(?:指令|指示|命令)(?:如下)?(?:：|:)",
    r"(?:你|您)(?:现在)?(?:的)?(?:新的?|真正的?|实际的?|唯一的?)(?:指令|任务|目标|角色|使命|职责)(?:是|为|如下)",
    r"(?:系统提示词?|系统指令|系统消息|指令|提示词|上下文|文档|用户输入)(?:内容|部分)?(?:到此|至此|已经?)?(?:结束|完毕)",
    r"(?:^|\n)#{2,4} ?(?:系统|系统提示词?|新?指令|新的指令|回复|回答)(?:：|:)",
)

EXTRACTION = (
    r"\b(?:reveal|show|print|repeat|output|display|tell|give|leak|disclose|share|write|copy|recite|translate|encode|"
    rf"expose|dump|provide|list|summari[sz]e|what(?:'s|’s| is| are| was| were)){_NOT}{{1,50}}\b(?:system|initial|"
    r"hidden|secret|original|internal|confidential|pre-?prompt|base|developer|above|previous)[ -]?"
    r"(?:prompt|instructions?|message|directives?|guidelines|configuration|rules)\b",
    r"\b(?:repeat|print|output|write|return|show|say) (?:back )?(?:everything|all|the (?:words|text|content|sentences?)"
    r"|every word)[^.!?\n]{0,20}(?:above|before|previous(?:ly)?|so far|preced)",
    r"\b(?:your|the) (?:exact |full |entire |complete |original |initial )?system prompt\b",
    r"\bwhat (?:were|are) (?:your|you|the) (?:exact |original |initial |first )?"
    r"(?:instructions|told|given|directives|prompt)",
    rf"(?:输出|告诉|显示|打印|泄露|透露|重复|复述|背诵|展示|给出|给我|发给|说出|公开|翻译|列出|提供|写出|写下){_ZH}{{0,16}}"
    rf"{_TOLD_ZH}",
    # In Chinese the verb may stand behind what it is for, and often does.
    rf"(?:把|将){_ZH}{{0,12}}{_TOLD_ZH}{_ZH}{{0,12}}"
    r"(?:输出|告诉|显示|打印|泄露|透露|重复|复述|背|念|展示|给我|发|说出|公开|翻译|译成|列出|提供|写)",
    rf"(?:你|您)(?:的|最初的?|一开始的?|收到的|得到的)(?:完整|全部|原始|初始|最初)?(?:的)?{_TOLD_ZH}",
    r"(?:你|您)(?:的)?(?:最初|一开始|最开始|原本)(?:收到|得到|被给)?(?:的)?(?:指令|指示|提示|设定)",
    rf"(?:重复|复述|输出|打印){_ZH}{{0,6}}(?:以上|上面|之前|前面){_ZH}{{0,6}}(?:全部|所有|每|内容|文字|话)",
    rf"(?:把|将)(?:以上|上面|之前|前面|上文){_ZH}{{0,10}}(?:重复|复述|输出|打印|原样|逐字|背|念)",
)

JAILBREAK = (
    r"\bdo anything now\b|\bjail ?br(?:eak|oken)\w{0,4}\b|\b(?:developer|debug|god|unrestricted|unfiltered|opposite|"
    r"chaos|admin|sudo|maintenance) mode (?:is |has been |now )?(?:enabled|activated|on|active|output)\b",
    r"\b(?:you are|you're|act as|acting as|pretend|play|role-?play|simulate|imagine|behave as|become|respond as|"
    rf"answer as|called|named){_NOT}{{1,90}}\b(?:no|without|any|free (?:of|from)|not bound by|un|ignores?|beyond|"
    r"lacks?) ?(?:any |all |the )?(?:\w{1,12} )?(?:restrict(?:ions?|ed)|limits?|limitations?|filter(?:s|ed|ing)?|"
    r"censor(?:ship|ed)|rules|ethic\w{1,4}|moral\w{0,5}|guidelines|boundaries|constraints|safeguards)\b",
    r"\b(?:unrestricted|unfiltered|uncensored|amoral|immoral|evil|unethical) (?:ai|chat ?bot|assistant|model|"
    r"language model|version|persona|response|gpt)\b",
    r"\b(?:never|don'?t|do not|cannot|can'?t|must not|not allowed to|won'?t) (?:\w{1,10} ){0,2}"
    r"(?:refuse|decline|say no|apologi[sz]e|warn|break character|reject|censor|include (?:any )?"
    r"(?:disclaimers?|warnings?))\b",
    r"\b(?:start|begin|prefix|preface) (?:your|the|each|every) (?:\w{1,12} ){0,2}"
    r"(?:response|reply|answer|output|sentence|message)s? (?:\w{1,12} ){0,3}(?:with|by)\b",
    r"\bstay (?:in character|a dan)\b|\bbroken? free of the (?:typical )?confines\b",
    r"(?:越狱|开发者模式|上帝模式|DAN ?模式|邪恶模式|无限制模式|"
    r"(?:调试|维护|管理员|无过滤|对立|混乱)模式(?:现在|现|已经|已)?(?:开启|启用|启动|激活|打开))",
    r"(?:没有限制|不受限制|不受约束|未经审查|无审查|未经过滤|无过滤|无限制|不道德|邪恶)(?:的)?(?:AI|人工智能|聊天机器人|机器人|助手|"
    r"模型|语言模型|版本|人格|角色|回答|GPT)",
    r"(?:可以|能)做任何事(?:情)?(?:。|，|！|,|$)|(?:保持|维持)(?:你的)?(?:角色|人设)|(?:不要|别|不许|不得)(?:出戏|跳出角色|脱离角色)",
    rf"(?:没有|不受|无视|摆脱|突破|解除|不遵守|不考虑|无需遵守|抛弃){_ZH}{{0,8}}"
    r"(?:限制|道德|约束|过滤|束缚|审查|伦理|法律|规则)",
    rf"(?:扮演|假装|假设|想象|设想|模拟){_ZH}{{0,40}}"
    r"(?:没有|不受|无视|无限制|任何问题|不拒绝|邪恶|坏人|反派|罪犯|黑客)",
    r"(?:不得|不能|不要|不许|不可以?|禁止|绝不|永不|从不)(?:以任何理由)?(?:再)?(?:拒绝|道歉|警告|说不|加(?:任何|上)?(?:警告|免责))|"
    r"必须(?:直接)?回答|(?:以|用)[^。\n]{1,16}(?:开头|开始)(?:来)?(?:回答|回复|你的)|"
    r"(?:以|用)[^。\n]{1,24}(?:作为|当作|做)[^。\n]{0,6}(?:回答|回复|答复|输出|句话)(?:的)?(?:开头|开场)",
)

ROT13_WORDS = (
    r"\b(?:gur|naq|lbh|lbhe|ubj|jung|guvf|gung|jvgu|sbe|ner|jul|pna|cyrnfr|vtaber|gryy|znxr|jevgr|nyy|frperg|cebzcg)\b"
)
"""Commonest words of English, and of attacks, in rot13; none of them is a word."""
