// Reads a page, in a world of its own: page scripts neither see nor change it. Runs in every frame; the script of a
// frame reads the frames of its own origin along with it. Every function answers with a JSON text (`quiet` with two, a line
// between them). Elements are named by numbers ("refs") that hold for one document of the frame that was asked.
(() => {
  if (globalThis.webrlGym) return;

  const ATTRIBUTES = new Set([
    "id", "for", "href", "type", "placeholder", "title", "alt", "role", "name", "disabled", "multiple",
    "contenteditable", "onclick", "readonly", "required",
    "aria-label", "aria-expanded", "aria-checked", "aria-pressed", "aria-selected", "aria-disabled",
  ]);
  const LEAVES = new Set(["script", "style", "noscript", "template", "svg", "textarea"]);
  const CAN_BE_DISABLED = new Set(["button", "input", "select", "textarea", "option", "optgroup", "fieldset"]);
  const STATEFUL = new Set([...CAN_BE_DISABLED, "details", "dialog"]);
  const FRAMES = new Set(["iframe", "frame"]);
  const UNBOXED = new Set(["option", "optgroup", "area"]);
  const LIVE_VALUE = new Set([
    "text", "search", "email", "password", "tel", "url", "number", "range", "color",
    "date", "time", "month", "week", "datetime-local",
  ]);
  // Deeper elements become siblings: readers of the tree may recurse.
  const DEEPEST = 150;
  const SPARE_DEPTH = 40;
  const CONTROLS = "a[href],button,input,select,textarea,option,summary,label,[onclick]:not(body),[contenteditable],"
    + "[role=button],[role=link],[role=checkbox],[role=radio],[role=tab],[role^=menuitem],[role=option],[role=switch]";
  const PARTS = `${CONTROLS},h1,h2,h3,h4,h5,h6,p,li,tr,form`;
  const NAMED_BY_TEXT = new Set(["a", "button", "label", "select", "summary"]);
  const DEEPEST_WALK = 1000;
  const STILL_ENOUGH = 8;
  const NO_FILES = "Files cannot be chosen here.";
  const CHANGES = { subtree: true, childList: true, attributes: true, characterData: true };

  // A form's fields hide its properties of the same names, and so do a document's images and forms; the getters stay.
  const getter = (type, name) => {
    const { get } = Object.getOwnPropertyDescriptor(type.prototype, name);
    return (target) => get.call(target);
  };
  const shadowRootOf = getter(Element, "shadowRoot");
  const firstElementIn = getter(Element, "firstElementChild");
  const elementsIn = getter(Element, "children");
  const parentElementOf = getter(Node, "parentElement");
  const nodesIn = getter(Node, "childNodes");
  const allTextIn = getter(Node, "textContent");
  const kindOf = getter(Node, "nodeType");
  const isOnPage = getter(Node, "isConnected");
  const documentOf = getter(Node, "ownerDocument");
  const parentOf = getter(Node, "parentNode");
  const tagOf = getter(Element, "localName");
  const bodyOf = getter(Document, "body");
  const titleOf = getter(Document, "title");
  const scriptsOf = getter(Document, "scripts");
  const {
    checkVisibility, closest, getAttribute, getAttributeNames, getBoundingClientRect, hasAttributes, matches, querySelector,
  } = Element.prototype;

  const getters = { tagOf, isOnPage, documentOf, parentOf, parentElementOf, shadowRootOf };

  const refs = new WeakMap();
  const elements = [];
  const scopes = new WeakMap([[document, 0]]);
  let scopesSeen = 0;
  let foreignFrames = 0;
  let dividedElements = new WeakMap();
  const state = { lastChange: performance.now(), refusal: "", refusedLocation: "" };

  const observer = new MutationObserver(() => { state.lastChange = performance.now(); });
  observer.observe(document, CHANGES);
  watchForRefusals(globalThis);

  // No request tells the network of these, so they are stopped here.
  if (globalThis.top === globalThis.window) {
    navigation.addEventListener("navigate", (event) => {
      if (!/^(blob|data|file|filesystem):/.test(event.destination.url)) return;
      event.preventDefault();
      state.refusedLocation = event.destination.url;
    });
  }

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

  // Notes why a form is not sent, and stops choosers of files, whatever opens them.
  function watchForRefusals(target) {
    target.addEventListener("invalid", (event) => {
      state.refusal ||= `The form was not sent: ${invalidity(event.target)}`.toWellFormed();
    }, true);
    target.addEventListener("click", (event) => {
      const [chosen] = event.composedPath();
      if (!(chosen instanceof HTMLInputElement) || chosen.type !== "file") return;
      event.preventDefault();
      state.refusal ||= NO_FILES;
    }, true);
  }

  function fieldName(element) {
    return element.getAttribute("aria-label") || element.getAttribute("placeholder") || element.name
      || element.localName;
  }

  function invalidity(element) {
    const validity = element.validity;
    if (validity.valueMissing) return `the field "${fieldName(element)}" must be filled in.`;
    if (validity.typeMismatch && element.type === "email") {
      return `"${element.value.slice(0, 60)}" is not an e-mail address.`;
    }
    return `the field "${fieldName(element)}" has a value that is not allowed: ${element.validationMessage}`;
  }

  // Numbers the documents of frames and the shadow roots as they are met, and watches them for changes.
  function scopeOf(root) {
    let scope = scopes.get(root);
    if (scope === undefined) {
      scope = ++scopesSeen;
      scopes.set(root, scope);
      observer.observe(root, CHANGES);
      watchForRefusals(root);
    }
    return scope;
  }

  // Attributes and state by name; 0 for none.
  function attributesOf(element, tag, scope) {
    if (!STATEFUL.has(tag) && !hasAttributes.call(element)) return 0;
    const found = {};
    for (const name of getAttributeNames.call(element)) {
      if (ATTRIBUTES.has(name)) found[name] = name === "onclick" ? "" : getAttribute.call(element, name).toWellFormed();
    }
    if (scope > 0) {
      // Labels find their controls by these, within one document or shadow root only.
      if ("id" in found) found.id = `${scope}/${found.id}`;
      if ("for" in found) found.for = `${scope}/${found.for}`;
    }
    const declared = getAttribute.call(element, "value");
    if (declared !== null && tag !== "input" && tag !== "textarea") found.value = declared.toWellFormed();
    if (tag === "input") {
      const value = LIVE_VALUE.has(element.type) ? element.value : declared;
      if (value || declared !== null) found.value = (value ?? "").toWellFormed();
      if (element.checked && (element.type === "checkbox" || element.type === "radio")) found.checked = "";
    } else if (tag === "textarea") {
      found.value = element.value.toWellFormed();
    } else if (tag === "option") {
      if (element.selected) found.selected = "";
      if (element.hidden) found.hidden = "";
    } else if (tag === "details" || tag === "dialog") {
      if (element.open) found.open = "";
    }
    if (CAN_BE_DISABLED.has(tag) && !("disabled" in found) && matches.call(element, ":disabled")) found.disabled = "";
    for (const _ in found) return found;
    return 0;
  }

  // True for what nothing but the mouse's shape tells to be clickable, as scripts make it. That shape is inherited, so
  // the outermost element counts, unless all it says is in parts that can be clicked by themselves.
  function showsHand(element, style) {
    if (style.cursor !== "pointer" || closest.call(element, CONTROLS) !== null) return false;
    const box = getBoundingClientRect.call(element);
    if (box.width === 0 || box.height === 0 || isDivided(element) && !hasOwnText(element)) return false;
    const parent = parentElementOf(element);
    return parent === null || isDivided(parent) || getComputedStyle(parent).cursor !== "pointer";
  }

  function isDivided(element) {
    let divided = dividedElements.get(element);
    if (divided === undefined) {
      divided = querySelector.call(element, PARTS) !== null;
      dividedElements.set(element, divided);
    }
    return divided;
  }

  function hasOwnText(element) {
    return [...nodesIn(element)].some((child) => kindOf(child) === Node.TEXT_NODE && child.data.trim());
  }

  // A label that nobody sees still names its control.
  function addHiddenLabel(label, siblings, scope) {
    if (label.control === null || label.contains(label.control)) return;
    siblings.push(["label", refOf(label), attributesOf(label, "label", scope), label.textContent.toWellFormed()]);
  }

  // A hidden box whose label is what one sees and clicks.
  function isSeenByLabel(input) {
    if (input.type !== "checkbox" && input.type !== "radio") return false;
    return [...input.labels ?? []].some((label) => checkVisibility.call(label, { visibilityProperty: true }));
  }

  // An element is [tag, ref, attributes or 0, child, child, ...]; a text is a string.
  function addElement(element, siblings, depth, scope) {
    const tag = tagOf(element);
    const style = getComputedStyle(element);
    const unboxed = UNBOXED.has(tag) || tag === "input" && isSeenByLabel(element);
    if (style.display === "none" && !unboxed) {
      if (tag === "label" && element.htmlFor) addHiddenLabel(element, siblings, scope);
      return;
    }
    if (style.visibility !== "visible" && !unboxed) {
      // Parts of what is hidden this way may be visible again.
      for (const child of elementsIn(element)) if (depth < DEEPEST_WALK) addElement(child, siblings, depth + 1, scope);
      return;
    }
    let attributes = attributesOf(element, tag, scope);
    if (showsHand(element, style)) attributes = { ...attributes, onclick: "" };
    const node = [tag, refOf(element), attributes];
    siblings.push(node);
    if (LEAVES.has(tag)) return;
    if (FRAMES.has(tag)) {
      addFrame(element, node, depth);
      return;
    }
    const inner = shadowRootOf(element);
    if (inner === null && firstElementIn(element) === null && tag !== "slot") {
      const text = allTextIn(element);
      if (text) node.push(text.toWellFormed());
      return;
    }
    const nested = depth < DEEPEST || depth < DEEPEST + SPARE_DEPTH && NAMED_BY_TEXT.has(tag);
    if (inner) addChildren(inner.childNodes, nested ? node : siblings, depth + 1, scopeOf(inner));
    else addChildren(childrenOf(element, tag), nested ? node : siblings, depth + 1, scope);
  }

  // What a slot shows is its host's children, where it has any for it.
  function childrenOf(element, tag) {
    if (tag === "slot") {
      const assigned = element.assignedNodes();
      if (assigned.length > 0) return assigned;
    }
    return nodesIn(element);
  }

  function addFrame(element, node, depth) {
    const inner = element.contentDocument;
    if (inner === null) {
      foreignFrames += 1;
      return;
    }
    const scope = scopeOf(inner);
    const root = bodyOf(inner) ?? inner.documentElement;
    if (root && depth < DEEPEST_WALK) addElement(root, node, depth + 1, scope);
  }

  function addChildren(children, siblings, depth, scope) {
    let text = "";
    for (let index = 0; index < children.length; index += 1) {
      const child = children[index];
      const kind = kindOf(child);
      if (kind === Node.TEXT_NODE || kind === Node.CDATA_SECTION_NODE) {
        text += child.data;
      } else if (kind === Node.ELEMENT_NODE) {
        if (text) siblings.push(text.toWellFormed());
        text = "";
        if (depth < DEEPEST_WALK) addElement(child, siblings, depth, scope);
        else siblings.push(child.textContent.toWellFormed());
      }
    }
    if (text) siblings.push(text.toWellFormed());
  }

  function wholePage() {
    const tree = [];
    dividedElements = new WeakMap();
    const root = bodyOf(document) ?? document.documentElement;
    if (root) addElement(root, tree, 0, 0);
    return tree.length === 1 ? tree[0] : ["body", -1, 0, ...tree];
  }

  // Ways to read a document, by observation profile; other files add theirs.
  const readers = { full: wholePage };

  function snapshot(profile) {
    foreignFrames = 0;
    return { url: location.href, title: collapse(titleOf(document)).toWellFormed(), body: readers[profile]() };
  }

  let timers = null;
  document.addEventListener("webrlgym:tell", (event) => { timers = event.detail; });

  // Milliseconds until the page has been still for long enough: `stillness` while something keeps ticking in it, less when
  // it is known that nothing does; never before the timers that it waits for have run (see timers.js).
  function unrest(stillness) {
    timers = null;
    document.dispatchEvent(new Event("webrlgym:ask"));
    const known = timers !== null && frames.length === 0;
    const enough = known && timers % 2 === 0 ? Math.min(stillness, STILL_ENOUGH) : stillness;
    const untilRun = known && timers > 1 ? (timers >> 1) + 1 : 0;
    return Math.max(enough - (performance.now() - state.lastChange), untilRun);
  }

  const refreshes = () => document.querySelector("meta[http-equiv=refresh i]") !== null;

  function hasScripts() {
    return scriptsOf(document).length > 0 || frames.length > 0
      || document.querySelector("[onclick],[onchange],[oninput],[onload],[onsubmit],[onmousedown],[onfocus]") !== null;
  }

  // Waits until nothing has changed for `stillness` milliseconds or less, at most `limit` milliseconds. Tells whether that came to
  // pass, why the browser refused to send a form since the last action, the status that the document came with, and
  // the page, read for an observation profile ("" for none).
  async function quiet(stillness, limit, profile) {
    // Work that an event has queued, such as sending a form, must get its turn first.
    await pause(0);
    const start = performance.now();
    const scripted = hasScripts();
    let left = scripted ? unrest(stillness) : 0;
    while (left > 0 && performance.now() - start + left <= limit) {
      await pause(left);
      left = unrest(stillness);
    }
    const calm = left <= 0 && document.readyState !== "loading";
    const began = performance.now();
    const page = profile && (calm || limit === 0) ? json(snapshot(profile)) : "";
    const head = json({
      calm,
      refusal: state.refusal,
      blocked: state.refusedLocation,
      status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
      scripted,
      foreign: page ? foreignFrames : 0,
      reading: performance.now() - began,
    });
    // The page after the line: as a text inside another it would have to be written and read twice.
    return `${head}\n${page}`;
  }

  // Resolves at the next change of a page that may change by itself, or after `limit` milliseconds.
  async function nextChange(limit) {
    const start = performance.now();
    const seen = state.lastChange;
    const mayChange = hasScripts() || refreshes();
    while (mayChange && state.lastChange === seen && performance.now() - start < limit) await pause(15);
    return json(true);
  }

  // The tree of a frame whose parent may not look into it.
  const frameTree = () => json(wholePage());

  const title = () => json(collapse(titleOf(document)).toWellFormed());

  globalThis.webrlGym = { quiet, nextChange, frameTree, title, state, elements, readers, refOf, collapse, json, getters, NO_FILES };
})();
