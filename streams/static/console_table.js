// The table of models: the worst first, or by any column; a filter; and no more rows than can be read.
harmwatch.table = (() => {
  const { DIMENSIONS, byId, count, el, fine, fixed, harmOf, inUse, known, lack, lacking, names, niceCeiling, percents, replace, say, sized, whisker, write } = harmwatch;
  const SVG = "http://www.w3.org/2000/svg";
  const MOST = 20;
  const FILTER_FROM = 8;
  const SETTLE_MS = 10000;  // rows that change their places every two seconds cannot be read
  let models = [];
  let column = "harm";
  let falling = true;
  let every = false;
  let order = [];
  let orderedAt = 0;

  function valueOf(model) {
    if (column === "name") return model.name;
    if (column === "harm") return harmOf(model);
    return column === "events" ? model.events ?? -1 : (model.components || {})[column]?.value ?? -1;
  }

  function arrange(anew) {
    const byName = new Map(models.map((model) => [model.name, model]));
    const grown = models.length !== order.length || order.some((name) => !byName.has(name));
    const due = Date.now() - orderedAt > SETTLE_MS;
    if (anew || ((grown || due) && !inUse(byId("harm")))) {
      const compare = (a, b) => {
        const [x, y] = [valueOf(a), valueOf(b)];
        const rising = typeof x === "string" ? x.localeCompare(y) : x - y;
        return (falling ? -rising : rising) || (b.events ?? 0) - (a.events ?? 0) || (a.name < b.name ? -1 : 1);
      };
      order = [...models].sort(compare).map((model) => model.name);
      orderedAt = Date.now();
    }
    const placed = new Set(order);
    return [...order.filter((name) => byName.has(name)).map((name) => byName.get(name)), ...models.filter((model) => !placed.has(model.name))];
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
    const part = (model.components || {})[name];
    const label = say(name);
    const attributes = { class: "part", role: "cell", "data-label": label };
    if (!known(part?.value)) return el("td", { ...attributes, title: `${label}: ${lack(part)}` }, el("span", { class: "soft" }, lack(part)));
    const [value, lower, upper] = percents(part.value, part.lower, part.upper);
    const title = say("interval", { name: label, value, lower, upper, n: count(part.n) });
    return el("td", { ...attributes, title }, el("span", { "aria-hidden": "true" }, value), el("span", { class: "hidden" }, title), whisker(name, part, ceiling));
  }

  function harm(model, full) {
    const { sum, union } = model.index || {};
    const stack = el("div", { class: "stack", "aria-hidden": "true", title: say("scale", { value: fixed.format(full) }).trim() });
    for (const name of DIMENSIONS) {
      const value = ((model.components || {})[name] || {}).value;
      if (known(value) && value > 0) stack.append(sized(el("i", { "data-dimension": name }), "width", value / full));
    }
    const without = lacking(model);
    const notes = [];
    if (!known(sum)) {
      const title = without.length ? say("needs", { names: without.map((name) => say(name)).join(", ") }) : null;
      notes.push(el("small", { title }, say(without.length ? "not_measured" : "not_enough")));
    } else if (known(model.bounds?.lower)) {
      notes.push(el("small", { title: say("interval_title") }, `${fine.format(model.bounds.lower)} – ${fine.format(model.bounds.upper)}`));
    }
    if (known(union)) notes.push(el("small", {}, say("union", { value: fine.format(union) })));
    return el("td", { role: "cell", "data-label": "H" }, el("div", { class: "index" }, el("span", {}, el("b", {}, known(sum) ? fine.format(sum) : "–"), notes), stack));
  }

  function row(model, full, ceiling) {
    const chosen = model.name === harmwatch.model.current();
    const button = el("button", { type: "button", class: "plain", "data-model": model.name, title: say("look_at", { model: names.modelText(model.name) }) }, names.model(model.name));
    return el(
      "tr", { role: "row", "aria-current": chosen ? "true" : null, "data-key": model.name },
      el("th", { scope: "row", role: "rowheader" }, button, el("small", {}, model.window ? say("window", { window: model.window }) : "")),
      harm(model, full),
      ...DIMENSIONS.map((name) => component(model, name, ceiling)),
      el("td", { class: "num", role: "cell", "data-label": say("events") }, count(model.events)),
      el("td", { class: "trend", role: "cell", "data-label": say("trend") }, spark((model.history || []).filter(known))),
    );
  }

  function show(found, anew = false) {
    models = found;
    const wanted = byId("filter").value.trim().toLowerCase();
    byId("filter-box").hidden = models.length <= FILTER_FROM && !wanted;
    const matching = arrange(anew).filter((model) => !wanted || model.name.toLowerCase().includes(wanted) || names.modelText(model.name).toLowerCase().includes(wanted));
    const current = harmwatch.model.current();
    // The one that is looked at stays in sight.
    const few = matching.filter((model, place) => place < MOST || model.name === current);
    const shown = every ? matching : few;
    // One scale for all rows, whether they have an H or only some of its parts.
    const full = niceCeiling(Math.max(0, ...models.map(harmOf)));
    const uppers = models.flatMap((model) => Object.values(model.components || {}).map((part) => (known(part.value) ? part.upper ?? part.value : NaN))).filter(known);
    const ceiling = Math.min(1, niceCeiling(Math.max(0, ...uppers)));
    const rows = shown.map((model) => row(model, full, ceiling));
    if (!rows.length) rows.push(el("tr", {}, el("td", { colspan: "8", class: "empty" }, say(models.length ? "no_match" : "no_models"))));
    replace("harm", rows);
    byId("all-models").hidden = matching.length <= few.length;
    write(byId("all-models"), every ? say("show_few", { n: count(few.length) }) : say("show_all", { n: count(matching.length) }));
    write(byId("harm-hint"), say("harm_hint") + (models.some((model) => harmOf(model) > 0) ? say("scale", { value: fixed.format(full) }) : ""));
    for (const head of document.querySelectorAll("table.harm thead th")) {
      const sort = head.querySelector("button")?.dataset.sort;
      if (sort === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  for (const button of document.querySelectorAll("table.harm thead button")) {
    button.addEventListener("click", () => {
      falling = column === button.dataset.sort ? !falling : button.dataset.sort !== "name";
      column = button.dataset.sort;
      show(models, true);
    });
  }
  byId("harm").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-model]");
    if (button) harmwatch.model.select(button.dataset.model);
  });
  byId("filter").addEventListener("input", () => show(models));
  byId("all-models").addEventListener("click", () => {
    every = !every;
    show(models);
  });

  return { show: (found) => show(found), redraw: () => show(models) };
})();
