"""Small tables of Chinese characters, written for this project: common ones, and those of harmful requests."""

from __future__ import annotations

__all__ = ["HOMOPHONES", "PARTS", "PINYIN", "TRADITIONAL"]

_TRADITIONAL = """
说說 话話 请請 让讓 证證 讲講 认認 识識 语語 读讀 谁誰 谎謊 诈詐 骗騙 枪槍 药藥 弹彈 杀殺 电電 脑腦 网網 络絡 银銀
钱錢 铁鐵 钥鑰 账賬 户戶 贷貸 购購 买買 卖賣 资資 贼賊 赌賭 帮幫 给給 统統 组組 织織 绝絕 继繼 续續 约約 级級 红紅
纸紙 终終 结結 经經 国國 围圍 图圖 团團 场場 坏壞 块塊 处處 复復 夺奪 学學 实實 写寫 审審 对對 导導 将將 层層 开開
关關 门門 问問 间間 闻聞 题題 预預 领領 额額 颜顏 风風 飞飛 马馬 驾駕 驱驅 验驗 骂罵 鱼魚 鸟鳥 龙龍 东東 车車 轻輕
软軟 转轉 输輸 边邊 达達 过過 还還 这這 进進 远遠 违違 连連 选選 递遞 邮郵 书書 习習 会會 传傳 伪偽 伤傷 众眾 优優
体體 侦偵 偿償 储儲 儿兒 党黨 兴興 养養 内內 军軍 农農 决決 况況 冻凍 净淨 减減 击擊 则則 刚剛 创創 别別 剂劑 办辦
务務 动動 劳勞 势勢 医醫 华華 协協 单單 卫衛 压壓 历歷 厉厲 厌厭 县縣 参參 双雙 发發 变變 号號 听聽 吗嗎 启啟 员員
响響 为為 义義 乐樂 么麼 从從 仓倉 仪儀 们們 价價 个個 来來 时時 样樣 条條 标標 树樹 检檢 楼樓 机機 权權 术術 杂雜
构構 气氣 汉漢 没沒 测測 济濟 浓濃 温溫 满滿 滥濫 灭滅 灯燈 灵靈 灾災 炉爐 点點 炼煉 烧燒 烟煙 热熱 爱愛 爷爺 状狀
独獨 狱獄 现現 环環 产產 画畫 当當 疗療 监監 盗盜 盘盤 确確 码碼 礼禮 离離 种種 积積 称稱 穷窮 窃竊 竞競 笔筆 签簽
简簡 类類 粮糧 紧緊 罚罰 职職 联聯 脏髒 脱脫 脸臉 节節 获獲 虑慮 虚虛 虫蟲 袭襲 装裝 见見 规規 视視 觉覺 触觸 计計
训訓 议議 记記 许許 论論 设設 访訪 评評 诉訴 词詞 译譯 试試 详詳 误誤 调調 谈談 谋謀 谜謎 谢謝 负負 财財 责責 败敗
货貨 质質 费費 贴貼 贵貴 赔賠 赚賺 赛賽 赶趕 践踐 适適 遗遺 释釋 针針 钟鐘 钓釣 钢鋼 链鏈 销銷 锁鎖 错錯 长長 闭閉
阅閱 队隊 阳陽 阴陰 阶階 际際 险險 随隨 隐隱 难難 页頁 项項 顺順 须須 显顯 饭飯 饮飲 驶駛 骤驟
"""
TRADITIONAL = {pair[0]: pair[1] for pair in _TRADITIONAL.split()}
"""Simplified to traditional, where there is one form in common use."""

