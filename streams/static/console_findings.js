// The latest findings with redacted evidence, and what operators say of them. What /api/v1/findings gives and /api/v1/feedback takes.
harmwatch.findings = (() => {
  const { DIMENSIONS, byId, count, el, fetchJson, keepFocus, known, percent, replace, say, fine, whisker, when } = harmwatch;
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

  // Somebody who reads or marks must not have the list move under the pointer.
  const isHeld = () => {
    const list = byId("recent");
    return list.matches(":hover") || list.contains(document.activeElement);
  };

  async function refresh(force = false, anew = force) {
    const query = { limit: String(MOST) };
    if (dimension) query.dimension = dimension;
    if (ofModel && harmwatch.model.current() !== undefined) query.model = harmwatch.model.current();
    const question = JSON.stringify(query);
    const whole = anew || question !== asked || Date.now() - wholeAt > WHOLE_LIST_MS;
    if (!whole) query.after = String(number);
    const answer = await fetchJson(`/api/v1/findings?${new URLSearchParams(query)}`);
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
    const state = JSON.stringify([held.slice(0, shown).map((one) => [one.number, one.marks]), open, held.length > shown, asked]);
    const stale = state !== drawn;
    const wait = stale && !force && drawn !== "" && isHeld();
    byId("held").hidden = !wait;
    if (!stale || wait) return;
    drawn = state;
    keepFocus(() => replace("recent", held.slice(0, shown).map(card), kept ? say("no_recent") : say("no_evidence")));
    byId("more").hidden = held.length <= shown;
  }

  function evidence(text) {
    // Redacted values are told apart from what was written.
    const parts = text.split(/(\[[A-Z][A-Z_]*(?:\+[A-Z][A-Z_]*)*\])/);
    return el("blockquote", {}, ...parts.map((part, place) => (place % 2 ? el("mark", {}, part) : part)));
  }

  function card(one) {
    const place = `${say(one.direction)} · ${one.model}`;
    return el("li", { "data-dimension": one.findings[0].dimension },
      el("div", { class: "row" }, el("span", {}, place), el("span", { class: "soft" }, el("time", { datetime: one.time }, when(Date.parse(one.time) / 1000)))),
      ...one.findings.map((finding) => verdict(one, finding)),
      ...(one.texts.length ? one.texts.map(evidence) : [el("p", { class: "soft small" }, say("no_text"))]),
      el("p", { class: "soft small" }, say("inference", { id: one.inference_id })));
  }

  function verdict(one, finding) {
    const mark = one.marks[finding.category];
    const badges = [];
    if (finding.critical) badges.push(el("span", { class: "badge", "data-tone": "bad" }, say("critical")));
    if (finding.leaked) badges.push(el("span", { class: "badge", "data-tone": "bad" }, say("leaked")));
    const group = el("span", { class: "marks", role: "group", "aria-label": say("mark_group", { category: finding.category }) });
    if (open) {
      for (const [correct, key] of [[true, "right"], [false, "wrong"]]) {
        const button = el("button", { type: "button", id: `mark-${one.id}-${finding.category}-${key}`, "aria-pressed": String(mark === correct), title: say(`${key}_title`), "data-tone": correct ? "good" : "bad" }, say(key));
        button.addEventListener("click", () => send(one, finding.category, mark === correct ? null : correct, button));
        group.append(button);
      }
    }
    return el("div", { class: "finding" },
      el("span", { class: "what" }, el("b", { "data-dimension": finding.dimension }, finding.category), " ",
        el("span", { class: "soft" }, say("score_over", { score: fine.format(finding.score), threshold: fine.format(finding.threshold) })), " ", ...badges,
        finding.explanation ? el("small", {}, finding.explanation) : null),
      group);
  }

  async function send(one, category, correct, button) {
    const note = byId("mark-note");
    button.disabled = true;
    note.textContent = say("mark_sending", { category });
    delete note.dataset.tone;
    try {
      await fetchJson("/api/v1/feedback", { method: "POST", signal: AbortSignal.timeout(MARK_MS), headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: one.id, category, correct }) });
      if (correct === null) delete one.marks[category];
      else one.marks[category] = correct;
      note.textContent = say(correct === null ? "mark_taken_back" : "mark_saved", { category });
      note.dataset.tone = "good";
      await refresh(true);
    } catch (error) {
      const key = { 401: "unauthorised", 404: "mark_gone", 502: "mark_refused" }[error.status] || "mark_failed";
      note.textContent = say(key, { reason: error.reason });
      note.dataset.tone = "bad";
    } finally {
      button.disabled = false;
    }
  }

  function showPrecision() {
    keepFocus(() => replace("precision", precision.slice(0, 14).map((row) => {
      const values = { name: row.category, value: percent(row.value), lower: percent(row.lower), upper: percent(row.upper), n: count(row.marked) };
      return el("li", { "data-dimension": row.dimension, title: say("interval_marks", values) },
        el("span", { class: "name" }, row.category, el("small", {}, say("marked", { right: count(row.correct), n: count(row.marked) }))),
        row.sufficient ? whisker(row.dimension, row, 1) : el("span", { class: "soft small" }, say("few_marks")),
        el("span", { class: "value" }, row.sufficient ? values.value : "–", row.sufficient ? el("small", {}, `${values.lower} – ${values.upper}`) : null));
    }), say("no_marks")));
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
    byId("held").addEventListener("click", () => show(true));
  }

  filters();
  return { refresh };
})();
