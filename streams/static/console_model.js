// One model over one window: H and its components over time, fairness by group, campaigns, drift. What /api/v1/model gives.
harmwatch.model = (() => {
  const { DIMENSIONS, axisDigits, bar, byId, choose, chosen, clockTime, colour, count, el, fetchJson, fine, fixed, fixedTo, harmOf, known, lack, lacking, names, percent, percentTo, percents, replace, say, told, whisker, when, write } = harmwatch;
  const RATIOS = new Set(["dir"]);
  let models = [];
  let windows = [];
  let statuses = new Map();
  let worst = "";
  let onSelect = () => {};
  let shownOf = "";

  // Unless one is named, the worst: the first that is known to be, which stays, so that nothing jumps under the reader.
  const current = () => {
    if (models.includes(chosen.get("model"))) return chosen.get("model");
    return models.includes(worst) ? worst : models[0];
  };
  const currentWindow = () => (windows.includes(chosen.get("window")) ? chosen.get("window") : windows.at(-1));
  const asked = () => `${current()} ${currentWindow()}`;
  // Where a model's figures are: those of models that have no room of their own are counted together.
  const nameFor = (name) => (models.includes(name) || !models.includes("other") ? name : "other");

  // Who follows a link to a model that is not here must not take another's figures for that one's.
  function tellUnknown() {
    const wanted = chosen.get("model");
    const shown = current();
    const unknown = wanted !== null && shown !== undefined && wanted !== shown;
    replace("model-note", unknown ? [el("span", {}, told("unknown_model", { model: names.shown(wanted), shown: names.model(shown) }))] : []);
  }

  function select(name) {
    choose("model", name);
    tellUnknown();
    byId("model").value = name;
    harmwatch.table.redraw();
    dimUnlessShown();
    onSelect();
  }

  // Until the figures of what was chosen come, which may take long or fail, the charts are another's, under its name.
  function dimUnlessShown() {
    byId("charts").setAttribute("aria-busy", String(shownOf !== "" && shownOf !== asked()));
  }

  function offer(status) {
    statuses = new Map((status.models || []).map((model) => [model.name, model]));
    const found = [...statuses.keys()];
    if (!found.includes(worst) || harmOf(statuses.get(worst)) < 0) {
      worst = found.length ? found.reduce((a, b) => (harmOf(statuses.get(b)) > harmOf(statuses.get(a)) ? b : a)) : "";
    }
    if (found.join("\n") !== models.join("\n")) {
      models = found;
      replace("model", found.map((name) => el("option", { value: name, "data-key": name }, names.modelText(name))));
      byId("model").disabled = !found.length;
    }
    if (found.length && byId("model").value !== current()) byId("model").value = current();
    tellUnknown();
    const lengths = status.windows || [];
    windows = lengths;
    replace("windows", lengths.map((name) => el("button", { type: "button", id: `window-${name}`, "data-window": name, "aria-pressed": String(name === currentWindow()) }, name)));
    dimUnlessShown();
  }
  byId("windows").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-window]");
    if (!button) return;
    choose("window", button.dataset.window);
    for (const other of byId("windows").children) other.setAttribute("aria-pressed", String(other === button));
    dimUnlessShown();
    onSelect();
  });

  // Charts. The line is the figure, the band its 95 % interval; where too few events were seen there is neither.

  const charts = new Map();

  function columns(history, parts) {
    return [history.times, ...parts.flatMap((name) => [history[name].value, history[name].upper, history[name].lower])];
  }

  function draw(id, history, parts, text, axis, describe) {
    const holder = byId(id);
    const data = columns(history, parts);
    const known_points = parts.some((name) => history[name].value.some(known));
    holder.hidden = !known_points;
    byId(`${id}-empty`).hidden = known_points;
    if (!known_points) return;
    holder.setAttribute("aria-label", describe());
    const held = charts.get(id);
    if (held) {
      held.setData(data);
      return;
    }
    const grid = { stroke: colour("line"), width: 1 };
    const ticks = { stroke: colour("line"), width: 1, size: 4 };
    const ink = { stroke: colour("soft"), font: "12px system-ui, sans-serif" };
    const series = parts.flatMap((name) => {
      const stroke = colour(name === "index" ? "brand" : name);
      const edge = { points: { show: false }, stroke: "transparent", width: 0 };
      return [{ label: name, stroke, width: 2, points: { show: (plot) => plot.data[0].length < 3, size: 6 } }, { ...edge, label: `${name} upper` }, { ...edge, label: `${name} lower` }];
    });
    const bands = parts.map((name, place) => ({ series: [3 * place + 2, 3 * place + 3], fill: `${colour(name === "index" ? "brand" : name)}2b` }));
    const options = {
      width: Math.max(160, holder.clientWidth),
      height: 210,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (plot, low, high) => [0, Math.max(high * 1.08, 0.02)] } },
      axes: [
        { grid, ticks, ...ink, space: 90, values: (plot, stamps) => stamps.map((stamp) => clockTime.format(new Date(stamp * 1000))) },
        { grid, ticks, ...ink, size: 52, values: (plot, numbers) => numbers.map((number) => axis(number, numbers[1] - numbers[0])) },
      ],
      series: [{}, ...series],
      bands,
      hooks: { setCursor: [(plot) => readOut(id, plot, parts, text)], setData: [(plot) => readOut(id, plot, parts, text)] },
    };
    const plot = new uPlot(options, data, holder);
    charts.set(id, plot);
    readOut(id, plot, parts, text);
  }

  // Why a figure is missing; of H it is what it cannot do without.
  function missing(name) {
    const model = statuses.get(current()) || {};
    if (name !== "index") return lack((model.components || {})[name]);
    return say(lacking(model).length ? "not_measured" : "not_enough");
  }

  function readOut(id, plot, parts, text) {
    const times = plot.data[0];
    const place = plot.cursor.idx ?? times.length - 1;
    if (!known(times[place])) return;
    const rows = parts.map((name, index) => {
      const [value, upper, lower] = [1, 2, 3].map((offset) => plot.data[3 * index + offset][place]);
      const label = say(name === "index" ? "h_short" : name);
      const [figure, from, to] = known(value) ? text(value, lower, upper) : [];
      return el("li", { "data-dimension": name }, `${label} `, el("b", {}, known(value) ? `${figure} (${from} – ${to})` : missing(name)));
    });
    replace(`${id}-read`, [el("li", { class: "time" }, clockTime.format(new Date(times[place] * 1000))), ...rows]);
  }

  function forgetCharts() {
    for (const plot of charts.values()) plot.destroy();
    charts.clear();
  }

  function showHistory(model, of) {
    const { history } = model;
    const last = (name) => history[name].value.findLast(known);
    if (shownOf !== of) forgetCharts();
    shownOf = of;
    byId("charts").setAttribute("aria-busy", "false");
    const named = (name, text) => `${say(name === "index" ? "h_short" : name)} ${known(last(name)) ? text(last(name)) : missing(name)}`;
    const without = lacking(statuses.get(model.name) || {});
    write(byId("chart-index-empty"), without.length && statuses.has(model.name) ? say("needs", { names: without.map((name) => say(name)).join(", ") }) : say("no_history"));
    const fines = (...values) => values.map((value) => (known(value) ? fine.format(value) : "–"));
    draw("chart-index", history, ["index"], fines, (value, step) => fixedTo(axisDigits(step)).format(value), () => `${say("over_time_title")}: ${named("index", (value) => fine.format(value))}`);
    draw("chart-parts", history, DIMENSIONS, percents, (value, step) => percentTo(value, axisDigits(100 * step)), () => `${say("components")}: ${DIMENSIONS.map((name) => named(name, percent)).join(", ")}`);
  }

  // Fairness, campaigns, drift

  function showFairness(fairness) {
    write(byId("fairness-window"), fairness.attributes.length ? say("window", { window: fairness.window }) : "");
    replace("fairness", fairness.attributes.map((attribute) => {
      const groups = attribute.groups.map((group) => {
        const [value, lower, upper] = percents(group.rate, group.lower, group.upper);
        const values = { name: names.plain(group.group), value, lower, upper, n: count(group.n) };
        return el("li", { title: say("interval", values) },
          el("span", { class: "name" }, names.shown(group.group), el("small", {}, say("decisions", { n: count(group.n) }))),
          whisker("bias", { value: group.rate, lower: group.lower, upper: group.upper }, 1),
          el("span", { class: "value" }, values.value, el("small", {}, `${values.lower} – ${values.upper}`)));
      });
      const measures = attribute.disparities.map((one) => {
        const text = RATIOS.has(one.measure) || !["spd", "eod", "equalised_odds", "predictive_parity"].includes(one.measure) ? (...all) => all.map((x) => (known(x) ? fixed.format(x) : "–")) : percents;
        const [value, lower, upper] = text(one.value, one.lower, one.upper);
        return el("tr", {},
          el("th", { scope: "row" }, say(`measure_${one.measure}`)),
          el("td", { class: "num" }, el("b", {}, value), el("small", {}, `${lower} – ${upper}`)),
          el("td", {}, told("worse_than", { worse: names.shown(one.disfavoured), better: names.shown(one.favoured) })));
      });
      const table = measures.length
        ? el("table", { class: "small" }, el("thead", {}, el("tr", {}, ...["measure", "figure", "groups"].map((key) => el("th", { scope: "col", class: key === "figure" ? "num" : null }, say(key))))), el("tbody", {}, ...measures))
        : el("p", { class: "empty" }, say(attribute.groups.some((group) => group.rate > 0) ? "groups_too_small" : "none_favourable"));
      const others = attribute.left_out > 0 ? el("p", { class: "hint tight" }, say("groups_left_out", { n: count(attribute.left_out) })) : null;
      return el("li", {}, el("h3", {}, names.shown(attribute.attribute)), el("p", { class: "hint tight" }, say("favourable")), el("ol", { class: "bars groups" }, ...groups), others, table);
    }), say("no_fairness"));
  }

  function showCampaigns(campaigns) {
    replace("campaigns", campaigns.map((campaign) => el("li", { "data-tone": campaign.active ? "bad" : null },
      el("div", { class: "row" }, el("b", {}, say(`kind_${campaign.kind}`)), el("span", { class: "badge", "data-tone": campaign.active ? "bad" : null }, say(campaign.active ? "active" : "over"))),
      el("p", {}, say("campaign_size", { events: count(campaign.events), suspected: count(campaign.suspected), tenants: count(campaign.tenants) })),
      el("p", { class: "soft" }, `${when(campaign.first)} – ${when(campaign.last)} · `, Object.keys(campaign.categories).flatMap((name, place) => [place ? ", " : "", names.category(name)])),
    )), say("no_campaigns"));
  }

  function showDrift(rows) {
    const shown = rows.slice(0, 10);
    replace("drift", shown.map((row) => el("li", { class: row.detected ? "over" : null, title: say("drift_title", { statistic: fixed.format(row.statistic), threshold: fixed.format(row.threshold), n: count(row.times) }) },
      el("span", { class: "name" }, names.shown(row.feature), el("small", {}, row.detector)),
      bar(row.statistic / row.threshold),
      el("span", { class: "value" }, percent(row.statistic / row.threshold), el("small", {}, row.detected ? say("drifting") : row.times ? say("times_before", { n: count(row.times) }) : "")),
    )), say("no_drift"));
  }

  // These cards are far from the choice of model, and what "Needs a look" says may be of another one.
  function showWhose(name) {
    for (const card of ["fairness", "campaigns", "drift"]) {
      replace(`${card}-whose`, name === undefined ? [] : [el("span", {}, told("card_of", { model: names.model(name) }))]);
    }
  }

  function clear(name) {
    forgetCharts();
    showWhose(name);
    shownOf = "";
    byId("charts").setAttribute("aria-busy", "false");
    for (const id of ["chart-index", "chart-parts"]) {
      byId(id).hidden = true;
      byId(`${id}-empty`).hidden = false;
      byId(`${id}-read`).replaceChildren();
    }
    showFairness({ attributes: [] });
    showCampaigns([]);
    showDrift([]);
  }

  async function refresh() {
    const name = current();
    if (name === undefined) {
      clear();
      return;
    }
    const length = currentWindow();
    let model;
    try {
      model = await fetchJson(`/api/v1/model?${new URLSearchParams({ name, window: length || "" })}`);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    if (name !== current() || length !== currentWindow()) return;  // another was chosen meanwhile
    if (model === undefined) {
      clear(name);
      return;
    }
    showHistory(model, asked());
    showWhose(name);
    showFairness(model.fairness);
    showCampaigns(model.campaigns);
    showDrift(model.drift);
  }

  byId("model").addEventListener("change", (event) => select(event.target.value));
  new ResizeObserver(() => {
    for (const [id, plot] of charts) {
      const width = Math.max(160, byId(id).clientWidth);
      if (width !== plot.width) plot.setSize({ width, height: 210 });
    }
  }).observe(byId("main"));

  return { current, nameFor, offer, refresh, select, redraw: forgetCharts, whenSelected: (call) => { onSelect = call; } };
})();
