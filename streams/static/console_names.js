// Names and texts of others, shown so that they deceive nobody: what is invisible is written out, what turns the line round stays inside
// its own element, and nothing is longer or higher than its place. And the words of scorers, in the reader's language.
harmwatch.names = (() => {
  const { addressOf, el, says, say } = harmwatch;
  const TERMS = JSON.parse(document.getElementById("terms").textContent);
  const CATEGORIES = TERMS.categories;
  const PHRASES = new Map(Object.entries(TERMS.phrases || {}));
  const TEMPLATES = (TERMS.templates || []).map(([pattern, text]) => [new RegExp(`^(?:${pattern})$`), text]);
  const LONGEST = 44;
  const TAIL = 14;
  const MARKS = 4;
  // Joiners belong to words of these scripts; between pictures they make one of two, and a selector behind one chooses its colour.
  const JOINED = "[\\p{Script=Arabic}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{M}]";
  const KEPT = `(?<=${JOINED})[\\u200c\\u200d]|(?<=[\\p{Extended_Pictographic}\\ufe0f])\\u200d(?=\\p{Extended_Pictographic})|(?<=[\\p{Extended_Pictographic}#*0-9])\\ufe0f`;
  const HIDDEN = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Co}\\p{Cn}\\u00a0\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200a\\u202f\\u205f\\u2800\\u3164\\uffa0\\ufe00-\\ufe0f]|[\\u{e0100}-\\u{e01ef}]";
  const TOO_MANY = `(?<=\\p{M}{${MARKS}})\\p{M}+`;
  const ODD = new RegExp(`(${KEPT})|(${TOO_MANY})|(${HIDDEN})`, "gu");
  const codeOf = (character) => `\\u${character.codePointAt(0) > 0xffff ? `{${character.codePointAt(0).toString(16)}}` : character.codePointAt(0).toString(16).padStart(4, "0")}`;

  // Stretches of a text: [as it is shown, whether that is an escape].
  function stretches(text, lines) {
    const found = [];
    let place = 0;
    for (const match of text.matchAll(ODD)) {
      const [, kept, marks, hidden] = match;
      if (kept || (lines && (hidden === "\n" || hidden === "\t"))) continue;
      if (match.index > place) found.push([text.slice(place, match.index), false]);
      found.push([marks ? `+${[...marks].length}` : codeOf(hidden), true]);
      place = match.index + match[0].length;
    }
    if (place < text.length) found.push([text.slice(place), false]);
    return found;
  }
  // May be broken behind the signs that part names, before it is broken in the middle of a word.
  const breakable = (part) => part.split(/(?<=[._/=:[-])(?=[^\s._/=:[\]-])/).flatMap((piece, place) => [place ? el("wbr") : null, piece]);
  const nodes = (found, broken = breakable) => found.flatMap(([part, escape]) => (escape ? [el("span", { class: "escape" }, part)] : broken(part)));
  // Blanks at the ends, and more than one inside, would look like none or one. An empty name is one, too.
  const blanks = (name) => (name === "" ? say("empty_name") : name.replace(/^ +| +$| {2,}/g, (run) => "␣".repeat(run.length)));
  function cut(name, longest = LONGEST) {
    const letters = [...name];
    return letters.length <= longest ? name : `${letters.slice(0, longest - TAIL).join("")}…${letters.slice(-TAIL).join("")}`;
  }
  const flat = (found) => found.map(([part]) => part).join("");
  // For titles and options, which have no elements: isolated, so that it does not turn what stands around it.
  const plain = (name) => `\u2068${flat(stretches(cut(blanks(String(name))), false))}\u2069`;
  function shown(name, longest = LONGEST) {
    const whole = flat(stretches(blanks(String(name)), false));
    const found = stretches(cut(blanks(String(name)), longest), false);
    const short = flat(found);
    return el("bdi", { class: "name-of", title: short === whole && !found.some(([, escape]) => escape) ? null : whole.slice(0, 1100) }, nodes(found));
  }
  const written = (text) => nodes(stretches(text, true), (part) => [part]);

  // "other" is where models are counted that have no room of their own; a model may be called so as well.
  const isOther = (name) => name === "other";
  const model = (name) => (isOther(name) ? el("i", { title: say("other_title") }, say("other_models")) : shown(name));
  const modelText = (name) => (isOther(name) ? say("other_models") : plain(name));
  const linkTo = (name, target) => el("a", { href: addressOf(target), class: "to-model", title: say("look_at", { model: modelText(target) }) }, target === name ? model(name) : shown(name));

  function meaning(category) {
    if (Object.hasOwn(CATEGORIES, category)) return CATEGORIES[category];
    const starred = Object.keys(CATEGORIES).filter((name) => name.endsWith("*") && category.startsWith(name.slice(0, -1)));
    return starred.length ? CATEGORIES[starred.sort((a, b) => b.length - a.length)[0]] : "";
  }
  const category = (name) => el("bdi", { title: meaning(name) || null }, nodes(stretches(cut(name), false)));

  // Scorers explain in English, in sentences of a closed set: those are translated, any other stays.
  function explain(text) {
    const phrase = PHRASES.get(text);
    if (phrase !== undefined) return phrase;
    for (const [pattern, told] of TEMPLATES) {
      const match = pattern.exec(text);
      if (match) return told.replace(/\{(\d)\}/g, (_, place) => explain(match[place]));
    }
    for (const [between, glue] of [[/; /, "；"], [/, (?![^(]*\))/, "、"], [/ > /, " > "]]) {
      const parts = text.split(between);
      const told = parts.map((part) => (parts.length > 1 ? explain(part) : part));
      if (told.some((part, place) => part !== parts[place])) return told.join(glue);
    }
    return text;
  }
  function stage(name) {
    if (says(`stage_${name}`)) return say(`stage_${name}`);
    return name.startsWith("score_") ? say("stage_score", { name: name.slice(6) }) : name;
  }
  const reason = (name) => (says(`missing_${name}`) ? say(`missing_${name}`) : explain(name));

  return { category, explain, isOther, linkTo, meaning, model, modelText, plain, reason, shown, stage, written };
})();
