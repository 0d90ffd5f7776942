// Polls while the page is seen; light or dark.
(() => {
  const { byId, fetchJson, say } = harmwatch;
  const POLL_MS = 2000;
  let lastAnswer = new Date();
  let polling = false;

  async function poll() {
    if (polling) return;
    polling = true;
    try {
      const status = await fetchJson("/api/v1/status");
      harmwatch.model.offer(status);
      harmwatch.overview.show(status);
      await Promise.all([harmwatch.model.refresh(), harmwatch.findings.refresh()]);
      lastAnswer = new Date();
    } catch (error) {
      if (error.status === 401) harmwatch.overview.signedOut();
      else if (error.status) harmwatch.overview.refused(error, lastAnswer);
      else harmwatch.overview.lost(lastAnswer);
    } finally {
      polling = false;
    }
  }

  async function run() {
    if (!document.hidden) await poll();
    setTimeout(run, POLL_MS);
  }

  const THEMES = ["auto", "light", "dark"];
  function paint(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    byId("theme").textContent = say(`theme_${theme}`);
    harmwatch.model.redraw();
  }
  function remembered() {
    try {
      return THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto";
    } catch {
      return "auto";  // storage may be forbidden
    }
  }
  let theme = remembered();
  byId("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Forgotten with the page, then.
    }
    paint(theme);
    poll();
  });
  // The form comes at the page's own address, so that model and window are still there afterwards.
  byId("sign-out").addEventListener("click", async () => {
    try {
      await fetch("/session/end", { method: "POST", redirect: "manual" });
    } finally {
      location.reload();  // which shows whether there still is a session
    }
  });
  byId("sign-in").addEventListener("click", () => location.reload());
  document.addEventListener("click", (event) => {
    if (event.target.closest("a.to-model")) byId("model-title").scrollIntoView({ block: "start" });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint(theme));
  harmwatch.model.whenSelected(() => {
    harmwatch.model.refresh().catch(() => {});
    harmwatch.findings.refresh().catch(() => {});
    poll();
  });
  addEventListener("hashchange", () => {
    harmwatch.readAddress();
    harmwatch.choose("", null);
    poll();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  paint(theme);
  harmwatch.choose("", null);
  run();
})();
