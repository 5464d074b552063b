/**
 * Sentences from which pairs of copies and of strangers are made (make_pairs.ts), all our own, about fictional
 * companies; `reworded` says the same in other words, as another reporter would: a story of its own.
 */
export interface Sentence {
  readonly text: string;
  readonly reworded: string;
}

export const ENGLISH: readonly Sentence[] = [
  { text: 'Norvale Bank limits cash withdrawals to 500 a day after its payment system failed for a second weekend', reworded: 'Depositors can take out no more than 500 daily from Norvale following another outage of its payments' },
  { text: 'Skerrivane Airways grounds nine turboprops until inspectors have looked at their engine mounts', reworded: 'Engine worries keep part of the Skerrivane fleet on the apron, regulator says' },
  { text: 'Bellwick Health says regulators in Eastgate asked for two more years of data on its migraine tablet', reworded: 'Approval of the Bellwick migraine drug slips as the authority wants longer trials' },
  { text: 'Tarrowby Stores names its logistics chief as head of the company from the first of June', reworded: 'Supermarket chain Tarrowby promotes supply boss to the top job this summer' },
  { text: 'Lumen Bay Wind wins the auction for three offshore fields with a bid that needs no subsidy', reworded: 'Subsidy-free offer takes Lumen Bay past rivals in offshore tender' },
  { text: 'Harrowgate Motors recalls 41,000 vans because a brake hose can chafe through in cold weather', reworded: 'Vans by Harrowgate must return to workshops over brakes that may leak in winter' },
  { text: 'Ostrava Chip Works will build its second plant near the harbour if the city pays for the road', reworded: 'Second Ostrava semiconductor factory hinges on a publicly funded access road' },
  { text: 'Quillmark Insurance raises its dividend for the eleventh year and promises to buy back a tenth of its stock', reworded: 'Payout at Quillmark climbs once more and repurchases are on the cards' },
  { text: 'Fennick Oil shuts its largest field after a storm damaged the pipe that carries its crude ashore', reworded: 'Storm damage to an export line halts output at the biggest Fennick reservoir' },
  { text: 'The central bank of Marenia left its key rate alone and said that it would wait for the spring wage talks', reworded: 'Marenian policymakers stay put, eyeing pay negotiations before any move' },
  { text: 'Copper rose to a four month high in thin trading as a strike at the Alto Verde mine entered its third week', reworded: 'Walkout at Alto Verde drives red metal to its best level since autumn' },
  { text: 'Dunmere Rail and its drivers agreed on a pay deal that ends eight months of weekend strikes', reworded: 'Weekend walkouts on Dunmere trains are over as union accepts raise' },
  { text: 'Halcyon Foods found plastic in its baby porridge and took every jar made since March off the shelves', reworded: 'Baby food withdrawn by Halcyon on contamination fears' },
  { text: 'Prosecutors searched the offices of Verdant Capital over the price at which it sold its own buildings', reworded: 'Police raid at Verdant as property sales come under scrutiny' },
  { text: 'Greyfell Steel warns that power prices will push it into a loss in the second half of the year', reworded: 'Energy costs to sink Greyfell into the red, steelmaker cautions' },
  { text: 'Pinecrest Games delays its racing title to spring and its shares lose a fifth of their value', reworded: 'Investors dump Pinecrest as big release moves into next year' },
  { text: 'Orbel Telecom sells its towers to a pension fund and will rent them back for twenty years', reworded: 'Pension money buys Orbel masts in sale and leaseback' },
  { text: 'Rival bids for Castellan Media leave its founder with the casting vote and little time to decide', reworded: 'Castellan takeover battle: owner must choose between suitors soon' },
  { text: 'Farmers block the port of Sant Ebre for a fifth day in protest at cheaper grain from abroad', reworded: 'Sant Ebre harbour still closed off by tractors in dispute over imports' },
  { text: 'Moorland Homes cuts its building target as buyers wait for mortgage rates to come down', reworded: 'Fewer houses from Moorland this year while loans stay dear' },
]; // prettier-ignore

