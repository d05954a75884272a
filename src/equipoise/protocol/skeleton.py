"""The study that `new` writes: a small trial of tablets against falls in winter."""

from __future__ import annotations

PROTOCOL = """\
# A study to start from. Every value says where it comes from: `registered` in a public
# registry, `proxy` (taken from a sister study) or `proposal`. What says nothing inherits it.
id: winter-steps
version: "0.1"
title: {en: Vitamin D against falls in winter, zh-Hans: 冬季维生素D预防跌倒}
short_title: {en: WINTER STEPS, zh-Hans: 冬季步伐}
languages: [en, zh-Hans]
origin: proposal
facts:
  condition: {value: Falls in older people}
population: {en: People of 65 years or more who live at home, zh-Hans: 居家生活的65岁及以上老人}
planned: {value: 120, unit: participants}

arms:
  - {id: vitamin, title: {en: Vitamin D, zh-Hans: 维生素D}, role: experimental, product: capsule-d}
  - {id: oil, title: {en: Oil, zh-Hans: 油}, role: control, product: capsule-oil}

# All products need the same handling steps, or whoever handles them could tell them apart.
products:
  - id: capsule-d
    title: {en: Capsules with vitamin D, zh-Hans: 维生素D胶囊}
    facts:
      strength: {value: 20, unit: ug}
    handling:
      - {id: hand-out, text: {en: Hand out the sealed bottle, zh-Hans: 原封发放}, minutes: 5}
  - id: capsule-oil
    title: {en: Capsules with oil, zh-Hans: 油胶囊}
    handling:
      - {id: hand-out, text: {en: Hand out the sealed bottle, zh-Hans: 原封发放}, minutes: 5}

randomisation:
  scheme: big-stick
  parameters: {limit: 3}
  strata: [fell_before]
  record: [site]
  reason:
    en: Big stick is hard to guess and keeps the arms within three of each other.
    zh-Hans: 大棒法难以猜测，且两组人数相差不超过三人。

blinding:
  - role: participant
    masking: masked
    mechanism: {en: Capsules of equal look, zh-Hans: 外观相同的胶囊}
  - role: investigator
    masking: masked
    mechanism: {en: Only bottle codes are shown, zh-Hans: 仅显示药瓶编码}
  - role: pharmacist
    masking: unmasked
    mechanism: {en: Receives and labels the bottles, zh-Hans: 负责接收和贴签}

code_lists:
  - id: related
    codes:
      - {code: related, text: {en: Related, zh-Hans: 有关}}
      - {code: unrelated, text: {en: Not related, zh-Hans: 无关}}
  - id: outcome
    codes:
      - {code: recovered, text: {en: Recovered, zh-Hans: 痊愈}}
      - {code: ongoing, text: {en: Ongoing, zh-Hans: 持续}}
      - {code: fatal, text: {en: Fatal, zh-Hans: 死亡}}

# An inclusion passes when its rule is true, an exclusion when it is false; unknown never passes.
eligibility:
  - id: I1
    kind: inclusion
    rule: consent_signed
    text: {en: Signed consent, zh-Hans: 已签署知情同意}
  - id: I2
    kind: inclusion
    rule: age >= 65
    text: {en: Age of 65 years or more, zh-Hans: 年龄不小于65岁}
    plain: {en: You are 65 years old or older, zh-Hans: 您年满65岁}
  - id: X1
    kind: exclusion
    rule: calcium > 2.6
    text: {en: Calcium above 2.6 mmol/L, zh-Hans: 血钙高于2.6 mmol/L}

epochs:
  - {id: screening, title: {en: Screening, zh-Hans: 筛选期}}
  - {id: winter, title: {en: Winter, zh-Hans: 冬季}}

# Days count from randomisation, which is day 0. The window is closed at both ends.
visits:
  - {id: screen, title: {en: Screening, zh-Hans: 筛选}, epoch: screening, day: -7, early: 7, late: 7}
  - {id: day90, title: {en: Day 90, zh-Hans: 第90天}, epoch: winter, day: 90, early: 7, late: 7}

schedule:
  - {id: screening, title: {en: Screening, zh-Hans: 筛选}, forms: [screening], at: [screen]}
  - {id: balance, title: {en: Balance test, zh-Hans: 平衡测试}, forms: [balance], at: [screen, day90]}
  - {id: events, title: {en: Falls and other events, zh-Hans: 跌倒及其他事件}, forms: [event], log: true}

safety:
  event_form: event
  term_item: term
  onset_item: onset
  grade_item: grade
  serious_item: serious
  related_item: related
  related_codes: [related]
  outcome_item: outcome
  fatal_codes: [fatal]
  last_day: 90
  related_last_day: 90
  grading: CTCAE 5.0
  clocks:
    - id: serious
      text: {en: Serious event to the sponsor, zh-Hans: 严重事件上报申办者}
      rule: serious
      hours: 24

objectives:
  - {id: primary, level: primary, text: {en: Fewer people fall, zh-Hans: 减少跌倒人数}, endpoints: [fell]}

endpoints:
  - id: fell
    title: {en: Any fall within 90 days, zh-Hans: 90天内任何跌倒}
    kind: any-record
    better: "no"
    form: event
    rule: fall
    horizon: 90

estimands:
  - id: E1
    title: {en: Falls, zh-Hans: 跌倒}
    level: primary
    population: {en: All randomised, zh-Hans: 所有随机化者}
    set: everyone
    treatment: {en: Assigned capsule, zh-Hans: 分配的胶囊}
    endpoint: fell
    summary: {en: Difference of proportions, zh-Hans: 率差}
    main: {estimator: mantel_haenszel, strata: [fell_before]}

analysis:
  alpha: 0.05
  sides: 2
  sequence: [E1]
  sets:
    - {id: everyone, title: {en: All randomised, zh-Hans: 所有随机化者}, kind: randomised}
  sample_size:
    - {estimand: E1, endpoint: rates, power: 0.8, parameters: {control: 0.5, treatment: 0.26}}
  baseline: [age, fell_before]

sites:
  - {id: river, name: {en: River clinic, zh-Hans: 河畔诊所}, timezone: Asia/Shanghai}
"""

