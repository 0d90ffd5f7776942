// Tiles, signs, categories, the pipeline: what /api/v1/status gives, but for the table of models.
harmwatch.overview = (() => {
  const { DIMENSIONS, bar, byId, clockTime, count, duration, el, fixed, known, names, percent, pill, rate, replace, say, says, told, when, write } = harmwatch;

  const PARTITIONS = 64;

  function showHealth(status) {
    const { health, ready } = status;
    if (health) pill("alive", health.alive ? "good" : "bad", say(health.alive ? "alive" : "stalled"), names.explain(health.reason));
    if (ready) {
      const what = (ready.missing || []).map(names.reason).join(", ");
      pill("ready", ready.ready ? "good" : "warn", ready.ready ? say("ready") : say("not_ready", { what }), what);
    }
    notify(health && !health.alive ? names.explain(health.reason) : "");
  }

  function notify(text, signIn = false) {
    byId("notice").hidden = !text;
    write(byId("notice-text"), text);
    byId("sign-in").hidden = !signIn;
  }

  function showTiles(pipeline) {
    const tile = (key, value, sub, tone) =>
      el("div", { "data-tone": tone, "data-key": key }, el("dt", {}, say(key)), el("dd", {}, value), el("dd", { class: "sub" }, sub || ""));
    const share = (part, all) => (known(part) ? part / Math.max(all, 1) : NaN);
    const of = (key, value) => (known(value) ? say(key, { share: percent(value) }) : "");
    const missing = share(pipeline.missing_scores, (pipeline.scored || 0) + (pipeline.missing_scores || 0));
    const dead = share(pipeline.dead_letters, (pipeline.events || 0) + (pipeline.dead_letters || 0));
    const doubles = pipeline.duplicates > 0 ? say("duplicates", { n: count(pipeline.duplicates) }) : "";
    // Where nothing has been finished of late there is no time to show, and all the more a backlog.
    const behind = known(pipeline.lag_records) ? say("records", { n: count(pipeline.lag_records) }) : say("lag_unknown");
    const lag = known(pipeline.lag_seconds) || !(pipeline.lag_records > 0)
      ? tile("tile_lag", duration(pipeline.lag_seconds), behind)
      : tile("tile_lag", count(pipeline.lag_records), say("records_no_time"), "warn");
    replace("tiles", [
      tile("tile_rate", rate(pipeline.events_per_second)),
      tile("tile_events", count(pipeline.events), doubles || say("since_start")),
      tile("tile_findings", count(pipeline.findings), say("since_start")),
      lag,
      tile("tile_missing", count(pipeline.missing_scores), of("per_scored", missing), missing > 0.01 ? "bad" : missing > 0 ? "warn" : null),
      tile("tile_dead", count(pipeline.dead_letters), of("share_of_records", dead), dead > 0.01 ? "bad" : dead > 0 ? "warn" : null),
    ]);
  }

  function showFindings(findings) {
    const shown = [...findings].sort((a, b) => b.count - a.count).slice(0, 14);
    const most = Math.max(1, ...shown.map((row) => row.count));
    replace("findings", shown.map((row) => el(
      "li", { "data-dimension": row.dimension, "data-key": `${row.dimension} ${row.category}` },
      el("span", { class: "name" }, names.category(row.category), el("small", {}, [names.meaning(row.category), say(row.dimension)].filter(Boolean).join(" · "))),
      bar(row.count / most),
      el("span", { class: "value" }, count(row.count)),
    )), say("no_findings"));
  }

  function showPipeline(status) {
    const stages = status.stages || [];
    const largest = Math.max(0.01, ...stages.map((row) => row.share || 0));
    replace("stages", stages.map((row) => el(
      "li", { "data-key": row.stage },
      el("span", { class: "name" }, names.stage(row.stage), known(row.seconds) ? el("small", {}, duration(row.seconds)) : null),
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
      meters.push(meter("sampling", percent(ratio), ratio, note, pipeline.shedding ? "warn" : null));
    }
    filled("series", pipeline.series, pipeline.series_budget);
    replace("meters", meters);

    // Of more than there is room for those that are furthest behind, or of which nobody knows how far.
    const partitions = status.partitions || [];
    const behind = (row) => (known(row.lag) ? row.lag : Infinity);
    const shown = partitions.length > PARTITIONS ? [...partitions].sort((a, b) => (behind(b) > behind(a)) - (behind(a) > behind(b))).slice(0, PARTITIONS) : partitions;
    const chips = shown.map((row) => el(
      "li", { "data-tone": row.lag > 10000 ? "warn" : null }, el("span", {}, names.shown(`${row.topic}[${row.partition}]`)), el("b", {}, count(row.lag)),
    ));
    if (partitions.length > PARTITIONS) chips.push(el("li", {}, say("more_partitions", { n: count(partitions.length - PARTITIONS) })));
    replace("partitions", chips, say("no_partitions"));
  }

  function showFooter(status) {
    const parts = [status.version ? `harmwatch ${status.version}` : "harmwatch"];
    if (known(status.now) && known(status.started)) parts.push(say("uptime", { time: duration(status.now - status.started) }));
    parts.push(say("updated", { time: clockTime.format(new Date()) }));
    write(byId("build"), parts.join(" · "));
    const { hash, taken, refused } = status.configuration || {};
    const what = hash ? say("configuration", { hash, time: when(taken) }) : known(taken) ? say("no_configuration") : "";
    write(byId("configuration"), (what && "· ") + (refused ? `${what} · ${say("configuration_refused")}` : what));
    byId("configuration").dataset.tone = refused ? "bad" : "";
  }

  // A detail is a kind of campaign, a category, something missing, or labels.
  function detail(text) {
    if (says(`kind_${text}`)) return say(`kind_${text}`);
    if (DIMENSIONS.includes(text)) return say(text);
    const categories = text.split(", ");
    if (categories.every((one) => names.meaning(one))) return categories.flatMap((one, place) => [place ? ", " : "", names.category(one)]);
    const [, attribute, worse, better, measure] = /^(.*): (.*) \/ (.*) \((\w+)\)$/s.exec(text) || [];
    if (says(`measure_${measure}`)) return [names.shown(attribute), ": ", names.shown(worse), " / ", names.shown(better), ` (${say(`measure_${measure}`)})`];
    const whole = names.explain(text);
    if (whole !== text) return names.shown(whole, 160);
    const reasons = categories.map(names.reason);
    return reasons.some((one, place) => one !== categories[place]) ? reasons.join(", ") : names.shown(text, 160);
  }

  // Where no token is asked for there is nobody to name.
  function showAccess(access) {
    harmwatch.role = access?.role ?? "admin";
    if (access && access.name !== "anyone") pill("access", "idle", say(`role_${access.role}`, { name: access.name }), say(`role_${access.role}_title`));
    else byId("access").hidden = true;
    byId("sign-out").hidden = !access || access.name === "anyone";
  }

  function signs(rows) {
    const number = (value) => (!known(value) ? "–" : Number.isInteger(value) ? count(value) : fixed.format(value));
    replace("signs", rows.map((row) => {
      const values = { value: number(row.value), limit: number(row.limit), share: percent(row.value), time: duration(row.value), most: percent(row.limit), window: row.window };
      if (row.model !== undefined) values.model = names.linkTo(row.model, harmwatch.model.nameFor(row.model));
      const details = row.sign === "more" ? say(`sign_${row.detail}`) : detail(row.detail ?? "");
      const parts = told(`sign_${row.sign}_says`, { ...values, detail: "{detail}" }).flatMap((part) => (part === "{detail}" ? details : [part]));
      return el("li", { "data-tone": row.tone, "data-key": `${row.sign} ${row.model ?? ""} ${row.detail ?? ""}` }, el("b", {}, say(`sign_${row.sign}`)), " ", el("span", {}, parts));
    }), say("no_signs"));
  }

  byId("legend").append(...DIMENSIONS.map((name) => el("li", { "data-dimension": name }, say(name))));

  return {
    notify,
    show(status) {
      showHealth(status);
      showAccess(status.access);
      showTiles(status.pipeline || {});
      signs(status.signs || []);
      harmwatch.table.show(status.models || []);
      showFindings(status.findings || []);
      showPipeline(status);
      showFooter(status);
    },
    lost(time) {
      pill("alive", "bad", say("offline"), "");
      byId("ready").hidden = true;
      notify(say("lost", { time: clockTime.format(time) }));
    },
    // Somebody is there, and says why not: a worker that is asked too often is not one that is gone.
    refused(error, time) {
      pill("alive", "warn", say("answers_status", { status: error.status }), "");
      byId("ready").hidden = true;
      const values = { time: clockTime.format(time), status: error.status, reason: names.explain(error.reason) };
      notify(say(error.status === 429 ? "too_many" : "refused_status", values));
    },
    signedOut() {
      pill("alive", "warn", say("signed_out"), "");
      byId("ready").hidden = true;
      notify(say("unauthorised"), true);
    },
  };
})();
