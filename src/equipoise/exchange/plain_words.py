"""The sentences of the plain summary of results, in each language it can be drafted in.

Short words and short sentences: the tests measure them with `equipoise.protocol.readability`.
`{a}` and `{b}` are letters of groups; the other names are numbers or words of the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping

_EN = {
    "thanked": "Thank you for taking part. With your help we could look for an answer.",
    "simulated": "This study is made up. A computer made all the numbers. Nobody in it is real. "
    "It says nothing about how well a treatment works.",
    "why": "Why was this study done?",
    "asked": "Nobody knew the answer to this question. So we did a study. "
    "These are the words of its plan:",
    "who": "Who took part?",
    "joined": "{n} people took part.",
    "joined-one": "One person took part.",
    "places": "They came from {n} study centres.",
    "unfit": "We also checked {n} other people. They did not join.",
    "unfit-one": "We also checked one other person, who did not join.",
    "left": "{n} people left early, or we could not reach them any more.",
    "left-one": "One person left early, or could not be reached any more.",
    "what": "What happened in the study?",
    "chance": "Each person was put in a group by chance. Nobody could choose.",
    "group": "Group {a}, {n} people: {title}",
    "group-one": "Group {a}, one person: {title}",
    "found": "What did we find?",
    "looked": "This is the main thing that we looked at: {title}.",
    "reached": "Group {a}: {events} of {n} people got there.",
    "half": "Half of them all had got there by day {day}.",
    "happened": "Group {a}: {events} of {n} people.",
    "per-100": "That is about {share} in every 100.",
    "middle": "Group {a}: the middle value was {value}. {n} people were counted.",
    "measured": "Group {a}: {n} people were counted.",
    "nobody": "Group {a}: nobody could be counted.",
    "missing": "For {n} people we do not have this result.",
    "missing-one": "For one person we do not have this result.",
    "better": "We found a difference. Group {a} did better than group {b}. "
    "It is not likely that this came by chance alone.",
    "worse": "We found a difference. Group {a} did less well than group {b}. "
    "It is not likely that this came by chance alone.",
    "not-found": "We did not find a clear difference of group {a} from group {b}. What we saw may "
    "have come by chance. This does not show that the groups are the same. There may be a "
    "difference that our study could not see.",
    "cannot-say": "We cannot say whether group {a} did better or less well than group {b}. "
    "Our test gave no clear answer.",
    "not-tested": "We cannot say whether group {a} did better or less well than group {b}. "
    "Our plan makes one test after the other. It ends where no difference is found. So this was "
    "not put to the test.",
    "more": "{n} more",
    "fewer": "{n} fewer",
    "as-many": "the same number",
    "in-100": "Think of 100 people in each group. How many more or fewer have this result in "
    "group {a} than in group {b}? Our best guess: {guess}. It is only a guess. From {low} to {high}: all of this fits what we "
    "saw.",
    "number": "We can put the difference into one number. Our best guess is {guess}. If both "
    "groups did as well, the number would be {null}. It is only a guess. From {low} to {high}: "
    "all of this fits what we saw.",
    "above": "A number above {null} is better for group {a}.",
    "size-unknown": "We cannot say how large the difference is.",
    "harm": "Were there side effects?",
    "counted": "We counted health problems in each group. Not all of them come from a treatment. "
    "The names in this list are from the study plan.",
    "harmed": "{title}:",
    "of": "group {a}, {events} of {n} people",
    "and": "; ",
    "untested": "We did not put these numbers to the test. They can differ by chance alone.",
    "zero": "Where we saw none, the problem can still occur in other people.",
    "no-counts": "This draft has no counts of side effects. Please ask your study team.",
    "died": "Sadly, {n} people died in the time of the study. We think of their families.",
    "died-one": "Sadly, one person died in the time of the study. We think of the family.",
    "deaths": "Deaths:",
    "meaning": "What does this mean, and what does it not mean?",
    "caution": "This is one study. It tells us about groups. It does not tell what helped or "
    "harmed one person. Other studies may find something else. Please do not start, stop or "
    "change a treatment because of this page. Talk to your doctor first.",
    "ask": "Do you want to ask us something?",
    "call": "Call or write to your study team. You can also ask which group you were in. "
    "You do not need a reason.",
}
_ZH = {
    "thanked": "感谢您参加本研究。有了您的帮助，我们才能寻找答案。",
    "simulated": "这是一项模拟研究。所有数字都由计算机生成，其中没有真实的人。"
    "它不能说明任何治疗是否有效。",
    "why": "为什么做这项研究？",
    "asked": "这个问题以前没有人知道答案，所以我们做了研究。研究计划是这样写的：",
    "who": "哪些人参加了？",
    "joined": "共有{n}人参加。",
    "joined-one": "共有1人参加。",
    "places": "他们来自{n}家研究中心。",
    "unfit": "另有{n}人接受了检查，但没有参加。",
    "unfit-one": "另有1人接受了检查，但没有参加。",
    "left": "有{n}人提前退出，或后来无法联系上。",
    "left-one": "有1人提前退出，或后来无法联系上。",
    "what": "研究中做了什么？",
    "chance": "每个人分到哪一组是随机决定的。谁也不能选择。",
    "group": "{a}组，{n}人：{title}",
    "group-one": "{a}组，1人：{title}",
    "found": "我们发现了什么？",
    "looked": "我们主要看的是：{title}。",
    "reached": "{a}组：{n}人中有{events}人达到。",
    "half": "到第{day}天，全组已有一半人达到。",
    "happened": "{a}组：{n}人中有{events}人。",
    "per-100": "相当于每100人中约{share}人。",
    "middle": "{a}组：处在中间的数值是{value}。共统计{n}人。",
    "measured": "{a}组：共统计{n}人。",
    "nobody": "{a}组：没有人可以统计。",
    "missing": "有{n}人没有这项结果。",
    "missing-one": "有1人没有这项结果。",
    "better": "我们发现了差别：{a}组的结果比{b}组好。这不大可能只是碰巧。",
    "worse": "我们发现了差别：{a}组的结果不如{b}组。这不大可能只是碰巧。",
    "not-found": "我们没有发现{a}组与{b}组有明确的差别。看到的不同可能只是碰巧。"
    "这并不说明两组一样，也可能有差别，只是本研究看不出来。",
    "cannot-say": "我们不能说{a}组比{b}组好，还是不如{b}组。检验没有给出明确的答案。",
    "not-tested": "我们不能说{a}组比{b}组好，还是不如{b}组。按照研究计划的规则，"
    "检验按顺序进行，没有发现差别就停止，所以这一项不再检验。",
    "more": "多{n}人",
    "fewer": "少{n}人",
    "as-many": "人数相同",
    "in-100": "设想每组各有100人。有这个结果的人，{a}组比{b}组多还是少？我们最好的估计是：{guess}。"
    "这只是估计。从{low}到{high}，都与我们看到的结果相符。",
    "number": "两组的差别可以用一个数来表示，我们最好的估计是{guess}。"
    "如果两组一样好，这个数就是{null}。这只是估计。从{low}到{high}，都与我们看到的结果相符。",
    "above": "这个数大于{null}，对{a}组更有利。",
    "size-unknown": "差别有多大，我们还不能说。",
    "harm": "有副作用吗？",
    "counted": "我们统计了各组出现的健康问题。它们不一定都由治疗引起。下面的名称来自研究计划。",
    "harmed": "{title}：",
    "of": "{a}组{n}人中有{events}人",
    "and": "；",
    "untested": "我们没有对这些数字做检验。它们的不同可能只是碰巧。",
    "zero": "没有看到的问题，在其他人身上仍可能出现。",
    "no-counts": "本草稿没有副作用的统计。请询问研究团队。",
    "died": "很遗憾，研究期间有{n}人去世。我们向家属表示慰问。",
    "died-one": "很遗憾，研究期间有1人去世。我们向家属表示慰问。",
    "deaths": "去世：",
    "meaning": "这些结果说明什么，不说明什么？",
    "caution": "这只是一项研究。它说的是各组的情况，不能说明某一个人得到了帮助还是受到了伤害。"
    "其他研究可能有不同的结果。请不要因为本页就开始、停止或改变治疗。请先与医生商量。",
    "ask": "想问我们吗？",
    "call": "请打电话或写信给研究团队。您也可以问自己在哪一组。您不需要说明理由。",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "zh-Hans": _ZH}
