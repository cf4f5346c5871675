// What the engine does inside a page, in a world of its own: page scripts neither see nor change it.
// Every function answers with a JSON text. Elements are named by numbers ("refs") that hold for one document.
(() => {
  if (globalThis.webrlGym) return;

  const ATTRIBUTES = new Set([
    "id", "for", "href", "type", "placeholder", "title", "alt", "aria-label", "aria-expanded", "role", "name",
    "disabled", "hidden", "multiple", "contenteditable", "onclick", "readonly", "required",
  ]);
  const LEAVES = new Set(["script", "style", "noscript", "template", "svg", "textarea"]);
  const LIVE_VALUE = new Set([
    "text", "search", "email", "password", "tel", "url", "number", "range", "color",
    "date", "time", "month", "week", "datetime-local",
  ]);
  const TYPED = new Set(["text", "search", "email", "password", "tel", "url"]);
  const SET_AT_ONCE = new Set(["number", "range", "color", "date", "time", "month", "week", "datetime-local"]);
  // Deeper elements become siblings: readers of the tree may recurse.
  const DEEPEST = 150;
  const SPARE_DEPTH = 40;
  const NAMED_BY_TEXT = new Set(["a", "button", "label", "select", "summary"]);
  const DEEPEST_WALK = 1000;
  const MOST_OPTIONS_NAMED = 12;

  const refs = new WeakMap();
  const elements = [];
  let lastChange = performance.now();
  let refusedForm = "";

  new MutationObserver(() => { lastChange = performance.now(); })
    .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  addEventListener("invalid", (event) => { refusedForm ||= invalidity(event.target); }, true);

  const json = (value) => JSON.stringify(value);
  const collapse = (text) => text.split(/\s+/).join(" ").trim();
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  function refOf(element) {
    let ref = refs.get(element);
    if (ref === undefined) {
      ref = elements.push(new WeakRef(element)) - 1;
      refs.set(element, ref);
    }
    return ref;
  }

  function fieldName(element) {
    return element.getAttribute("aria-label") || element.getAttribute("placeholder") || element.name
      || element.localName;
  }

  function invalidity(element) {
    const state = element.validity;
    if (state.valueMissing) return `the field "${fieldName(element)}" must be filled in.`;
    if (state.typeMismatch && element.type === "email") {
      return `"${element.value.slice(0, 60)}" is not an e-mail address.`;
    }
    return `the field "${fieldName(element)}" has a value that is not allowed: ${element.validationMessage}`;
  }

  function attributesOf(element, tag) {
    const found = {};
    for (const { name, value } of element.attributes) {
      if (ATTRIBUTES.has(name)) found[name] = name === "onclick" ? "" : value.toWellFormed();
    }
    const declared = element.getAttribute("value");
    if (declared !== null && tag !== "input" && tag !== "textarea") found.value = declared.toWellFormed();
    if (tag === "input") {
      const value = LIVE_VALUE.has(element.type) ? element.value : declared;
      if (value || declared !== null) found.value = (value ?? "").toWellFormed();
      if (element.checked && (element.type === "checkbox" || element.type === "radio")) found.checked = "";
    } else if (tag === "textarea") {
      found.value = element.value.toWellFormed();
    } else if (tag === "option") {
      if (element.selected) found.selected = "";
    } else if (tag === "details" || tag === "dialog") {
      if (element.open) found.open = "";
    }
    if (!("disabled" in found) && element.matches(":disabled")) found.disabled = "";
    return found;
  }

  // An element is [tag, ref, attributes or 0, child, child, ...]; a text is a string.
  function addElement(element, siblings, depth) {
    const tag = element.localName;
    const found = attributesOf(element, tag);
    let empty = true;
    for (const _ in found) { empty = false; break; }
    const node = [tag, refOf(element), empty ? 0 : found];
    siblings.push(node);
    if (LEAVES.has(tag)) return;
    const nested = depth < DEEPEST
      || element.firstElementChild === null
      || depth < DEEPEST + SPARE_DEPTH && NAMED_BY_TEXT.has(tag);
    addChildren(element, nested ? node : siblings, depth + 1);
  }

  function addChildren(parent, siblings, depth) {
    let text = "";
    for (let child = parent.firstChild; child !== null; child = child.nextSibling) {
      if (child.nodeType === Node.TEXT_NODE || child.nodeType === Node.CDATA_SECTION_NODE) {
        text += child.data;
      } else if (child.nodeType === Node.ELEMENT_NODE) {
        if (text) siblings.push(text.toWellFormed());
        text = "";
        if (depth < DEEPEST_WALK) addElement(child, siblings, depth);
        else siblings.push(child.textContent.toWellFormed());
      }
    }
    if (text) siblings.push(text.toWellFormed());
  }

  function snapshot() {
    const tree = [];
    const root = document.body ?? document.documentElement;
    if (root) addElement(root, tree, 0);
    return {
      url: location.href,
      title: collapse(document.title),
      body: tree[0] ?? ["body", -1, 0],
    };
  }

  function hasScripts() {
    return document.scripts.length > 0
      || document.querySelector("[onclick],[onchange],[oninput],[onload],[onsubmit],[onmousedown],[onfocus]") !== null;
  }

  // Waits until nothing has changed for `stillness` milliseconds, at most `limit` milliseconds. Tells whether that came to
  // pass, why the browser refused to send a form since the last action, the status that the document came with, and
  // on request the page.
  async function quiet(stillness, limit, read) {
    // Work that an event has queued, such as sending a form, must get its turn first.
    await pause(0);
    const start = performance.now();
    const scripted = hasScripts();
    let left = scripted ? stillness - (start - lastChange) : 0;
    while (left > 0 && performance.now() - start + left <= limit) {
      await pause(left);
      left = stillness - (performance.now() - lastChange);
    }
    const calm = left <= 0 && document.readyState !== "loading";
    return json({
      calm,
      refusal: refusedForm,
      status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
      scripted,
      page: read && (calm || limit === 0) ? json(snapshot()) : "",
    });
  }

  // Resolves at the next change of a page with scripts, or after `limit` milliseconds.
  async function nextChange(limit) {
    const start = performance.now();
    const seen = lastChange;
    while (hasScripts() && lastChange === seen && performance.now() - start < limit) await pause(15);
    return json(true);
  }

  class Refusal extends Error {}

  function find(ref) {
    const element = elements[ref]?.deref();
    if (!element?.isConnected) throw new Refusal("The element is no longer on the page.");
    if (element.matches(":disabled")) throw new Refusal("The element is disabled.");
    return element;
  }

  function answer(work) {
    lastChange = performance.now();
    refusedForm = "";
    try {
      return json(work());
    } catch (error) {
      if (error instanceof Refusal) return json({ error: error.message });
      throw error;
    }
  }

  function describe(element) {
    const text = collapse(element.innerText ?? "").slice(0, 40);
    return `<${element.localName}>${text ? ` "${text}"` : ""}`;
  }

  function hitAt(element, x, y) {
    const root = element.getRootNode();
    const hit = root.elementFromPoint(x, y);
    if (hit === null) return { hit, own: false };
    const label = hit.closest("label");
    return { hit, own: element.contains(hit) || label?.control === element };
  }

  function visibleParts(element) {
    return [...element.getClientRects()]
      .map((box) => ({
        left: Math.max(box.left, 0), right: Math.min(box.right, innerWidth),
        top: Math.max(box.top, 0), bottom: Math.min(box.bottom, innerHeight),
      }))
      .filter((box) => box.right - box.left >= 1 && box.bottom - box.top >= 1);
  }

  // Where to put the mouse: a point of the element that nothing else covers.
  function pointOf(element) {
    if (!element.checkVisibility({ visibilityProperty: true })) throw new Refusal("The element is not visible.");
    const whole = element.getBoundingClientRect();
    if (whole.top < 0 || whole.left < 0 || whole.bottom > innerHeight || whole.right > innerWidth) {
      element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    }
    const parts = visibleParts(element);
    if (parts.length === 0) {
      const label = [...element.labels ?? []].find((each) => each.getClientRects().length > 0);
      if (label) return pointOf(label);
      throw new Refusal("The element is not visible.");
    }
    let covering = null;
    for (const part of parts) {
      for (const [across, down] of [[0.5, 0.5], [0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.8]]) {
        const x = part.left + (part.right - part.left) * across;
        const y = part.top + (part.bottom - part.top) * down;
        const { hit, own } = hitAt(element, x, y);
        if (own) return { x, y };
        covering ??= hit;
      }
    }
    throw new Refusal(`The element is covered by ${covering ? describe(covering) : "something else"}.`);
  }

  function point(ref, clicking) {
    return answer(() => {
      const element = find(ref);
      if (clicking && element.localName === "input" && element.type === "file") {
        throw new Refusal("Files cannot be chosen here.");
      }
      const link = clicking ? element.closest("a[href]") : null;
      if (link && !["http:", "https:", "javascript:", "blob:", "mailto:", "tel:"].includes(link.protocol)) {
        return { blocked: link.href };
      }
      if (clicking && element.localName === "select") {
        // A real click would open a list outside the page that the next click has to close first.
        element.focus();
        return {};
      }
      return pointOf(element);
    });
  }

  function takesText(element) {
    if (element.isContentEditable || element.localName === "textarea") return true;
    return element.localName === "input" && (TYPED.has(element.type) || SET_AT_ONCE.has(element.type));
  }

  function assign(element, text) {
    const wanted = text.trim();
    const before = element.value;
    const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    setter.call(element, wanted);
    if (wanted && !element.value || element.type === "color" && element.value !== wanted.toLowerCase()) {
      setter.call(element, before);
      const kind = element.type === "number" ? "number" : element.type;
      throw new Refusal(`The field takes a ${kind}, not "${text.slice(0, 60)}".`);
    }
    element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Focuses a field and selects what it holds, so that typing replaces it. `typing` false: the value is set already.
  function prepareTyping(ref, text) {
    return answer(() => {
      const element = find(ref);
      if (!takesText(element)) throw new Refusal(`The element is a <${element.localName}>, which takes no text.`);
      if (element.readOnly) throw new Refusal("The field is read-only.");
      element.focus();
      if (SET_AT_ONCE.has(element.type) && element.localName === "input") {
        assign(element, text);
        return { typing: false };
      }
      if (element.isContentEditable) getSelection().selectAllChildren(element);
      else element.select();
      return { typing: true };
    });
  }

  function focus(ref) {
    return answer(() => {
      const element = find(ref);
      element.focus();
      if (element.localName === "textarea") element.setSelectionRange(element.value.length, element.value.length);
      return {};
    });
  }

  const optionText = (option) => collapse(option.textContent);

  function choose(ref, wanted) {
    return answer(() => {
      const select = find(ref);
      if (select.localName !== "select") throw new Refusal(`The element is a <${select.localName}>, not a select box.`);
      const options = [...select.options];
      const label = collapse(wanted);
      const found = options.find((option) => optionText(option) === label)
        ?? options.find((option) => option.getAttribute("value") === wanted)
        ?? options.find((option) => optionText(option).toLowerCase() === label.toLowerCase());
      if (!found) {
        const names = options.slice(0, MOST_OPTIONS_NAMED).map(optionText).join(" | ");
        const more = options.length > MOST_OPTIONS_NAMED ? " | ..." : "";
        throw new Refusal(`There is no option "${label.slice(0, 60)}"; the options are ${names}${more}.`);
      }
      if (found.matches(":disabled")) throw new Refusal(`The option "${optionText(found)}" is disabled.`);
      select.focus();
      for (const option of options) option.selected = option === found;
      select.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      select.dispatchEvent(new Event("change", { bubbles: true }));
      return {};
    });
  }

  const title = () => json(collapse(document.title));

  globalThis.webrlGym = { quiet, nextChange, point, prepareTyping, focus, choose, title };
})();
