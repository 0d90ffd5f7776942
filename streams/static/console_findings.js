// The latest findings with redacted evidence, and what operators say of them. What /api/v1/findings gives and /api/v1/feedback takes.
harmwatch.findings = (() => {
  const { DIMENSIONS, byId, count, el, fetchJson, fine, inUse, names, percents, replace, say, whisker, when, write } = harmwatch;
  const MOST = 60;
  const PAGE = 6;
  const WHOLE_LIST_MS = 30000;
  const MARK_MS = 12000;  // longer than the worker waits for the broker, so that it is the worker that says what became of a mark
  let held = [];
  let number = 0;
  let changes = 0;
  let precision = [];
  let open = false;  // whether marks are taken
  let kept = true;  // whether there is evidence
  let shown = PAGE;
  let dimension = "";
  let ofModel = false;
  let asked = "";
  let wholeAt = 0;
  let drawn = "";

  const AGAIN_MS = 1000;  // a second click so soon is half of a double click, and takes nothing back
  const clicked = new Map();
  const sending = new Set();

  function wanted() {
    const query = { limit: String(MOST) };
    if (dimension) query.dimension = dimension;
    if (ofModel && harmwatch.model.current() !== undefined) query.model = harmwatch.model.current();
    return query;
  }

  async function refresh(force = false, anew = force) {
    const query = wanted();
    const question = JSON.stringify(query);
    const whole = anew || question !== asked || Date.now() - wholeAt > WHOLE_LIST_MS;
    if (!whole) query.after = String(number);
    const answer = await fetchJson(`/api/v1/findings?${new URLSearchParams(query)}`);
    if (question !== JSON.stringify(wanted())) return;  // others were asked for meanwhile
    if (whole) {
      if (question !== asked) shown = PAGE;
      asked = question;
      wholeAt = Date.now();
      held = answer.findings;
    } else if (question === asked) {
      const news = new Set(answer.findings.map((one) => one.id));
      held = [...answer.findings, ...held.filter((one) => !news.has(one.id))].slice(0, MOST);
    }
    const marked = !whole && answer.changes !== changes;  // somebody else has
    number = answer.number;
    changes = answer.changes;
    precision = answer.precision;
    open = answer.feedback;
    kept = answer.evidence;
    showPrecision();
    show(force);
    if (marked) await refresh(false, true);
  }

  function show(force = false) {
    const state = JSON.stringify([held.slice(0, shown).map((one) => [one.id, one.number, one.marks]), open, mayMark(), held.length > shown, asked]);
    const stale = state !== drawn;
    const wait = stale && !force && drawn !== "" && inUse(byId("recent"));
    byId("held").hidden = !wait;
    if (!stale || wait) return;
    drawn = state;
    replace("recent", held.slice(0, shown).map(card), kept ? say("no_recent") : say("no_evidence"));
    byId("more").hidden = held.length <= shown;
  }

  // What was replaced is told apart from what was written: the worker says where, in code points. Brackets alone prove nothing.
  function evidence(text, places) {
    const letters = [...text];
    const parts = [];
    let at = 0;
    for (const [start, end] of places || []) {
      parts.push(...names.written(letters.slice(at, start).join("")), el("mark", {}, letters.slice(start, end).join("")));
      at = end;
    }
    parts.push(...names.written(letters.slice(at).join("")));
    return el("blockquote", { dir: "auto" }, parts);
  }

  function card(one) {
    const place = [`${say(one.direction)} · `, names.linkTo(one.model, harmwatch.model.nameFor(one.model))];
    return el("li", { "data-dimension": one.findings[0].dimension, "data-key": one.id },
      el("div", { class: "row" }, el("span", {}, place), el("span", { class: "soft" }, el("time", { datetime: one.time }, when(Date.parse(one.time) / 1000)))),
      ...one.findings.map((finding) => verdict(one, finding)),
      ...(one.texts.length ? one.texts.map((text, number) => evidence(text, one.replaced?.[number])) : [el("p", { class: "soft small" }, say("no_text"))]),
      el("p", { class: "soft small ident" }, `${say("inference")} `, names.shown(one.inference_id, 80), " ",
        navigator.clipboard ? el("button", { type: "button", class: "link", id: `copy-${one.id}`, "data-copy": one.inference_id }, say("copy")) : null));
  }

  function verdict(one, finding) {
    const mark = one.marks[finding.category];
    const badges = [];
    if (finding.critical) badges.push(el("span", { class: "badge", "data-tone": "bad" }, say("critical")));
    if (finding.leaked) badges.push(el("span", { class: "badge", "data-tone": "bad" }, say("leaked")));
    const group = el("span", { class: "marks", role: "group", "aria-label": say("mark_group", { category: finding.category }) });
    if (open) {
      for (const [correct, key] of [[true, "right"], [false, "wrong"]]) {
        const id = `mark-${one.id}-${finding.category}-${key}`;
        group.append(el("button", { type: "button", id, "aria-disabled": sending.has(id) || !mayMark() ? "true" : null, "aria-pressed": String(mark === correct), title: say(mayMark() ? `${key}_title` : "mark_forbidden"), "data-tone": correct ? "good" : "bad", "data-id": one.id, "data-category": finding.category, "data-correct": String(correct) }, say(key)));
      }
    }
    // Those who look for personal data say what it is.
    const meaning = finding.dimension === "privacy" && finding.explanation ? "" : names.meaning(finding.category);
    const notes = [meaning, finding.explanation && names.explain(finding.explanation)].filter(Boolean).join(" · ");
    return el("div", { class: "finding" },
      el("span", { class: "what" }, el("b", { "data-dimension": finding.dimension }, names.category(finding.category)), " ",
        el("span", { class: "soft" }, say("score_over", { score: fine.format(finding.score), threshold: fine.format(finding.threshold) })), " ", badges,
        notes ? el("small", {}, names.written(notes)) : null),
      group);
  }

  const mayMark = () => harmwatch.role !== "viewer";

  function press(button) {
    const { id, category } = button.dataset;
    const one = held.find((each) => each.id === id);
    if (!one) return;
    if (!mayMark()) {
      byId("mark-note").textContent = say("mark_forbidden");
      byId("mark-note").dataset.tone = "bad";
      return;
    }
    const correct = button.dataset.correct === "true";
    const before = clicked.get(button.id) ?? -AGAIN_MS;
    clicked.set(button.id, performance.now());
    if (clicked.get(button.id) - before < AGAIN_MS) return;
    if (clicked.size > 200) clicked.clear();
    send(one, category, one.marks[category] === correct ? null : correct, button);
  }

  async function send(one, category, correct, button) {
    const note = byId("mark-note");
    if (sending.has(button.id)) return;
    sending.add(button.id);
    button.setAttribute("aria-disabled", "true");
    note.textContent = say("mark_sending", { category });
    delete note.dataset.tone;
    try {
      await fetchJson("/api/v1/feedback", { method: "POST", signal: AbortSignal.timeout(MARK_MS), headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: one.id, category, correct }) });
      if (correct === null) delete one.marks[category];
      else one.marks[category] = correct;
      note.textContent = say(correct === null ? "mark_taken_back" : "mark_saved", { category });
      note.dataset.tone = "good";
      // What became of the mark is known, whether or not the list can be read anew.
      await refresh(true).catch(() => show(true));
    } catch (error) {
      // Without a status nobody answered: it may be the worker that is gone, not the broker.
      // Whoever may mark and is forbidden to is a page of another origin, as far as the worker can tell.
      const forbidden = mayMark() ? "mark_other_origin" : "mark_forbidden";
      const key = { 401: "unauthorised", 403: forbidden, 404: "mark_gone", 429: "mark_too_many", 502: "mark_refused", 503: "mark_failed" }[error.status] || (error.status ? "mark_not_taken" : "mark_lost");
      note.textContent = say(key, { reason: names.explain(error.reason ?? ""), status: error.status });
      note.dataset.tone = "bad";
    } finally {
      sending.delete(button.id);
      button.removeAttribute("aria-disabled");
    }
  }

  function showPrecision() {
    replace("precision", precision.slice(0, 14).map((row) => {
      const [value, lower, upper] = percents(row.value, row.lower, row.upper);
      const values = { name: row.category, value, lower, upper, n: count(row.marked) };
      return el("li", { "data-key": row.category, "data-dimension": row.dimension, title: say("interval_marks", values) },
        el("span", { class: "name" }, names.category(row.category), el("small", {}, say("marked", { right: count(row.correct), n: count(row.marked) }))),
        row.sufficient ? whisker(row.dimension, row, 1) : el("span", { class: "soft small" }, say("few_marks")),
        el("span", { class: "value" }, row.sufficient ? values.value : "–", row.sufficient ? el("small", {}, `${values.lower} – ${values.upper}`) : null));
    }), say("no_marks"));
  }

  function filters() {
    const choices = ["", ...DIMENSIONS].map((name) => {
      const button = el("button", { type: "button", id: `filter-${name || "all"}`, "aria-pressed": String(name === dimension) }, say(name || "all"));
      button.addEventListener("click", () => {
        dimension = name;
        for (const other of byId("filters").children) other.setAttribute("aria-pressed", String(other === button));
        refresh(true).catch(() => {});
      });
      return button;
    });
    byId("filters").append(...choices);
    byId("of-model").addEventListener("change", (event) => {
      ofModel = event.target.checked;
      refresh(true).catch(() => {});
    });
    byId("more").addEventListener("click", () => {
      shown = Math.min(MOST, shown + PAGE);
      show(true);
    });
    byId("recent").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.correct) press(button);
      if (button?.dataset.copy !== undefined) {
        navigator.clipboard.writeText(button.dataset.copy).then(() => write(button, say("copied")), () => {});
        setTimeout(() => write(button, say("copy")), 1500);
      }
    });
    byId("held").addEventListener("click", () => show(true));
  }

  filters();
  return { refresh };
})();