SCREENING = """\
id: screening
title: {en: Screening, zh-Hans: 筛选}
audience: blinded
groups:
  - id: person
    title: {en: Person, zh-Hans: 个人情况}
    items:
      - id: consent_signed
        text: {en: Consent signed, zh-Hans: 已签署知情同意书}
        type: boolean
        required: true
      - {id: age, text: {en: Age, zh-Hans: 年龄}, type: integer, unit: a, low: 0, high: 120}
      - id: fell_before
        text: {en: A fall in the last year, zh-Hans: 过去一年曾跌倒}
        type: boolean
        required: true
      - id: calcium
        text: {en: Calcium in blood, zh-Hans: 血钙}
        type: decimal
        unit: mmol/L
        low: 0.5
        high: 6
        expect_low: 2.1
        expect_high: 2.6
"""

BALANCE = """\
id: balance
title: {en: Balance, zh-Hans: 平衡}
audience: blinded
assesses: true
groups:
  - id: balance
    title: {en: Balance, zh-Hans: 平衡}
    items:
      - {id: tested, text: {en: Test done, zh-Hans: 已测试}, type: boolean, required: true}
      - id: seconds
        text: {en: Time on one leg, zh-Hans: 单腿站立时间}
        type: decimal
        unit: s
        low: 0
        high: 60
        shown_if: tested
"""

