// The viewer of trajectories. What an agent wrote becomes text nodes, never markup.
(() => {
  const { make, renderPage } = readable;
  const viewer = document.getElementById("viewer");
  const block = document.getElementById("viewer-data");
  const list = document.getElementById("attempts");
  const pane = document.getElementById("attempt");
  const filters = ["text", "agent", "site", "outcome"].map((name) => document.getElementById("filter-" + name));
  const MARKS = { success: "✓", failure: "✗", "not counted": "–" };
  const DISAGREE = "rules and ORM disagree";
  const FAILURE = "failure: ";

  let data = null;
  let entries = [];
  let shown = [];
  let current = -1;
  let step = 0;
  let asText = false;
  let promptOpen = false;

  async function read() {
    const text = block.textContent;
    if (block.dataset.compressed !== "yes") return JSON.parse(text);
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function unpack() {
    const record = await read();
    record.texts = record.texts.map((numbers) => numbers.map((number) => record.lines[number]).join("\n"));
    return record;
  }

  // ---- one attempt ----

  const percent = (value) => (100 * value).toFixed(0) + " %";
  const wordsOf = (taken) => taken.words ?? "Not an action";

  function verdictBadge(verdict, name) {
    if (!verdict) return null;
    const scored = verdict.status === "scored";
    const said = scored ? (verdict.success ? "success" : "failure") : "not counted";
    const chance = verdict.p_yes === null ? "" : ", P(YES) = " + verdict.p_yes.toFixed(2);
    const words = scored ? (verdict.success ? "done" : "not done") : verdict.status;
    const badge = make("span", "verdict " + said.replace(" ", "-"), MARKS[said] + " " + name + ": " + words + chance);
    badge.title = verdict.detail;
    return badge;
  }

  function verdicts(item) {
    const label = item.label && item.label.source !== "rules" ? item.label : null;
    const badges = [verdictBadge(item.rules, "rules"), verdictBadge(label, "ORM")];
    if (!item.rules && item.label && !label) badges.push(verdictBadge(item.label, "rules"));
    if (item.failure) badges.push(make("span", "verdict not-counted", "– infrastructure failure"));
    if (item.disagree) badges.push(make("span", "verdict disagree", "≠ they disagree"));
    if (item.kind) badges.push(make("span", "tag", item.kind));
    if (item.label) badges.push(make("span", "quiet", "labelled by " + (label ? "the ORM" : "the rules")));
    return make("p", "verdicts", ...badges);
  }

  function heading(item) {
    const facts = [item.agent, item.site, item.task, "world " + item.world];
    if (item.phase) facts.push("phase " + item.phase);
    if (item.parent) facts.push("evolved from " + item.parent);
    const line = make("p", "facts-line", ...facts.map((fact) => make("span", "", fact)));
    line.append(...item.tags.map((tag) => make("span", "tag", tag.replaceAll("_", " "))));
    const others = data.trajectories.filter((other) => other.task === item.task && other !== item);
    const same = others.slice(0, 8).map((other) => {
      const button = make("button", "other " + other.outcome.replace(" ", "-"), MARKS[other.outcome] + " " + other.agent);
      button.type = "button";
      button.addEventListener("click", () => open(data.trajectories.indexOf(other), 0));
      return button;
    });
    const row = same.length ? make("p", "same", make("span", "quiet", "Same task:"), ...same) : null;
    return make("header", "", make("h3", "", item.instruction), line, verdicts(item), row);
  }

  function meter(value) {
    const bar = make("span", "meter");
    const full = make("span", "full");
    full.style.width = 100 * Math.min(1, Math.max(0, value)) + "%";
    bar.append(full);
    const shownValue = make("span", "value", "V ", value.toFixed(2), bar);
    shownValue.title = "The critic's V(s): how likely it held success before this step";
    return shownValue;
  }

  function timeline(item) {
    const rows = item.steps.map((taken, index) => {
      const label = make("span", "words", wordsOf(taken));
      if (taken.error) label.append(make("span", "warn", " failed"));
      return [String(index + 1), label, taken.value === null ? null : meter(taken.value)];
    });
    rows.push(["", make("span", "words", item.failure ? "The infrastructure failed" : "The end"), null]);
    const steps = rows.map(([number, label, value], index) => {
      const button = make("button", index === step ? "now" : "", make("span", "number", number), label, value);
      button.type = "button";
      if (index === step) button.setAttribute("aria-current", "step");
      button.addEventListener("click", () => open(current, index));
      return make("li", "", button);
    });
    const ordered = make("ol", "timeline", ...steps);
    ordered.setAttribute("aria-label", "Steps");
    return ordered;
  }

  function actionText(text) {
    const code = make("code", "");
    text.split("\n").forEach((line, index) => {
      code.append(index ? "\n" : "", line.startsWith("#") ? make("span", "comment", line) : line);
    });
    return make("pre", "action", code);
  }

  function actionCard(taken) {
    const card = make("div", "card-action", make("p", "what", make("b", "", wordsOf(taken))));
    if (taken.value !== null) card.firstChild.append(meter(taken.value));
    card.append(actionText(taken.action));
    if (taken.error) card.append(make("p", "problem", "It failed: " + taken.error));
    return card;
  }

  function endCard(item) {
    const card = make("div", "card-action");
    const last = item.steps.at(-1);
    if (item.failure) {
      card.append(make("p", "problem", item.failure), make("p", "quiet", "Such an attempt is never counted or trained on."));
    } else if (last && last.kind === "exit") {
      const answer = last.argument ? make("q", "answer", last.argument) : make("span", "quiet", "no answer");
      card.append(make("p", "what", "The agent left with ", answer));
    } else {
      card.append(make("p", "what", item.truncated ? "The step limit ended the attempt." : "The attempt ended."));
    }
    for (const verdict of [item.rules, item.label && item.label.source === "rules" && item.rules ? null : item.label]) {
      if (verdict && verdict.detail) {
        const who = verdict.source === "rules" ? "Rules" : "ORM";
        card.append(make("p", "detail", make("b", "", who + ": "), verdict.detail));
      }
    }
    return card;
  }

  function frame(state, taken) {
    const bar = make("div", "address", make("span", "url", state.url || "no page"));
    const picture = state.shot !== null && !asText;
    if (state.shot !== null) {
      const toggle = make("button", "toggle", asText ? "Screenshot" : "As text");
      toggle.type = "button";
      toggle.addEventListener("click", () => {
        asText = !asText;
        draw();
        pane.querySelector(".toggle").focus();
      });
      bar.append(toggle);
    }
    const body = make("div", "window");
    body.tabIndex = 0;
    body.setAttribute("role", "region");
    body.setAttribute("aria-label", "Page");
    const target = taken && taken.element !== null ? { ...taken, found: null } : null;
    if (picture) {
      const image = make("img", "");
      image.src = data.shots[state.shot];
      image.alt = "Screenshot of " + state.url;
      body.append(image);
    } else {
      body.append(renderPage(data.texts[state.page], target));
    }
    return [make("div", "browser", bar, body), body, target && target.found];
  }

  function readText(state, taken) {
    const prompt = taken.prompt === null ? null : data.texts[taken.prompt];
    const summary = prompt === null ? "The page as the agent read it" : "The text the policy read";
    const cut = taken.cut ? " (" + taken.cut + " characters of the page left out)" : "";
    const fold = make("details", "read", make("summary", "", summary + cut), make("pre", "", prompt ?? data.texts[state.page]));
    fold.open = promptOpen;
    fold.addEventListener("toggle", () => {
      promptOpen = fold.open;
    });
    return fold;
  }

  function mover(name, text, distance, possible) {
    const button = make("button", "move " + name, text);
    button.type = "button";
    button.disabled = !possible;
    button.addEventListener("click", () => {
      open(current, step + distance);
      const again = pane.querySelector(".move." + name);
      (again.disabled ? pane.querySelector(".move:not(:disabled)") ?? pane : again).focus({ preventScroll: true });
    });
    return button;
  }

  function draw() {
    const item = data.trajectories[current];
    const atEnd = step === item.steps.length;
    const taken = atEnd ? null : item.steps[step];
    const state = taken ?? item.final;
    const place = make("span", "place", atEnd ? "The end" : "Step " + (step + 1) + " of " + item.steps.length);
    place.setAttribute("aria-live", "polite");
    const moves = make("div", "moves", mover("back", "← Back", -1, step > 0), place, mover("on", "Next →", 1, !atEnd));
    const [browser, body, acted] = frame(state, taken);
    const stage = make("div", "stage", moves, taken ? actionCard(taken) : endCard(item), browser, taken ? readText(state, taken) : null);
    const strip = timeline(item);
    pane.replaceChildren(heading(item), make("div", "parts", strip, stage));
    // Only the boxes scroll, never the reader's page.
    if (acted) body.scrollTop = acted.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
    const now = strip.querySelector(".now");
    strip.scrollTop = now.offsetTop - strip.clientHeight / 2;
  }

  function open(index, at) {
    current = index;
    const last = data.trajectories[index].steps.length;
    step = Math.min(last, Math.max(0, at));
    draw();
    for (const entry of entries) entry.button.removeAttribute("aria-current");
    const entry = entries[index];
    entry.button.setAttribute("aria-current", "true");
    const above = entry.row.offsetTop - list.offsetTop;
    if (above < list.scrollTop || above + entry.row.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = above - list.clientHeight / 3;
    }
    history.replaceState(null, "", "#attempt-" + (index + 1) + "-" + (step + 1));
  }

  // ---- the list and its filters ----

  function searchText(item) {
    const parts = [item.instruction, item.task, item.agent, item.final.url, data.texts[item.final.page]];
    for (const taken of item.steps) parts.push(taken.action, taken.url, data.texts[taken.page]);
    return parts.join("\n").toLowerCase();
  }

  function listEntry(item, index) {
    const mark = make("span", "mark " + item.outcome.replace(" ", "-"), MARKS[item.outcome]);
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", item.outcome);
    const count = item.steps.length + (item.steps.length === 1 ? " step" : " steps");
    const facts = make("span", "sub", item.agent + " · " + item.site + " · " + count + (item.disagree ? " · ≠" : ""));
    const button = make("button", "", mark, make("span", "text", make("span", "instruction", item.instruction), facts));
    button.type = "button";
    button.addEventListener("click", () => {
      open(index, 0);
      if (matchMedia("(max-width: 899px)").matches) pane.scrollIntoView({ block: "start" });
    });
    return { item, button, row: make("li", "", button), text: null };
  }

  function outcomesOf(item) {
    const found = [item.outcome];
    if (item.kind) found.push(FAILURE + item.kind);
    if (item.disagree) found.push(DISAGREE);
    return found;
  }

  function matches(entry, [text, agent, site, outcome]) {
    const item = entry.item;
    if (agent && item.agent !== agent) return false;
    if (site && item.site !== site) return false;
    if (outcome && !outcomesOf(item).includes(outcome)) return false;
    if (!text) return true;
    entry.text ??= searchText(item);
    return text.toLowerCase().split(/\s+/).every((word) => entry.text.includes(word));
  }

  function filter() {
    const wanted = filters.map((field) => field.value.trim());
    shown = [];
    entries.forEach((entry, index) => {
      const fits = matches(entry, wanted);
      entry.row.hidden = !fits;
      if (fits) shown.push(index);
    });
    const found = shown.length === entries.length ? entries.length + " attempts" : shown.length + " of " + entries.length + " attempts";
    document.getElementById("found").textContent = shown.length ? found : "No attempt fits the filter.";
    if (shown.length && !shown.includes(current)) open(shown[0], 0);
  }

  function fillFilter(field, values) {
    for (const value of [...new Set(values)]) {
      const option = make("option", "", value);
      option.value = value;
      field.append(option);
    }
  }

  function moveInList(distance) {
    const position = shown.indexOf(current) + distance;
    if (position >= 0 && position < shown.length) open(shown[position], 0);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .scroll")) return;
    const moves = { ArrowLeft: () => open(current, step - 1), ArrowRight: () => open(current, step + 1) };
    moves.j = () => moveInList(1);
    moves.k = () => moveInList(-1);
    if (list.contains(event.target)) {
      moves.ArrowDown = moves.j;
      moves.ArrowUp = moves.k;
    }
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const inList = list.contains(event.target);
    const inPane = pane.contains(event.target);
    move();
    if (inList) entries[current].button.focus({ preventScroll: true });
    else if (inPane && !pane.contains(document.activeElement)) pane.focus({ preventScroll: true });
  }

  function openHash() {
    const named = /^#attempt-(\d+)-(\d+)$/.exec(location.hash);
    const index = named ? Number(named[1]) - 1 : -1;
    if (!data.trajectories[index]) return false;
    open(index, Number(named[2]) - 1);
    return true;
  }

  async function start() {
    data = await unpack();
    for (const item of data.trajectories) {
      const orm = item.label && item.label.source !== "rules" ? item.label : null;
      const both = orm && item.rules && orm.status === "scored" && item.rules.status === "scored";
      item.disagree = Boolean(both) && orm.success !== item.rules.success;
    }
    entries = data.trajectories.map(listEntry);
    list.append(...entries.map((entry) => entry.row));
    fillFilter(filters[1], data.trajectories.map((item) => item.agent));
    fillFilter(filters[2], data.trajectories.map((item) => item.site));
    const outcomes = new Set(data.trajectories.flatMap(outcomesOf));
    const kinds = [...outcomes].filter((name) => name.startsWith(FAILURE)).sort();
    fillFilter(filters[3], [...Object.keys(MARKS), ...kinds, DISAGREE].filter((name) => outcomes.has(name)));
    for (const field of filters) field.addEventListener("input", filter);
    filters[0].form.addEventListener("submit", (event) => event.preventDefault());
    viewer.hidden = false;
    const linked = openHash();
    if (linked) viewer.scrollIntoView();
    filter();
    addEventListener("hashchange", openHash);
    document.addEventListener("keydown", onKey);
    viewer.dataset.ready = "yes";
  }

  start().catch((error) => {
    viewer.hidden = false;
    viewer.replaceChildren(make("p", "problem", "The attempts cannot be shown: " + error.message));
  });
})();