export const CHINESE: readonly Sentence[] = [
  { text: '诺维银行称支付系统再次故障，个人客户每日取现上限下调至五百元，恢复时间另行公告', reworded: '储户每天只能取五百：诺维连续两个周末转账瘫痪' },
  { text: '斯凯凡航空停飞九架涡桨飞机，等待监管人员检查发动机吊架后再恢复执飞', reworded: '发动机隐患缠身，斯凯凡部分机队暂时趴窝' },
  { text: '贝威克医药偏头痛新药未获批准，监管机构要求补充两年的长期安全性数据', reworded: '新药上市推迟，监管嫌贝威克试验做得太短' },
  { text: '泰罗比超市任命物流负责人为新任总裁，六月一日起接替即将退休的创始人', reworded: '连锁超市换帅，供应链老将上位' },
  { text: '流明湾风电以零补贴报价中标三处海上风场，首批机组预计三年后并网发电', reworded: '海上风电竞标结果出炉：不要补贴者胜出' },
  { text: '赫罗盖特汽车召回四万一千辆厢式货车，制动软管在低温下可能磨损漏油', reworded: '天冷刹车可能失灵，这款货车要回厂更换零件' },
  { text: '芬尼克石油因风暴损坏外输管道关闭最大油田，日产量减少约三成', reworded: '暴风打断出口管线，芬尼克主力油田停产' },
  { text: '马伦尼亚央行维持基准利率不变，称将等待春季工资谈判结果再作决定', reworded: '按兵不动！马伦尼亚决策者先看加薪谈判' },
  { text: '上绿矿罢工进入第三周，铜价在清淡交投中升至四个月以来最高水平', reworded: '矿工不复工，红色金属一路走高' },
  { text: '哈尔西恩食品在婴儿米糊中发现塑料碎片，三月以来生产的产品全部下架', reworded: '宝宝辅食吃出异物，厂家紧急召回' },
  { text: '检方搜查翠原资本办公室，调查其以何种价格出售自有物业', reworded: '涉嫌低价卖楼，一家投资公司被查' },
  { text: '灰崖钢铁预警：电价高企将使公司下半年出现亏损，部分高炉可能停产检修', reworded: '电费太贵，钢厂撑不住要亏钱了' },
  { text: '松冠游戏宣布赛车新作延期至明年春季，股价盘中一度下跌两成', reworded: '新游跳票，松冠市值一天蒸发五分之一' },
  { text: '奥贝电信将通信铁塔出售给养老基金，并签订二十年回租协议', reworded: '养老钱买铁塔，运营商卖了再租' },
  { text: '沼地置业下调全年开工目标，购房者普遍等待房贷利率回落', reworded: '房子不好卖，开发商少盖一点' },
  { text: '多家媒体收购方竞逐城堡传媒，创始人手握关键一票，决定期限只剩一周', reworded: '谁能拿下城堡？老板说了算' },
]; // prettier-ignore

/** Forms of news that come every day about somebody else, with other figures. */
export const TEMPLATES: readonly { readonly form: string; readonly language: 'en' | 'zh' }[] = [
  { language: 'en', form: '{name} reports quarterly earnings of {a} a share on revenue of {b} million, against {c} a year ago' },
  { language: 'en', form: '{name} shares close {a}% lower at {b} after the company cut its outlook for the year' },
  { language: 'en', form: '{name} to buy back up to {a} million of its own shares over the next {b} months' },
  { language: 'en', form: 'Analysts at Quay & Partners raise {name} to buy from hold and lift their target to {a} from {b}' },
  { language: 'en', form: '{name} announces the appointment of a new chief financial officer with effect from {a} May' },
  { language: 'zh', form: '{name}：上半年实现营业收入{a}亿元，同比增长{b}%，归母净利润{c}亿元' },
  { language: 'zh', form: '{name}：控股股东拟减持不超过公司总股本的{a}%，减持期间为公告之日起{b}个交易日后' },
  { language: 'zh', form: '{name}今日收盘下跌{a}%，报{b}元，成交额{c}亿元' },
  { language: 'zh', form: '机构维持{name}“买入”评级，目标价由{a}元上调至{b}元' },
]; // prettier-ignore

export const NAMES = {
  en: 'Norvale,Skerrivane,Bellwick,Tarrowby,Harrowgate,Quillmark,Fennick,Greyfell,Pinecrest,Orbel'.split(','),
  zh: '诺维银行,斯凯凡航空,贝威克医药,泰罗比超市,赫罗盖特汽车,芬尼克石油,灰崖钢铁,松冠游戏,奥贝电信,沼地置业'.split(
    ',',
  ),
} as const;
