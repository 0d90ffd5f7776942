"use strict";
// What all parts of the console share. All text that comes from traffic (model names, categories, evidence) is set as text, never parsed
// as markup.
const harmwatch = (() => {
  const DIMENSIONS = ["bias", "output", "privacy", "adversarial"];
  const MESSAGES = JSON.parse(document.getElementById("messages").textContent);
  const LANG = document.documentElement.lang;

  const say = (key, values = {}) => (MESSAGES[key] || key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const byId = (id) => document.getElementById(id);
  const known = (value) => typeof value === "number" && Number.isFinite(value);

  const whole = new Intl.NumberFormat(LANG, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(LANG, { notation: "compact", maximumFractionDigits: 1 });
  const fine = new Intl.NumberFormat(LANG, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const scale = new Intl.NumberFormat(LANG, { maximumFractionDigits: 2 });
  const clockTime = new Intl.DateTimeFormat(LANG, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const momentText = new Intl.DateTimeFormat(LANG, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const count = (n) => (!known(n) ? "–" : Math.abs(n) < 100000 ? whole.format(n) : short.format(n));
  const percent = (x) => {
    if (!known(x)) return "–";
    if (x > 0 && x < 0.0001) return `<${percent(0.0001)}`;
    const digits = x === 0 || x >= 0.1 ? 0 : x >= 0.01 ? 1 : 2;
    return new Intl.NumberFormat(LANG, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
  };
  const unit = (value, name, digits) =>
    new Intl.NumberFormat(LANG, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  const duration = (seconds) => {
    if (!known(seconds)) return "–";
    if (seconds < 0.001) return `${scale.format(seconds * 1e6)} µs`;
    if (seconds < 1) return `${scale.format(Math.round(seconds * 1e5) / 100)} ms`;
    if (seconds < 120) return unit(seconds, "second", 1);
    if (seconds < 7200) return unit(seconds / 60, "minute", 0);
    return unit(seconds / 3600, "hour", 1);
  };

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
    node.append(...children.filter((child) => child != null));
    return node;
  };
  const sized = (node, property, share) => {
    node.style[property] = `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
    return node;
  };
  const bar = (share) => el("span", { class: "bar", "aria-hidden": "true" }, sized(el("i"), "width", share));
  const replace = (id, children, emptyText, emptyTag = "li") =>
    byId(id).replaceChildren(...(children.length ? children : [el(emptyTag, { class: "empty" }, emptyText)]));
  const niceCeiling = (value) => [0.05, 0.1, 0.2, 0.5, 1, 2, 4].find((step) => value <= step) || 4;

  const pill = (id, tone, text, title) => {
    const node = byId(id);
    node.hidden = false;
    node.dataset.tone = tone;
    if (node.textContent !== text) node.textContent = text;
    node.title = title || "";
  };
  const when = (seconds) => (known(seconds) ? momentText.format(new Date(seconds * 1000)) : "–");
  // Where a part is rebuilt, what had the keyboard's focus has it afterwards, if it is still there.
  const keepFocus = (change) => {
    const id = document.activeElement && document.activeElement.id;
    change();
    if (id && document.activeElement === document.body) byId(id)?.focus({ preventScroll: true });
  };
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
  // The model and window looked at stand in the address, so that it can be passed on.
  const chosen = new URLSearchParams(location.hash.slice(1));
  const choose = (key, value) => {
    if (value) chosen.set(key, value);
    else chosen.delete(key);
    history.replaceState(null, "", `#${chosen}`);
    for (const link of document.querySelectorAll("nav.language a")) link.hash = location.hash;
  };
  // Somebody has changed the address by hand, or followed a link to another model.
  const readAddress = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of ["model", "window"]) {
      if (given.get(key)) chosen.set(key, given.get(key));
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
    DIMENSIONS, LANG, bar, byId, choose, chosen, clockTime, colour, count, duration, el, fetchJson, fine, keepFocus, known,
    niceCeiling, percent, pill, readAddress, replace, say, scale, sized, whisker, when,
  };
})();
