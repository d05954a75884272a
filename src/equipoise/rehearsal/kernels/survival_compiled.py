"""The compiled kernel of `survival`. Import it only where Numba is installed.

Arrivals come in order, so they need no sort; times are sorted once, in buckets, and serve
all looks: at each, those who arrived too late to have been followed so long are taken out
from the latest arrival down while the events go up.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from equipoise.rehearsal.kernels.compiled_variates import exponential
from equipoise.rehearsal.kernels.counter import next_arm, pick, uniform
from equipoise.rehearsal.kernels.survival import (
    NEVER,
    SurvivalKeys,
    SurvivalPlan,
    Survived,
    empty,
    reciprocals,
)

BUCKETS = 512


@njit(cache=True, nogil=True)
def _people(plan, keys, trial, arrived, time, event, cell):  # type: ignore[no-untyped-def]
    """Draw the participants of one trial in order of arrival."""
    edge, arm_of, target = plan.automaton.edge, plan.automaton.arm, plan.automaton.target
    start, load, pace, stratum_edges = plan.start, plan.load, plan.pace, plan.stratum_edges
    arrival_key, event_key, leave_key = keys.arrival[trial], keys.event[trial], keys.leave[trial]
    stratum_key, allocation_key = keys.stratum[trial], keys.allocation[trial]
    node = np.zeros(load.shape[0], dtype=np.int64)
    pieces, leaving, spacing, day = start.size, plan.leaving, plan.spacing, 0.0
    for person in range(plan.n):
        day += exponential(uniform(arrival_key, person)) * spacing
        where = 0
        if stratum_edges.size:
            where = pick(stratum_edges, uniform(stratum_key, person), stratum_edges.size)
        arm = next_arm(edge, arm_of, target, node, where, uniform(allocation_key, person))
        drawn = exponential(uniform(event_key, person))
        piece = 0
        while piece < pieces - 1 and drawn >= load[where, arm, piece + 1]:
            piece += 1
        until = start[piece] + (drawn - load[where, arm, piece]) * pace[where, arm, piece]
        happened = True
        if leaving > 0:
            leaves = exponential(uniform(leave_key, person)) * leaving
            if leaves < until:
                until, happened = leaves, False
        arrived[person], time[person] = day, until
        event[person], cell[person] = happened, 2 * where + arm


@njit(cache=True, nogil=True)
def _sorted(values, count, scale, head, order):  # type: ignore[no-untyped-def]
    """Fill `order` with the indices of the first `count` values, ascending, ties as they come."""
    head[:] = 0
    top = head.size - 2
    for i in range(count):
        head[min(int(values[i] * scale), top) + 1] += 1
    for bucket in range(head.size - 1):
        head[bucket + 1] += head[bucket]
    for i in range(count):
        bucket = min(int(values[i] * scale), top)
        order[head[bucket]] = i
        head[bucket] += 1
    for place in range(1, count):
        one = order[place]
        value, at = values[one], place
        while at > 0 and values[order[at - 1]] > value:
            order[at] = order[at - 1]
            at -= 1
        order[at] = one


@njit(cache=True, nogil=True)
def _filled(values, count, scale, head):  # type: ignore[no-untyped-def]
    """Count the values in and below each bucket."""
    head[:] = 0
    top = head.size - 2
    for i in range(count):
        head[min(int(values[i] * scale), top) + 1] += 1
    for bucket in range(head.size - 1):
        head[bucket + 1] += head[bucket]


@njit(cache=True, nogil=True)
def _ranked(values, count, scale, head, rank, room):  # type: ignore[no-untyped-def]
    """The value of that rank, from 0, by sorting its bucket alone."""
    top, bucket, last = head.size - 2, 0, head.size - 2
    while bucket < last:
        middle = (bucket + last) // 2
        if head[middle + 1] <= rank:
            bucket = middle + 1
        else:
            last = middle
    held = 0
    for i in range(count):
        value = values[i]
        if min(int(value * scale), top) == bucket:
            at = held
            while at > 0 and room[at - 1] > value:
                room[at] = room[at - 1]
                at -= 1
            room[at] = value
            held += 1
    return room[rank - head[bucket]]


@njit(cache=True, nogil=True)
def _logrank(now, n, arrived, time, event, cell, order, rank, risk, inverse):  # type: ignore[no-untyped-def]
    """Events, expected and variance in the experimental arm, of what is known by `now`."""
    risk[:] = 0
    latest = n - 1
    while latest >= 0 and arrived[latest] > now:
        latest -= 1
    for person in range(latest + 1):
        risk[cell[person]] += 1
    seen, expected, variance = 0, 0.0, 0.0
    for place in range(n):
        one = order[place]
        x = time[one]
        while latest >= 0 and arrived[latest] + x > now:
            if rank[latest] >= place:
                risk[cell[latest]] -= 1
            latest -= 1
        if arrived[one] + x > now:
            if latest < 0:
                break
            continue
        own = cell[one]
        if event[one]:
            treated = own | 1
            share = risk[treated] * inverse[risk[treated] + risk[treated - 1]]
            expected += share
            variance += share * (1.0 - share)
            seen += own & 1
        risk[own] -= 1
    return seen, expected, variance


@njit(cache=True, nogil=True)
def _plain_logrank(now, n, arrived, cell, rank, ordered, inverse):  # type: ignore[no-untyped-def]
    """The same for one stratum, with the people of `ordered` in order of time: no branch but two.

    Somebody who does not count adds 0, which changes no sum.
    """
    time, entry, event, treated = ordered
    ours = theirs = seen = 0
    expected = variance = 0.0
    latest = n - 1
    while latest >= 0 and arrived[latest] > now:
        latest -= 1
    for person in range(latest + 1):
        ours += cell[person]
    theirs = latest + 1 - ours
    for place in range(n):
        x = time[place]
        while latest >= 0 and arrived[latest] + x > now:
            gone = rank[latest] >= place
            ours -= gone & cell[latest]
            theirs -= gone & (1 - cell[latest])
            latest -= 1
        if latest < 0:
            break
        here = np.int64(entry[place] + x <= now)
        happened = here & event[place]
        share = ours * inverse[ours + theirs]
        counted = happened * share
        expected += counted
        variance += counted * (1.0 - share)
        seen += happened & treated[place]
        ours -= here & treated[place]
        theirs -= here & (1 - treated[place])
    return seen, expected, variance


@njit(cache=True, nogil=True)
def _moments(n, arrived, time, event, calendar):  # type: ignore[no-untyped-def]
    """Calendar days of the events, in no order; returns how many there are."""
    count = 0
    for person in range(n):
        if event[person]:
            calendar[count] = arrived[person] + time[person]
            count += 1
    return count


@njit(cache=True, nogil=True)
def _end(plan, trial, look, z, value, now, arrived, time, calendar, count, found):  # type: ignore[no-untyped-def]
    """Write down where a trial ended."""
    day = now
    if now >= NEVER:
        day = 0.0
        for person in range(plan.n):
            day = max(day, arrived[person] + time[person])
    people = 0
    while people < plan.n and arrived[people] <= day:
        people += 1
    seen = 0
    for one in range(count):
        seen += calendar[one] <= day
    found.look[trial], found.z[trial], found.value[trial] = look, z, value
    found.day[trial], found.people[trial], found.events[trial] = day, people, seen


@njit(cache=True, nogil=True)
def _trials(plan, keys, inverse, found):  # type: ignore[no-untyped-def]
    n, last = plan.n, plan.events.size - 1
    arrived, time, calendar = np.empty(n), np.empty(n), np.empty(n)
    event, cell = np.empty(n, dtype=np.bool_), np.empty(n, dtype=np.int64)
    order, rank = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    room = np.empty(n)
    head = np.empty(BUCKETS + 2, dtype=np.int64)
    risk = np.empty(2 * plan.load.shape[0], dtype=np.int64)
    times, entry, plain = np.empty(n), np.empty(n), plan.load.shape[0] == 1
    happens, treated = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for trial in range(keys.arrival.size):
        _people(plan, keys, trial, arrived, time, event, cell)
        _sorted(time, n, BUCKETS / plan.cap, head, order)
        for place in range(n):
            one = order[place]
            rank[one] = place
            times[place], entry[place] = time[one], arrived[one]
            happens[place], treated[place] = event[one], cell[one] & 1
        count = _moments(n, arrived, time, event, calendar)
        scale = BUCKETS / (plan.cap + n * plan.spacing)
        _filled(calendar, count, scale, head)
        for look in range(last + 1):
            enough = plan.events[look] <= count
            now = NEVER
            if enough:
                now = _ranked(calendar, count, scale, head, plan.events[look] - 1, room)
            at = look if enough else last
            if plain:
                ordered = (times, entry, happens, treated)
                seen, expected, variance = _plain_logrank(
                    now, n, arrived, cell, rank, ordered, inverse
                )
            else:
                seen, expected, variance = _logrank(
                    now, n, arrived, time, event, cell, order, rank, risk, inverse
                )
            z = value = 0.0
            if variance > 0:
                value = (seen - expected) / variance
                z = plan.sign * (seen - expected) / np.sqrt(variance)
            crossed = (abs(z) if plan.sides == 2 else z) >= plan.bound[at]
            if crossed or at == last:
                _end(plan, trial, at, z, value, now, arrived, time, calendar, count, found)
                break


def simulate(plan: SurvivalPlan, keys: SurvivalKeys) -> Survived:
    """Simulate one trial for each key; releases the interpreter lock while it runs."""
    found = empty(keys.arrival.size)
    _trials(plan, keys, reciprocals(plan.n), found)
    return found