EVENT = """\
id: event
title: {en: Event, zh-Hans: 事件}
audience: blinded
repeats: true
groups:
  - id: event
    title: {en: Event, zh-Hans: 事件}
    items:
      - {id: term, text: {en: What happened, zh-Hans: 事件名称}, type: text, required: true}
      - {id: fall, text: {en: Was it a fall, zh-Hans: 是否跌倒}, type: boolean, required: true}
      - {id: onset, text: {en: First day, zh-Hans: 开始日期}, type: date}
      - {id: ended, text: {en: Last day, zh-Hans: 结束日期}, type: date}
      - {id: grade, text: {en: Grade, zh-Hans: 分级}, type: integer, low: 1, high: 5}
      - {id: serious, text: {en: Serious, zh-Hans: 严重}, type: boolean}
      - {id: related, text: {en: Related to the capsule, zh-Hans: 与胶囊有关}, type: code, codes: related}
      - {id: outcome, text: {en: Outcome, zh-Hans: 转归}, type: code, codes: outcome}
checks:
  - id: order
    rule: ended >= onset
    message: {en: Ended before it began, zh-Hans: 结束早于开始}
    severity: hard
"""

CONSENT = """\
---
version: "0.1"
---
# Taking part in WINTER STEPS

## 1. What this is about

You would take one capsule a day for three months. By chance it holds vitamin D or only oil, and
neither you nor your doctor knows which. You may stop at any time without giving a reason.

## Words

- **By chance**: as by tossing a coin.

## Do you understand?

1. May you stop?
   - [x] At any time
   - [ ] Only after three months
   > You may stop when you like, without giving a reason.

## Signature

- [ ] I have read this and agree to take part.
- [ ] I want a short summary of the results. {#results}
"""

CONSENT_ZH = """\
---
version: "0.1"
---
# 参加冬季步伐研究

## 1. 研究内容

您将每天服用一粒胶囊，持续三个月。胶囊随机含有维生素D或仅含油，您和医生都不知道是哪一种。您可以随时退出，无需说明理由。

## 名词

- **随机**：就像抛硬币。

## 您理解了吗

1. 可以退出吗？
   - [x] 随时可以
   - [ ] 三个月以后
   > 您可以随时退出，无需说明理由。

## 签字

- [ ] 我已阅读并同意参加。
- [ ] 我希望收到研究结果小结。 {#results}
"""

PAGE = """\
# About WINTER STEPS

Older people fall more often in winter. This study asks whether vitamin D makes a difference.
"""

PAGE_ZH = """\
# 关于冬季步伐研究

老年人在冬季更容易跌倒。本研究考察维生素D是否有所帮助。
"""

SCENARIO = """\
id: plain
title: {en: Plain, zh-Hans: 简单}
description:
  en: Half of the people fall once, nothing else happens.
  zh-Hans: 半数人跌倒一次，无其他情况。
origin: proposal
participants: 120
strata: {"true": 0.4, "false": 0.6}
items:
  consent_signed: {kind: constant, value: true}
  age: {kind: normal, mean: 74, sd: 6, low: 65, high: 95, digits: 0}
  fell_before: {kind: bernoulli, p: 0.4}
  calcium: {kind: normal, mean: 2.35, sd: 0.08, low: 2.1, high: 2.6, digits: 2}
  tested: {kind: constant, value: true}
  seconds: {kind: lognormal, mean: 2.3, sd: 0.6, low: 0, high: 60, digits: 1}
events:
  - id: fall
    term: {en: Fall, zh-Hans: 跌倒}
    p: {"true": 0.6, "false": 0.43}
    grades: {"1": 0.8, "2": 0.2}
"""

FILES: dict[str, str] = {
    "protocol.yaml": PROTOCOL,
    "forms/screening.yaml": SCREENING,
    "forms/balance.yaml": BALANCE,
    "forms/event.yaml": EVENT,
    "consent/participant.en.md": CONSENT,
    "consent/participant.zh-Hans.md": CONSENT_ZH,
    "pages/about.en.md": PAGE,
    "pages/about.zh-Hans.md": PAGE_ZH,
    "scenarios/plain.yaml": SCENARIO,
}
"""Name in the folder to text."""
