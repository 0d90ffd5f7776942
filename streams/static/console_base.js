"use strict";
// What all parts of the console share. All text that comes from traffic (model names, categories, evidence) is set as text, never parsed
// as markup.
const harmwatch = (() => {
  const DIMENSIONS = ["bias", "output", "privacy", "adversarial"];
  // Those that H cannot do without (docs/harm-index.md).
  const NEEDED = ["output", "privacy", "adversarial"];
  const MESSAGES = JSON.parse(document.getElementById("messages").textContent);
  const LANG = document.documentElement.lang;

  const say = (key, values = {}) => (MESSAGES[key] || key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const says = (key) => key in MESSAGES;
  // The same where some of the values are elements.
  const told = (key, values) => (MESSAGES[key] || key).split(/(\{\w+\})/).map((part) => (/^\{\w+\}$/.test(part) ? values[part.slice(1, -1)] ?? part : part));
  const byId = (id) => document.getElementById(id);
  const known = (value) => typeof value === "number" && Number.isFinite(value);

  const fixedTo = (digits, style = {}) => new Intl.NumberFormat(LANG, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...style });
  const whole = new Intl.NumberFormat(LANG, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(LANG, { notation: "compact", maximumFractionDigits: 1 });
  const fine = fixedTo(3);
  const fixed = fixedTo(2);
  const threeDigits = new Intl.NumberFormat(LANG, { maximumSignificantDigits: 3 });
  const clockTime = new Intl.DateTimeFormat(LANG, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const momentText = new Intl.DateTimeFormat(LANG, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const count = (n) => (!known(n) ? "–" : Math.abs(n) < 100000 ? whole.format(n) : short.format(n));
  // What goes on slowly does not stand still.
  const rate = (n) => (known(n) && n > 0 && n < 10 ? threeDigits.format(n) : count(n));
  // Nearly all is not all.
  const percentDigits = (x) => (x >= 0.995 && x < 1 ? 2 : x === 0 || x >= 0.1 ? 0 : x >= 0.01 ? 1 : 2);
  const percentTo = (x, digits) => (!known(x) ? "–" : fixedTo(digits, { style: "percent" }).format(x));
  const percent = (x) => (known(x) && x > 0 && x < 0.0001 ? `<${percentTo(0.0001, 2)}` : percentTo(x, percentDigits(x)));
  // A figure and its interval have the same number of digits: those that the figure needs.
  const percents = (value, ...bounds) => {
    const digits = percentDigits(value || Math.max(0, ...bounds.filter(known)));
    return [value, ...bounds].map((x) => percentTo(x, digits));
  };
  // As many digits as the step between two ticks needs.
  const axisDigits = (step) => [0, 1, 2, 3].find((digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6) ?? 4;
  const unit = (value, name, digits) =>
    new Intl.NumberFormat(LANG, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  const duration = (seconds) => {
    if (!known(seconds)) return "–";
    if (seconds < 0.001) return `${threeDigits.format(seconds * 1e6)} µs`;
    if (seconds < 1) return `${threeDigits.format(seconds * 1e3)} ms`;
    if (seconds < 120) return unit(seconds, "second", 1);
    if (seconds < 7200) return unit(seconds / 60, "minute", 0);
    return unit(seconds / 3600, "hour", 1);
  };

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
    node.append(...children.flat().filter((child) => child != null));
    return node;
  };
  const sized = (node, property, share) => {
    node.style[property] = `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
    return node;
  };
  const bar = (share) => el("span", { class: "bar", "aria-hidden": "true" }, sized(el("i"), "width", share));

  // The page is drawn anew every two seconds, but only what differs is touched: a selection stays, what has the keyboard's focus keeps
  // it, and nothing is read out twice. Listeners sit on what is never replaced.
  function become(held, fresh) {
    if (held.nodeType !== fresh.nodeType || held.nodeName !== fresh.nodeName) {
      held.replaceWith(fresh);
      return;
    }
    if (held.nodeType === Node.TEXT_NODE) {
      if (held.data !== fresh.data) held.data = fresh.data;
      return;
    }
    for (const { name } of [...held.attributes]) if (!fresh.hasAttribute(name)) held.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (held.getAttribute(name) === value) continue;
      if (name === "style") held.style.cssText = fresh.style.cssText;  // as an attribute the page's policy refuses it
      else held.setAttribute(name, value);
    }
    fill(held, [...fresh.childNodes]);
  }
  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined);
  function fill(parent, fresh) {
    const wanted = new Set(fresh.map(keyOf).filter((key) => key !== undefined));
    const keyed = new Map();
    for (const node of [...parent.childNodes]) {
      const key = keyOf(node);
      if (key === undefined) continue;
      if (wanted.has(key) && !keyed.has(key)) keyed.set(key, node);
      else node.remove();
    }
    let place = parent.firstChild;
    for (const node of fresh) {
      const key = keyOf(node);
      const match = key !== undefined ? keyed.get(key) : place && keyOf(place) === undefined ? place : null;
      if (!match) {
        parent.insertBefore(node, place);
        continue;
      }
      keyed.delete(key);  // of two with one key each gets a node of its own
      if (match === place) place = place.nextSibling;
      else parent.insertBefore(match, place);
      become(match, node);
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }
  const replace = (id, children, emptyText = "", emptyTag = "li") => {
    const focused = document.activeElement?.id;
    fill(byId(id), children.length || !emptyText ? children : [el(emptyTag, { class: "empty" }, emptyText)]);
    if (focused && document.activeElement === document.body) byId(focused)?.focus({ preventScroll: true });
  };
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  // Somebody who reads, marks or selects in there must not have it move under the pointer.
  const inUse = (node) => {
    const selection = getSelection();
    return node.matches(":hover") || node.contains(document.activeElement) || (!selection.isCollapsed && node.contains(selection.anchorNode));
  };

  const STEPS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4];
  const niceCeiling = (value) => STEPS.find((step) => value <= step) || 4;

  const pill = (id, tone, text, title) => {
    const node = byId(id);
    node.hidden = false;
    node.dataset.tone = tone;
    write(node, text);
    node.title = title || "";
  };
  const when = (seconds) => (known(seconds) ? momentText.format(new Date(seconds * 1000)) : "–");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const whisker = (dimension, part, ceiling) => {
    const track = el("div", { class: "whisker", "data-dimension": dimension, "aria-hidden": "true" });
    if (known(part.lower) && known(part.upper)) {
      const band = sized(el("i"), "left", part.lower / ceiling);
      track.append(sized(band, "width", (Math.min(part.upper, ceiling) - part.lower) / ceiling));
    }
    track.append(sized(el("b"), "left", part.value / ceiling));
    return track;
  };

  // Why there is no figure: nothing of the kind was ever judged, or too little.
  const measured = (part) => (part?.state ? part.state !== "not_measured" : part?.n > 0);
  const lack = (part) => say(measured(part) ? "not_enough" : "not_measured");
  // What H cannot do without; of a model without texts it is its bias.
  const lacking = (model) => (model.without_texts ? ["bias"] : NEEDED).filter((name) => !measured((model.components || {})[name]));
  // How bad a model is, for their order: H, or as much of it as is known; -1 when nothing is.
  const harmOf = (model) => {
    const parts = DIMENSIONS.map((name) => (model.components || {})[name]?.value).filter(known);
    return parts.length ? parts.reduce((sum, value) => sum + value, 0) : -1;
  };

  // The model and window looked at stand in the address, so that it can be passed on.
  const chosen = new URLSearchParams(location.hash.slice(1));
  const choose = (key, value) => {
    if (value != null) chosen.set(key, value);
    else chosen.delete(key);
    history.replaceState(null, "", `#${chosen}`);
    for (const link of document.querySelectorAll("nav.language a")) link.hash = location.hash;
  };
  const addressOf = (model) => {
    const there = new URLSearchParams(chosen);
    there.set("model", model);
    return `#${there}`;
  };
  // Somebody has changed the address by hand, or followed a link to another model.
  const readAddress = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of ["model", "window"]) {
      if (given.has(key)) chosen.set(key, given.get(key));
      else chosen.delete(key);
    }
  };
  const fetchJson = async (path, options = {}) => {
    const answer = await fetch(path, { signal: AbortSignal.timeout(5000), ...options });
    if (!answer.ok) {
      const { error = "" } = await answer.json().catch(() => ({}));
      throw Object.assign(new Error(String(answer.status)), { status: answer.status, reason: error });
    }
    return answer.json();
  };

  return {
    DIMENSIONS, LANG, addressOf, axisDigits, bar, byId, choose, chosen, clockTime, colour, count, duration, el, fetchJson, fine, fixed, fixedTo,
    harmOf, inUse, known, lack, lacking, niceCeiling, percent, percentTo, percents, pill, rate, readAddress, replace, say, says, sized, told, when,
    whisker, write,
  };
})();
