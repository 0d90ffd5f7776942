// Tiles, the table of all models, categories, the pipeline: what /api/v1/status gives.
harmwatch.overview = (() => {
  const { DIMENSIONS, bar, byId, clockTime, count, duration, el, fine, keepFocus, known, niceCeiling, percent, pill, replace, say, scale, sized, whisker } = harmwatch;
  const SVG = "http://www.w3.org/2000/svg";

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

  function component(model, name, ceiling) {
    const part = (model.components || {})[name] || {};
    const title = say(name);
    if (!known(part.value)) return el("td", { class: "part", title: say("too_few", { name: title }) }, el("span", { class: "soft" }, say("not_enough")));
    const values = { name: title, value: percent(part.value), lower: percent(part.lower), upper: percent(part.upper), n: count(part.n) };
    const spoken = el("span", { class: "hidden" }, say("interval", values));
    return el("td", { class: "part", title: say("interval", values) }, el("span", { "aria-hidden": "true" }, values.value), spoken, whisker(name, part, ceiling));
  }

  function chooser(model, place) {
    const button = el("button", { type: "button", class: "plain", id: `row-${place}`, title: say("look_at", { model: model.name }) }, model.name);
    button.addEventListener("click", () => harmwatch.model.select(model.name));
    return button;
  }

  function showModels(models) {
    const sums = models.map((model) => (model.index || {}).sum).filter(known);
    const uppers = models.flatMap((model) => Object.values(model.components || {}).map((part) => part.upper ?? part.value)).filter(known);
    const full = niceCeiling(Math.max(0, ...sums));
    const ceiling = Math.min(1, niceCeiling(Math.max(0, ...uppers)));
    const rows = models.map((model, place) => {
      const { sum, union } = model.index || {};
      const stack = el("div", { class: "stack", "aria-hidden": "true", title: say("scale", { value: scale.format(full) }).trim() });
      for (const name of DIMENSIONS) {
        const value = ((model.components || {})[name] || {}).value;
        if (known(value) && value > 0) stack.append(sized(el("i", { "data-dimension": name }), "width", value / full));
      }
      const number = el("span", {}, el("b", {}, known(sum) ? fine.format(sum) : "–"), known(sum) && known(model.bounds?.lower)
        ? el("small", { title: say("interval_title") }, `${fine.format(model.bounds.lower)} – ${fine.format(model.bounds.upper)}`)
        : el("small", {}, say("not_enough")), known(union) ? el("small", {}, say("union", { value: fine.format(union) })) : null);
      return el(
        "tr", { "aria-current": model.name === harmwatch.model.current() ? "true" : null },
        el("th", { scope: "row" }, chooser(model, place), el("small", {}, model.window ? say("window", { window: model.window }) : "")),
        el("td", {}, el("div", { class: "index" }, number, stack)),
        ...DIMENSIONS.map((name) => component(model, name, ceiling)),
        el("td", { class: "num" }, count(model.events)),
        el("td", {}, spark((model.history || []).filter(known))),
      );
    });
    if (!rows.length) rows.push(el("tr", {}, el("td", { colspan: "8", class: "empty" }, say("no_models"))));
    keepFocus(() => byId("harm").replaceChildren(...rows));
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

  function signs(rows) {
    const list = rows.map((row) => {
      const values = { model: row.model, detail: row.detail, value: known(row.value) ? scale.format(row.value) : "", share: percent(row.value), time: duration(row.value), limit: scale.format(row.limit), most: percent(row.limit), window: row.window };
      values.detail = say(`kind_${row.detail}`) === `kind_${row.detail}` ? row.detail : say(`kind_${row.detail}`);
      return el("li", { "data-tone": row.tone }, el("b", {}, say(`sign_${row.sign}`)), " ", el("span", {}, say(`sign_${row.sign}_says`, values)));
    });
    const list_id = "signs";
    replace(list_id, list, say("no_signs"));
  }

  byId("legend").append(...DIMENSIONS.map((name) => el("li", { "data-dimension": name }, say(name))));

  return {
    notify,
    show(status) {
      showHealth(status);
      showTiles(status.pipeline || {});
      signs(status.signs || []);
      showModels(status.models || []);
      showFindings(status.findings || []);
      showPipeline(status);
      showFooter(status);
    },
    lost(time) {
      pill("alive", "bad", say("offline"), "");
      byId("ready").hidden = true;
      notify(say("lost", { time: clockTime.format(time) }));
    },
  };
})();
