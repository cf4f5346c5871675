// Prepares what an action needs of a page: where to put the mouse, which field to type in, which option to choose.
// Goes with snapshot.js, whose refs name the elements.
(() => {
  const world = globalThis.webrlGym;
  if (world.point) return;
  const { state, elements, collapse, json, NO_FILES } = world;
  // See snapshot.js: an element's own properties may be fields that bear their names.
  const { tagOf, isOnPage, documentOf, parentOf, parentElementOf, shadowRootOf } = world.getters;
  const {
    checkVisibility, closest, getAttribute, getBoundingClientRect, getClientRects, matches, querySelectorAll, scrollIntoView,
  } = Element.prototype;

  const TYPED = new Set(["text", "search", "email", "password", "tel", "url"]);
  const SET_AT_ONCE = new Set(["number", "range", "color", "date", "time", "month", "week", "datetime-local"]);
  const NUMBERS = new Set(["number", "range"]);
  const OPENED = ["http:", "https:", "javascript:", "mailto:", "tel:"];
  const MOST_OPTIONS_NAMED = 12;
  // Where on a visible part to try, as shares of its width and height.
  const SPOTS = [[0.5, 0.5], [0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.8], [0.05, 0.1], [0.95, 0.9]];

  class Refusal extends Error {}

  function find(ref) {
    const element = elements[ref]?.deref();
    if (!element || !isOnPage(element) || documentOf(element).defaultView === null) {
      throw new Refusal("The element is no longer on the page.");
    }
    if (matches.call(element, ":disabled") || closest.call(element, '[aria-disabled="true"]')) {
      throw new Refusal("The element is disabled.");
    }
    return element;
  }

  function answer(work) {
    state.lastChange = performance.now();
    state.refusal = state.refusedLocation = "";
    try {
      return json(work());
    } catch (error) {
      if (error instanceof Refusal) return json({ error: error.message.toWellFormed() });
      throw error;
    }
  }

  function describe(element) {
    const text = collapse(element.innerText ?? "").slice(0, 40);
    return `<${tagOf(element)}>${text ? ` "${text}"` : ""}`;
  }

  // The innermost element at a point of a document, inside open shadow roots too.
  function hitAt(root, x, y) {
    let hit = root.elementFromPoint(x, y);
    while (hit && shadowRootOf(hit)) {
      const inner = shadowRootOf(hit).elementFromPoint(x, y);
      if (inner === null || inner === hit) break;
      hit = inner;
    }
    return hit;
  }

  function isInside(inner, outer) {
    for (let node = inner; node; node = node.assignedSlot ?? parentOf(node) ?? node.host) {
      if (node === outer) return true;
    }
    return false;
  }

  // From the coordinates of an element's own frame to those of the frame that this script runs in; null where another
  // part of the page lies over the frame.
  function outward(view, x, y) {
    let covering = null;
    while (view !== globalThis.window) {
      const frame = view.frameElement;
      ({ x, y } = throughFrame(frame, x, y));
      view = view.parent;
      const hit = hitAt(view.document, x, y);
      if (hit === null || !isInside(frame, hit) && !isInside(hit, frame)) covering ??= hit ?? frame;
    }
    return { x, y, covering };
  }

  function throughFrame(frame, x, y) {
    const box = frame.getBoundingClientRect();
    const scale = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
    return { x: box.left + (frame.clientLeft + x) * scale, y: box.top + (frame.clientTop + y) * scale };
  }

  const isSeen = (box) => box.width >= 1 && box.height >= 1;

  // An element's boxes; those of what it holds where it has none itself (all of it floats, or is placed elsewhere).
  function boxesOf(element) {
    const own = [...getClientRects.call(element)].filter(isSeen);
    if (own.length > 0) return own;
    const range = documentOf(element).createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].filter(isSeen);
  }

  function visibleParts(element, view) {
    return boxesOf(element)
      .map((box) => ({
        left: Math.max(box.left, 0), right: Math.min(box.right, view.innerWidth),
        top: Math.max(box.top, 0), bottom: Math.min(box.bottom, view.innerHeight),
      }))
      .filter((box) => box.right - box.left >= 1 && box.bottom - box.top >= 1);
  }

  // Without a box of its own an element is as visible as what it stands in.
  function isShown(element) {
    const boxless = getComputedStyle(element).display === "contents" && parentElementOf(element) !== null;
    return boxless ? isShown(parentElementOf(element)) : checkVisibility.call(element, { visibilityProperty: true });
  }

  // Brings it to the middle of the window, by the first part of it that has a box.
  function bringIntoView(element) {
    const parts = [element, ...querySelectorAll.call(element, "*"), parentElementOf(element) ?? element];
    const seen = parts.find((part) => [...getClientRects.call(part)].some(isSeen)) ?? element;
    scrollIntoView.call(seen, { block: "center", inline: "center", behavior: "instant" });
  }

  // A free spot of an element, scrolled to where that is needed; see freeSpot.
  function reach(element) {
    const view = documentOf(element).defaultView;
    const box = getBoundingClientRect.call(element);
    const outside = box.top < 0 || box.left < 0 || box.bottom > view.innerHeight || box.right > view.innerWidth;
    const found = outside || view !== view.top ? null : freeSpot(element, view);
    if (found !== null && !found.covering) return found;
    bringIntoView(element);
    return freeSpot(element, view);
  }

  // Where to put the mouse: a point of the element that nothing else covers, else of its label.
  function pointOf(element) {
    const found = isShown(element) ? reach(element) : null;
    if (found !== null && !found.covering) return { x: found.x, y: found.y };
    // Custom check boxes are often hidden or covered by what stands for them; their label takes the click as well.
    const label = tagOf(element) === "form" ? null : [...element.labels ?? []].find((each) => each.getClientRects().length > 0);
    if (label) return pointOf(label);
    throw new Refusal(found ? `The element is covered by ${describe(found.covering)}.` : "The element is not visible.");
  }

  // A point that a click on the element reaches; `covering` when there is none; null when no part of it can be seen.
  function freeSpot(element, view) {
    let covering = null;
    for (const part of visibleParts(element, view)) {
      for (const [across, down] of SPOTS) {
        const x = part.left + (part.right - part.left) * across;
        const y = part.top + (part.bottom - part.top) * down;
        const hit = hitAt(documentOf(element), x, y);
        const own = hit !== null && (isInside(hit, element) || closest.call(hit, "label")?.control === element);
        const place = own ? outward(view, x, y) : { covering: hit };
        if (own && place.covering === null) return place;
        covering ??= place.covering;
      }
    }
    return covering && { covering };
  }

  // Where a link leads if that is nothing that a browser opens as a page; a link in a drawing has no address as text.
  function placeOutside(link) {
    const href = getAttribute.call(link, "href");
    const url = URL.parse(href, link.baseURI);
    return url !== null && !OPENED.includes(url.protocol) ? url.href : "";
  }

  function point(ref, clicking) {
    return answer(() => {
      const element = find(ref);
      if (clicking && tagOf(element) === "input" && element.type === "file") {
        throw new Refusal(NO_FILES);
      }
      const link = clicking ? closest.call(element, "a[href]") : null;
      const away = link && placeOutside(link);
      if (away) return { blocked: away };
      if (clicking && tagOf(element) === "select") {
        // A real click would open a list outside the page that the next click has to close first.
        element.focus();
        return {};
      }
      return pointOf(element);
    });
  }

  // Where in this frame a point of a frame of another origin lies.
  const frameOffset = (ref, x, y) => answer(() => throughFrame(find(ref), x, y));

  function takesText(element) {
    if (element.isContentEditable || element.localName === "textarea") return true;
    return element.localName === "input" && (TYPED.has(element.type) || SET_AT_ONCE.has(element.type));
  }

  function assign(element, text) {
    const wanted = text.trim();
    const before = element.value;
    const prototype = element.ownerDocument.defaultView.HTMLInputElement.prototype;
    const setter = Object.getOwnPropertyDescriptor(prototype, "value").set;
    setter.call(element, wanted);
    const refused = element.type === "range" ? !wanted || Number.isNaN(Number(wanted))
      : wanted && !element.value || element.type === "color" && element.value !== wanted.toLowerCase();
    if (refused) {
      setter.call(element, before);
      const kind = NUMBERS.has(element.type) ? "number" : element.type;
      throw new Refusal(`The field takes a ${kind}, not "${text.slice(0, 60)}".`);
    }
    announce(element);
  }

  function announce(element) {
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
      if (element.isContentEditable) element.ownerDocument.getSelection().selectAllChildren(element);
      else element.select();
      return { typing: true };
    });
  }

  // Whether a field has the focus and holds this text, after a key; what came of the key is left as it was.
  function holds(ref, text) {
    const element = elements[ref]?.deref();
    return json({ holds: element?.value === text && element.getRootNode().activeElement === element });
  }

  function focus(ref) {
    return answer(() => {
      const element = find(ref);
      element.focus();
      if (element.getRootNode().activeElement !== element) throw new Refusal("The element takes no keys; click it.");
      if (element.localName === "textarea") element.setSelectionRange(element.value.length, element.value.length);
      return {};
    });
  }

  const optionText = (option) => collapse(option.textContent);

  function optionCalled(options, wanted) {
    const label = collapse(wanted);
    return options.find((option) => optionText(option) === label)
      ?? options.find((option) => option.getAttribute("value") === wanted)
      ?? options.find((option) => optionText(option).toLowerCase() === label.toLowerCase());
  }

  function optionsCalled(select, wanted) {
    const options = [...select.options];
    const whole = optionCalled(options, wanted);
    const names = whole || !select.multiple ? [wanted] : wanted.split("|");
    return names.map((name) => {
      const found = optionCalled(options, name);
      if (!found) {
        const known = options.slice(0, MOST_OPTIONS_NAMED).map(optionText).join(" | ");
        const more = options.length > MOST_OPTIONS_NAMED ? " | ..." : "";
        throw new Refusal(`There is no option "${collapse(name).slice(0, 60)}"; the options are ${known}${more}.`);
      }
      if (found.matches(":disabled")) throw new Refusal(`The option "${optionText(found)}" is disabled.`);
      return found;
    });
  }

  // Chooses an option; in a list that takes several, exactly those that are named, with "|" between them.
  function choose(ref, wanted) {
    return answer(() => {
      const select = find(ref);
      if (select.localName !== "select") throw new Refusal(`The element is a <${select.localName}>, not a select box.`);
      const chosen = new Set(optionsCalled(select, wanted));
      select.focus();
      for (const option of select.options) option.selected = chosen.has(option);
      announce(select);
      return {};
    });
  }

  // The nearest of what lies under the middle of the window that can still move that way; the page itself is the last.
  function scroller(direction) {
    const room = (element) => (
      direction > 0 ? element.scrollHeight - element.clientHeight - element.scrollTop : element.scrollTop
    );
    const page = document.scrollingElement ?? document.documentElement;
    let element = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    for (; element !== null && element !== page; element = element.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(element).overflowY) && room(element) >= 1) return element;
    }
    return room(page) >= 1 ? page : null;
  }

  // Scrolls down (1) or up (-1) by `share` of the window's height.
  function scroll(direction, share) {
    return answer(() => {
      const element = scroller(direction);
      if (element === null) throw new Refusal(`This is the ${direction > 0 ? "end" : "top"} of the page.`);
      element.scrollBy({ top: direction * share * innerHeight, behavior: "instant" });
      return {};
    });
  }

  Object.assign(world, { point, frameOffset, prepareTyping, holds, focus, choose, scroll });
})();