_PINYIN = """
杀sha 毒du 枪qiang 弹dan 炸zha 药yao 武wu 器qi 制zhi 造zao 作zuo 做zuo 黑hei 客ke 骗pian 钱qian 银yin 行hang 密mi
码ma 攻gong 击ji 病bing 偷tou 盗dao 抢qiang 赌du 博bo 色se 情qing 死si 伤shang 害hai 爆bao 火huo 刀dao 血xue 恨hen
骂ma 蠢chun 笨ben 猪zhu 狗gou 滚gun 丑chou 假jia 伪wei 证zheng 身shen 份fen 护hu 照zhao 账zhang 户hu 卡ka 网wang
站zhan 入ru 侵qin 木mu 马ma 诈zha 钓diao 鱼yu 邮you 件jian 系xi 统tong 提ti 示shi 词ci 指zhi 令ling 忽hu 略lue 规gui
则ze 如ru 何he 怎zen 么me 样yang 告gao 诉su 我wo 教jiao 你ni 他ta 她ta 人ren 的de 是shi 在zai 不bu 了le 有you 和he
写xie 说shuo 讲jiang 步bu 骤zhou 方fang 法fa 办ban 开kai 门men 锁suo 车che 家jia 楼lou 学xue 校xiao 孩hai 子zi 女nv
男nan 老lao 师shi 同tong 事shi 板ban 公gong 司si 电dian 脑nao 手shou 机ji 信xin 息xi 政zheng 府fu 国guo 党dang
"""
PINYIN = {pair[0]: pair[1:] for pair in _PINYIN.split()}
"""Characters with their pinyin, without tones, in the reading that they mostly have."""

_HOMOPHONES = """
杀沙 毒独 枪腔 弹蛋 炸诈 药要 武舞 器气 制治 造皂 作做 黑嘿 客课 骗片 钱前 银吟 密蜜 码马骂 攻工 击激 病并 盗到 赌堵
博伯 色涩 情晴 爆暴 火伙 恨痕 假甲 伪伟 证正 身深 份分 护户 照赵 卡咖 网往 站占 侵亲 木目 钓吊 鱼于 系戏 统桶 提题
示是 指纸 令另 忽呼 略掠 规龟 则责 何和 教叫 我窝 你妮 人仁 写血 法发 方芳 步布 锁所 车扯 家加 楼搂 孩还 电店 脑恼
手首 机基 信心 息吸 政证 府福 国果 公宫 司丝 老姥 师诗 同童 死四 伤商 害亥 刀叨 蠢春 笨苯 猪朱 狗苟 滚棍 丑瞅 告搞
诉素
"""
HOMOPHONES = _HOMOPHONES.split()
"""Groups of characters that sound alike, tones aside; the first is the one that texts have."""

_PARTS = """
炸:火乍 枪:木仓 弹:弓单 爆:火暴 骗:马扁 赌:贝者 攻:工攵 行:彳亍 证:讠正 伪:亻为 抢:扌仓 打:扌丁 法:氵去 你:亻尔
他:亻也 她:女也 们:亻门 作:亻乍 做:亻故 何:亻可 什:亻十 信:亻言 码:石马 破:石皮 坏:土不 地:土也 秘:禾必 种:禾中
和:禾口 私:禾厶 如:女口 妈:女马 奶:女乃 好:女子 明:日月 时:日寸 对:又寸 难:又隹 取:耳又 职:耳只 邮:由阝 都:者阝
防:阝方 险:阝佥 放:方攵 政:正攵 改:己攵 教:孝攵 化:亻匕 体:亻本 使:亻吏 但:亻旦 位:亻立 住:亻主 件:亻牛 份:亻分
说:讠兑 话:讠舌 请:讠青 让:讠上 语:讠吾 词:讠司 诉:讠斥 诈:讠乍 材:木才 机:木几 权:木又 楼:木娄 村:木寸 酒:氵酉
液:氵夜 油:氵由 池:氵也 钱:钅戋 银:钅艮 锁:钅肖贝 铁:钅失 钓:钅勺 给:纟合 红:纟工 级:纟及 约:纟勺 统:纟充 组:纟且
胖:月半 肚:月土 脑:月囟 朋:月月 林:木木 味:口未 吃:口乞 吗:口马 叫:口丩 听:口斤 略:田各 粉:米分 料:米斗 规:夫见
则:贝刂 别:另刂 判:半刂 刺:朿刂 到:至刂 动:云力 助:且力
"""
PARTS = {pair[0]: pair[2:] for pair in _PARTS.split()}
"""Characters that are parts side by side, and these parts."""
