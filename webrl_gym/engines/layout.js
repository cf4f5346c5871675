// Reads a page for the observation profile `webrl`: what WebRL's released policies read of it, box by box.
// The released pipeline writes its findings into the page, takes the page's HTML and parses that again with libxml2.
// This is one pass that changes nothing and gives the same; where that parser misreads a page, so does this. Two things
// differ: an element stays whole where HTML 4 would have it end early (a paragraph inside <b>), and what a page itself
// sets as data-label-id or data-bbox makes nothing clickable or visible.
(() => {
  if (webrlGym.readers.webrl) return;
  const { refOf } = webrlGym;

  const ATTRIBUTES = [
    "title", "value", "type", "placeholder", "selected", "data-value", "data-text", "data-testid", "data-label",
    "data-status",
  ];
  const UNREAD = new Set(["script", "style"]);
  // Elements without an end tag that libxml2 takes for ordinary ones: what follows them lies inside.
  const SWALLOWING = new Set(["wbr", "source", "track", "embed"]);
  const CLICKABLE_TAGS = new Set([
    "input", "textarea", "select", "button", "a", "iframe", "video", "object", "embed", "details",
  ]);
  const CLICKABLE_ROLES = new Set([
    "button", "tab", "link", "checkbox", "menuitem", "menuitemcheckbox", "menuitemradio", "radio",
  ]);
  const EDITABLE = new Set(["", "contenteditable", "true"]);
  // Deeper elements become siblings: readers of the tree may recurse.
  const DEEPEST = 150;
  const DEEPEST_WALK = 1000;
  // White space as Python sees it, without the no-break space, which HTML text spells out.
  const SPACES = /[\t-\r\x1c-\x20\x85\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
  const BEYOND_ASCII = /[^\0-\x7f]/;

  const holdsText = (text) => /\S/.test(text);
  const chosenOption = (select) => select.options[select.selectedIndex] ?? null;

  function rounded(box) {
    const [x, y] = [Math.round(box.left), Math.round(box.top)];
    return `${x},${y},${Math.round(box.right) - x},${Math.round(box.bottom) - y}`;
  }

  function jsactionClicks(rules) {
    return rules.split(";").some((rule) => {
      const parts = rule.trim().split(":");
      if (parts.length > 2) return false;
      const [namespace, action = "_"] = parts.at(-1).trim().split(".");
      return (parts.length === 1 || parts[0] === "click") && namespace !== "none" && action !== "_";
    });
  }

  function opensMap(image) {
    const name = image.getAttribute("usemap")?.replace(/^#/, "");
    return Boolean(name) && document.querySelector(`map[name=${CSS.escape(name)}]`) !== null;
  }

  let handled = "";
  document.addEventListener("webrlgym:handled", (event) => { handled = String(event.detail ?? ""); });

  // Elements whose handler a page's script has set; see handlers.js.
  function withHandlers() {
    handled = "";
    document.dispatchEvent(new Event("webrlgym:handlers"));
    if (!handled) return new Set();
    const elements = document.getElementsByTagName("*");
    return new Set(handled.split(",").map((index) => elements[index]));
  }

  function looksClickable(element, tag) {
    if (CLICKABLE_TAGS.has(tag) || getComputedStyle(element).cursor === "pointer") return true;
    if (tag === "label" && element.control !== null && !element.control.disabled) return true;
    if (tag === "img" && (opensMap(element) || /^zoom-(in|out)$/.test(element.style.cursor))) return true;
    return element.hasAttributes() && (
      element.hasAttribute("onclick")
      || CLICKABLE_ROLES.has(element.getAttribute("role")?.toLowerCase())
      || EDITABLE.has(element.getAttribute("contenteditable")?.toLowerCase())
      || jsactionClicks(element.getAttribute("jsaction") ?? "")
      || (element.getAttribute("class") ?? "").toLowerCase().includes("button")
      || parseInt(element.getAttribute("tabindex"), 10) >= 0
    );
  }

  // The encoding that libxml2 reads a page in: what the page declares before it needs one, else ISO-8859-1 ("").
  function declaredEncoding() {
    const meta = document.querySelector("meta[charset], meta[http-equiv='content-type' i][content*='charset=' i]");
    if (meta === null) return "";
    for (let earlier = meta.previousElementSibling; earlier !== null; earlier = earlier.previousElementSibling) {
      if (!UNREAD.has(earlier.localName) && BEYOND_ASCII.test(earlier.outerHTML)) return "";
    }
    return meta.getAttribute("charset") ?? /charset=\s*["']?([^\s"';]*)/i.exec(meta.content)[1];
  }

  function makeDecoder() {
    let decoder = null;
    try {
      decoder = new TextDecoder(declaredEncoding());
    } catch {
      // No encoding, or none that there is.
    }
    if (decoder?.encoding === "utf-8") return (text) => text;
    const encoder = new TextEncoder();
    const latin1 = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const decode = decoder ? (bytes) => decoder.decode(bytes) : latin1;
    const reread = (text) => (BEYOND_ASCII.test(text) ? decode(encoder.encode(text)) : text);
    // HTML text spells a no-break space out, so no encoding hurts it.
    return (text) => text.split("\xa0").map(reread).join("\xa0");
  }

  class Reading {
    constructor() {
      this.parts = [];
      this.chosen = null;
      this.targets = 0;
      this.ids = 0;
      this.width = innerWidth;
      this.height = innerHeight;
      this.decode = makeDecoder();
      this.withHandlers = withHandlers();
    }

    clip(box) {
      return [
        Math.min(this.width, box.right) - Math.max(0, box.left),
        Math.min(this.height, box.bottom) - Math.max(0, box.top),
      ];
    }

    inView(box) {
      return Math.round(box.top) <= this.height && Math.round(box.bottom) >= 0
        && Math.round(box.left) <= this.width && Math.round(box.right) >= 0;
    }

    // Size of the part of a box whose middle is in the window and belongs to the element; 0 when another one covers it.
    visibleArea(element, box) {
      const x = box.left + box.width / 2;
      const y = box.top + box.height / 2;
      if (x < 0 || x >= this.width || y < 0 || y >= this.height) return 0;
      const hit = document.elementFromPoint(x, y);
      if (hit === null || !element.contains(hit)) return 0;
      const [width, height] = this.clip(box);
      return width * height;
    }

    // Numbers an element that can be clicked and holds no other such element.
    label(element, tag, boxes) {
      if (!this.withHandlers.has(element) && !looksClickable(element, tag)) return "";
      let area = 0;
      for (const box of boxes) area += this.visibleArea(element, box);
      if (area < 1) return "";
      this.targets += 1;
      const [width, height] = this.clip(boxes[0]);
      if (width <= 0 && height <= 0) return "";
      this.ids += 1;
      return String(this.ids - 1);
    }

    attributes(element, tag, texts) {
      const found = {};
      if (element.hasAttributes()) {
        // Not by `element.attributes`: that is a field of a form which has one of this name.
        for (const name of ATTRIBUTES) {
          const value = element.getAttribute(name);
          if (value !== null && !(name === "type" && value === "hidden")) found[name] = value;
        }
      }
      if (element.firstChild !== null) found["data-text"] = texts.join(",");
      if (tag === "select") {
        found["data-value"] = element.value;
        found["data-text"] = chosenOption(element)?.text ?? "";
      } else if (element === this.chosen) {
        found["data-status"] = "selected";
      } else if (tag === "input" || tag === "textarea") {
        found["data-value"] = element.value;
        if (element.getAttribute("type") === "checkbox") {
          found["data-status"] = element.checked ? "checked" : "not-checked";
        }
      }
      return found;
    }

    // Adds what can be read of `element` to `parts`, as [tag, ref, attributes, text, child, ...]; tells whether there is
    // any text or value in it, read or not. `listed`: it lies directly in a select box that can be read.
    read(element, depth, listed) {
      const tag = element.localName.toLowerCase();
      if (depth > DEEPEST_WALK) return holdsText(element.textContent);
      const boxes = element.getClientRects();
      const inView = boxes.length > 0 && this.inView(boxes[0]);
      const shown = inView && element.getAttribute("aria-hidden") !== "true";
      const listing = tag === "select" && shown;
      if (tag === "select") this.chosen = chosenOption(element);

      const start = this.parts.length;
      const earlier = this.targets;
      const { text, texts, inner } = this.readChildren(element, tag, depth, listing);
      const clickable = (inView || boxes.length > 1) && this.targets === earlier && !SWALLOWING.has(tag);
      const id = clickable ? this.label(element, tag, boxes) : "";
      const attributes = this.attributes(element, tag, texts);
      let says = holdsText(text);
      for (const name in attributes) says ||= holdsText(attributes[name]);

      const readable = shown || id || (listed && tag === "option");
      if (readable && (inner > 1 || says || (id && shown))) {
        for (const name in attributes) attributes[name] = this.asParsed(attributes[name]);
        if (id) attributes.id = id;
        if (boxes.length > 0) attributes["data-bbox"] = rounded(boxes[0]);
        this.wrap(start, [tag, refOf(element), attributes, this.asParsed(text)], depth);
      }
      return says || inner > 0;
    }

    // Text before the first child element, all texts, and how many child elements hold something.
    readChildren(element, tag, depth, listing) {
      const texts = [];
      let text = "";
      let inner = 0;
      let before = true;
      let swallowed = false;
      let child = tag === "template" ? element.content.firstChild : element.firstChild;
      if (SWALLOWING.has(tag)) child = element.nextSibling;
      for (; child !== null; child = child.nextSibling) {
        if (child.nodeType === Node.TEXT_NODE) {
          if (before) text += child.data;
          const trimmed = child.data.trim();
          if (trimmed) texts.push(trimmed.replace(/\s{2,}/g, " "));
        } else if (!swallowed && child.nodeType === Node.ELEMENT_NODE && !UNREAD.has(child.localName)) {
          before = false;
          if (this.read(child, depth + 1, listing)) inner += 1;
          swallowed = SWALLOWING.has(child.localName);
        }
      }
      return { text, texts, inner };
    }

    wrap(start, node, depth) {
      if (depth < DEEPEST) {
        for (const part of this.parts.splice(start)) node.push(part);
        this.parts.push(node);
      } else {
        this.parts.splice(start, 0, node);
      }
    }

    asParsed(text) {
      return this.decode(text.toWellFormed().replace(SPACES, " "));
    }
  }

  webrlGym.readers.webrl = () => {
    const reading = new Reading();
    if (document.documentElement) reading.read(document.documentElement, 0, false);
    return ["#document", -1, 0].concat(reading.parts);
  };
})();
