/* Works out the expressions of a study in the browser, from the lists that
   equipoise.rules.to_json gives. Same answers as the server; no eval, no Function.

   equipoiseRules.evaluate(tree, answers) -> number | string | boolean | date | datetime | null

   null is unknown; an answer that is missing, undefined, null or NaN is unknown. Test a
   condition with `=== true`. Give dates as equipoiseRules.date("2026-03-01") and datetimes
   as equipoiseRules.datetime("2026-03-01T08:00Z"). Throws RuleError where kinds do not fit. */
"use strict";

(function (world) {
  const ORDERED = new Set(["number", "date", "datetime"]);
  const OWN = Object.prototype.hasOwnProperty;

  class RuleError extends Error {}

  function refuse(problem) {
    throw new RuleError(problem);
  }

  /* Days since 1970-01-01, as a date value; null where there is no such day. */
  function date(text) {
    const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
    if (!parts) return null;
    const [year, month, day] = parts.slice(1).map(Number);
    const moment = new Date(0);
    moment.setUTCFullYear(year, month - 1, day);
    const real =
      year > 0 &&
      moment.getUTCFullYear() === year &&
      moment.getUTCMonth() === month - 1 &&
      moment.getUTCDate() === day;
    return real ? { kind: "date", order: moment.getTime() / 86400000 } : null;
  }

  /* Microseconds since 1970-01-01T00:00Z, exactly, as a datetime value; null where it is none. */
  function datetime(text) {
    const parts =
      /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(
        text,
      );
    const day = parts && date(parts[1]);
    if (!day) return null;
    const [hour, minute, second] = [parts[2], parts[3], parts[4] || 0].map(Number);
    const [ahead, more] = [parts[7] || 0, parts[8] || 0].map(Number);
    if (hour > 23 || minute > 59 || second > 59 || ahead > 23 || more > 59) return null;
    const offset = (ahead * 60 + more) * (parts[6] === "-" ? -60 : 60);
    const seconds = day.order * 86400 + hour * 3600 + minute * 60 + second - offset;
    const micro = BigInt((parts[5] || "").padEnd(6, "0"));
    return { kind: "datetime", order: BigInt(seconds) * 1000000n + micro };
  }

  function kindOf(value) {
    if (value === null) return null;
    if (typeof value === "number") return "number";
    if (typeof value === "string") return "text";
    if (typeof value === "boolean") return "boolean";
    return value.kind;
  }

  function settle(name, answers) {
    const raw = OWN.call(answers, name) ? answers[name] : null;
    if (raw === null || raw === undefined) return null;
    if (typeof raw === "number") return Number.isFinite(raw) ? raw : null;
    if (typeof raw === "string" || typeof raw === "boolean") return raw;
    if (raw.kind === "date" && typeof raw.order === "number") return raw;
    if (raw.kind === "datetime" && typeof raw.order === "bigint") return raw;
    return refuse(name + " holds a value that no expression can use.");
  }

  function need(kind, values) {
    for (const value of values) {
      const found = kindOf(value);
      if (found !== null && found !== kind) refuse("This needs " + kind + ", not " + found + ".");
    }
  }

  function alike(values) {
    const kinds = new Set(values.map(kindOf).filter((kind) => kind !== null));
    if (kinds.size > 1) refuse("These kinds do not mix: " + [...kinds].join(", ") + ".");
    return kinds.values().next().value || null;
  }

  function ordered(values) {
    const kind = alike(values);
    if (kind !== null && !ORDERED.has(kind)) refuse("Values of kind " + kind + " have no order.");
  }

  const order = (value) => (typeof value === "object" ? value.order : value);
  const unknownAmong = (values) => values.includes(null);
  const finite = (number) => (Number.isFinite(number) ? number : null);

  function compare(operator, left, right) {
    if (operator === "==" || operator === "!=") alike([left, right]);
    else ordered([left, right]);
    if (left === null || right === null) return null;
    const [one, two] = [order(left), order(right)];
    switch (operator) {
      case "==": return one === two;
      case "!=": return one !== two;
      case "<": return one < two;
      case "<=": return one <= two;
      case ">": return one > two;
      default: return one >= two;
    }
  }

  /* Kleene's strong logic: `decisive` settles the matter whatever else is unknown. */
  function joined(decisive, values) {
    need("boolean", values);
    if (values.includes(decisive)) return decisive;
    return unknownAmong(values) ? null : !decisive;
  }

  function member(values) {
    alike(values);
    const [wanted, ...options] = values;
    return joined(true, options.map((option) => compare("==", wanted, option)));
  }

  function arithmetic(operators, values) {
    need("number", values);
    if (unknownAmong(values)) return null;
    let total = values[0];
    operators.forEach(function (operator, position) {
      const value = values[position + 1];
      if (operator === "+") total += value;
      else if (operator === "-") total -= value;
      else if (operator === "*") total *= value;
      else total /= value;
    });
    return finite(total);
  }

  function choose(condition, then, otherwise) {
    alike([then, otherwise]);
    need("boolean", [condition]);
    if (condition === null) return null;
    return condition ? then : otherwise;
  }

  function rounded(number, digits) {
    const scale = Number("1e" + digits);
    let scaled = Math.abs(number) * scale;
    if (scaled >= 4503599627370496) return number;
    if (scaled < 1e12) scaled *= 1 + 4.440892098500626e-16;
    const near = Math.floor(scaled + 0.5) / scale;
    return number < 0 ? -near : near;
  }

  function extreme(better) {
    return function (values) {
      ordered(values);
      if (unknownAmong(values)) return null;
      return values.reduce((one, two) => (better(order(two), order(one)) ? two : one));
    };
  }

  function days([from, to]) {
    const kind = alike([from, to]);
    if (kind !== null && kind !== "date" && kind !== "datetime") refuse("days needs dates.");
    if (from === null || to === null) return null;
    return calendarDay(to) - calendarDay(from);
  }

  function calendarDay(value) {
    if (value.kind === "date") return value.order;
    const day = 86400000000n;
    const rest = ((value.order % day) + day) % day;
    return Number((value.order - rest) / day);
  }

  function hours([from, to]) {
    need("datetime", [from, to]);
    if (from === null || to === null) return null;
    return Number(to.order - from.order) / 3.6e9;
  }

  function count(values) {
    need("boolean", values);
    return unknownAmong(values) ? null : values.filter((value) => value).length;
  }

  function round([number], digits) {
    need("number", [number]);
    return number === null ? null : rounded(number, digits);
  }

  const FUNCTIONS = new Map([
    ["all", (values) => joined(false, values)],
    ["any", (values) => joined(true, values)],
    ["count", count],
    ["days", days],
    ["hours", hours],
    ["known", ([value]) => value !== null],
    ["max", extreme((one, two) => one > two)],
    ["min", extreme((one, two) => one < two)],
    ["round", round],
  ]);

  function evaluate(tree, answers) {
    const inside = (from) => tree.slice(from).map((part) => evaluate(part, answers));
    switch (tree[0]) {
      case "number":
      case "text":
      case "boolean": return tree[1];
      case "date": return date(tree[1]);
      case "datetime": return datetime(tree[1]);
      case "name": return settle(tree[1], answers);
      case "not": {
        const [value] = inside(1);
        need("boolean", [value]);
        return value === null ? null : !value;
      }
      case "negate": {
        const [value] = inside(1);
        need("number", [value]);
        return value === null ? null : -value;
      }
      case "junction": return joined(tree[1] === "||", inside(2));
      case "compare": return compare(tree[1], ...inside(2));
      case "member": return member(inside(1));
      case "arithmetic": return arithmetic(tree[1], inside(2));
      case "choose": return choose(...inside(1));
      case "call": return FUNCTIONS.get(tree[1])(inside(3), tree[2]);
      default: return refuse("Unknown part of an expression: " + tree[0] + ".");
    }
  }

  world.equipoiseRules = Object.freeze({ evaluate, date, datetime, RuleError });
})(globalThis);
