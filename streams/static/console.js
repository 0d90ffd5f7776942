"use strict";
// All text that comes from traffic (model names, categories) is set as text, never parsed as markup.
(() => {
  const POLL_MS = 2000;
  const HISTORY = 150;
  const DIMENSIONS = ["bias", "output", "privacy", "adversarial"];
  const MESSAGES = JSON.parse(document.getElementById("messages").textContent);
  const LANG = document.documentElement.lang;
  const SVG = "http://www.w3.org/2000/svg";
  const trends = new Map();

  const say = (key, values = {}) => (MESSAGES[key] || key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const byId = (id) => document.getElementById(id);
  const known = (value) => typeof value === "number" && Number.isFinite(value);

  const whole = new Intl.NumberFormat(LANG, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(LANG, { notation: "compact", maximumFractionDigits: 1 });
  const fine = new Intl.NumberFormat(LANG, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const scale = new Intl.NumberFormat(LANG, { maximumFractionDigits: 2 });
  const clockTime = new Intl.DateTimeFormat(LANG, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
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

  function showHealth(status) {
    const { health, ready } = status;
    if (health) pill("alive", health.alive ? "good" : "bad", say(health.alive ? "alive" : "stalled"), health.reason);
    if (ready) {
      const what = (ready.missing || []).join(", ");
      pill("ready", ready.ready ? "good" : "warn", ready.ready ? say("ready") : say("not_ready", { what }), what);
    }
    notify(health && !health.alive ? health.reason : "");
  }

  function notify(text) {
    const notice = byId("notice");
    if (notice.textContent !== text) notice.textContent = text;
    notice.hidden = !text;
  }

  function showTiles(pipeline) {
    const tile = (key, value, sub, tone) =>
      el("div", { "data-tone": tone }, el("dt", {}, say(key)), el("dd", {}, value), el("dd", { class: "sub" }, sub || ""));
    const share = (part, all) => (known(part) ? part / Math.max(all, 1) : NaN);
    const of = (key, value) => (known(value) ? say(key, { share: percent(value) }) : "");
    const missing = share(pipeline.missing_scores, (pipeline.scored || 0) + (pipeline.missing_scores || 0));
    const dead = share(pipeline.dead_letters, (pipeline.events || 0) + (pipeline.dead_letters || 0));
    byId("tiles").replaceChildren(
      tile("tile_rate", count(pipeline.events_per_second)),
      tile("tile_events", count(pipeline.events), say("since_start")),
      tile("tile_findings", count(pipeline.findings), say("since_start")),
      tile("tile_lag", duration(pipeline.lag_seconds), known(pipeline.lag_records) ? say("records", { n: count(pipeline.lag_records) }) : ""),
      tile("tile_missing", count(pipeline.missing_scores), of("per_scored", missing), missing > 0.01 ? "bad" : missing > 0 ? "warn" : null),
      tile("tile_dead", count(pipeline.dead_letters), of("share_of_events", dead), dead > 0.01 ? "bad" : dead > 0 ? "warn" : null),
    );
  }

  function spark(points) {
    if (points.length < 2) return null;
    const top = Math.max(...points) * 1.1 || 1;
    const step = 100 / (points.length - 1);
    const line = points.map((value, i) => `${i ? "L" : "M"}${(i * step).toFixed(2)} ${(30 - (30 * value) / top).toFixed(2)}`).join("");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", "0 0 100 30");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (const [name, d] of [["area", `${line}L100 30L0 30Z`], ["", line]]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", name);
      path.setAttribute("d", d);
      svg.append(path);
    }
    return svg;
  }

  function trendOf(model, key, sum) {
    const points = trends.get(key) || (model.history || []).filter(known).slice(-HISTORY);
    if (known(sum)) points.push(sum);
    trends.set(key, points.slice(-HISTORY));
    return trends.get(key);
  }

  function component(model, name, ceiling) {
    const part = (model.components || {})[name] || {};
    const title = say(name);
    if (!known(part.value)) return el("td", { class: "part", title: say("too_few", { name: title }) }, "–");
    const track = el("div", { class: "whisker", "data-dimension": name, "aria-hidden": "true" });
    if (known(part.lower) && known(part.upper)) {
      const band = sized(el("i"), "left", part.lower / ceiling);
      track.append(sized(band, "width", (Math.min(part.upper, ceiling) - part.lower) / ceiling));
    }
    track.append(sized(el("b"), "left", part.value / ceiling));
    const values = { name: title, value: percent(part.value), lower: percent(part.lower), upper: percent(part.upper), n: count(part.n) };
    const spoken = el("span", { class: "hidden" }, say("interval", values));
    return el("td", { class: "part", title: say("interval", values) }, el("span", { "aria-hidden": "true" }, values.value), spoken, track);
  }

  function showModels(models) {
    const sums = models.map((model) => (model.index || {}).sum).filter(known);
    const uppers = models.flatMap((model) => Object.values(model.components || {}).map((part) => part.upper ?? part.value)).filter(known);
    const full = niceCeiling(Math.max(0, ...sums));
    const ceiling = Math.min(1, niceCeiling(Math.max(0, ...uppers)));
    const rows = models.map((model) => {
      const { sum, union } = model.index || {};
      const stack = el("div", { class: "stack", "aria-hidden": "true", title: say("scale", { value: scale.format(full) }).trim() });
      for (const name of DIMENSIONS) {
        const value = ((model.components || {})[name] || {}).value;
        if (known(value) && value > 0) stack.append(sized(el("i", { "data-dimension": name }), "width", value / full));
      }
      const number = el("span", {}, el("b", {}, known(sum) ? fine.format(sum) : "–"), el("small", {}, known(union) ? say("union", { value: fine.format(union) }) : ""));
      return el(
        "tr", {},
        el("th", { scope: "row" }, model.name, el("small", {}, model.window ? say("window", { window: model.window }) : "")),
        el("td", {}, el("div", { class: "index" }, number, stack)),
        ...DIMENSIONS.map((name) => component(model, name, ceiling)),
        el("td", { class: "num" }, count(model.events)),
        el("td", {}, spark(trendOf(model, `${model.window} ${model.name}`, sum))),
      );
    });
    const current = new Set(models.map((model) => `${model.window} ${model.name}`));
    for (const key of trends.keys()) if (!current.has(key)) trends.delete(key);
    if (!rows.length) rows.push(el("tr", {}, el("td", { colspan: "8", class: "empty" }, say("no_models"))));
    byId("harm").replaceChildren(...rows);
    byId("harm-hint").textContent = say("harm_hint") + (sums.length ? say("scale", { value: scale.format(full) }) : "");
  }

  function showFindings(findings) {
    const shown = [...findings].sort((a, b) => b.count - a.count).slice(0, 14);
    const most = Math.max(1, ...shown.map((row) => row.count));
    replace("findings", shown.map((row) => el(
      "li", { "data-dimension": row.dimension },
      el("span", { class: "name" }, row.category, el("small", {}, say(row.dimension))),
      bar(row.count / most),
      el("span", { class: "value" }, count(row.count)),
    )), say("no_findings"));
  }

  function showPipeline(status) {
    const stages = status.stages || [];
    const largest = Math.max(0.01, ...stages.map((row) => row.share || 0));
    replace("stages", stages.map((row) => el(
      "li", {},
      el("span", { class: "name" }, row.stage, known(row.seconds) ? el("small", {}, duration(row.seconds)) : null),
      bar((row.share || 0) / largest),
      el("span", { class: "value" }, percent(row.share)),
    )), say("no_stages"));

    const pipeline = status.pipeline || {};
    const meter = (key, value, share, note, tone) => el(
      "div", { "data-tone": tone },
      el("div", { class: "row" }, el("span", {}, say(key)), el("span", {}, value)), bar(share),
      note ? el("div", { class: "note" }, note) : null,
    );
    const meters = [];
    const filled = (key, used, limit) => {
      if (!known(used)) return;
      const value = known(limit) ? `${count(used)} / ${count(limit)}` : count(used);
      meters.push(meter(key, value, limit > 0 ? used / limit : 0, null, limit > 0 && used / limit > 0.9 ? "warn" : null));
    };
    filled("queue", pipeline.queue_depth, pipeline.queue_capacity);
    if (known(pipeline.sampling_ratio)) {
      const ratio = pipeline.sampling_ratio;
      const note = ratio >= 1 ? say("sampling_all") : say("sampling_some", { share: percent(ratio) });
      meters.push(meter("sampling", percent(ratio), ratio, note, ratio < 1 ? "warn" : null));
    }
    filled("series", pipeline.series, pipeline.series_budget);
    byId("meters").replaceChildren(...meters);

    const partitions = status.partitions || [];
    replace("partitions", partitions.slice(0, 64).map((row) => el(
      "li", { "data-tone": row.lag > 10000 ? "warn" : null }, el("span", {}, `${row.topic}[${row.partition}]`), el("b", {}, count(row.lag)),
    )), say("no_partitions"));
  }

  function showFooter(status) {
    const parts = [status.version ? `harmwatch ${status.version}` : "harmwatch"];
    if (known(status.now) && known(status.started)) parts.push(say("uptime", { time: duration(status.now - status.started) }));
    parts.push(say("updated", { time: clockTime.format(new Date()) }));
    byId("build").textContent = parts.join(" · ");
  }

  let lastAnswer = new Date();
  async function poll() {
    try {
      const answer = await fetch("/api/v1/status", { signal: AbortSignal.timeout(5000) });
      if (answer.status === 401) {
        notify(say("unauthorised"));
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const status = await answer.json();
      lastAnswer = new Date();
      showHealth(status);
      showTiles(status.pipeline || {});
      showModels(status.models || []);
      showFindings(status.findings || []);
      showPipeline(status);
      showFooter(status);
    } catch {
      pill("alive", "bad", say("offline"), "");
      byId("ready").hidden = true;
      notify(say("lost", { time: clockTime.format(lastAnswer) }));
    }
  }

  async function run() {
    if (!document.hidden) await poll();
    setTimeout(run, POLL_MS);
  }
  byId("legend").append(...DIMENSIONS.map((name) => el("li", { "data-dimension": name }, say(name))));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  run();
})();
