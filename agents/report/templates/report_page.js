"use strict";
// A page's simplified HTML as something a person can read. What a page says becomes text nodes, never markup.
const readable = (() => {
  function make(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*>/gi;
  const ATTRIBUTE = /([\w:-]+)(?:="([^"]*)")?/g;
  const ENTITIES = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&" };
  const decode = (text) => text.replace(/&(lt|gt|quot|amp);/g, (entity) => ENTITIES[entity]);
  const BLOCKS = new Set("div p ul ol li section article header footer nav main form table tbody thead html body".split(" "));
  const CONTROLS = new Set(["a", "button", "summary", "input", "select", "textarea"]);
  const EMPTY = new Set(["input", "img", "br", "hr"]);
  const EMPTY_FIELD = "\u00a0";
  const JOINER = "\u2060"; // keeps an element's id on the line of its text

  function attributesOf(text) {
    const found = {};
    for (const [, name, value] of text.matchAll(ATTRIBUTE)) found[name.toLowerCase()] = decode(value ?? "");
    return found;
  }

  function control(tag, attributes, target) {
    const kind = attributes.type || "";
    const inner = make("span", "inner");
    const node = make("span", "control is-" + tag);
    if ("disabled" in attributes) node.classList.add("disabled");
    if (attributes.label) node.append(make("span", "label", attributes.label));
    if (kind === "checkbox" || kind === "radio") {
      const on = "checked" in attributes;
      node.append(make("span", "box", kind === "radio" ? (on ? "◉" : "○") : on ? "☑" : "☐"));
    } else if (tag === "input") {
      node.append(make("span", "field", attributes.value || EMPTY_FIELD));
    } else if (tag === "select") {
      node.append(make("span", "field", (attributes.value || EMPTY_FIELD) + " ▾"));
    } else if (tag === "summary") {
      node.append(attributes.expanded === "true" ? "▾ " : "▸ ");
    }
    node.append(inner);
    if (attributes.id !== undefined) {
      node.append(JOINER, make("sub", "id", attributes.id));
      if (target && target.element === attributes.id && !target.found) {
        target.found = node;
        node.classList.add("acted");
        const said = target.argument === null ? target.kind : target.kind + " “" + target.argument + "”";
        return [node, inner, make("span", "acted-on", said)];
      }
    }
    return [node, inner, null];
  }

  // Fills `top` with one line of the page. What is opened and not closed ends with the line.
  function fill(top, line, target) {
    const stack = [{ tag: "", node: top }];
    let from = 0;
    const say = (text) => {
      const shownText = decode(text).replace(/\s+/g, " ");
      const { node } = stack.at(-1);
      if (shownText.trim()) node.append(node.className === "inner" ? shownText.trim() : shownText);
    };
    for (const match of line.matchAll(TOKEN)) {
      say(line.slice(from, match.index));
      from = match.index + match[0].length;
      const tag = match[2].toLowerCase();
      if (match[1]) {
        const depth = stack.findLastIndex((open) => open.tag === tag);
        if (depth > 0) stack.length = depth;
        continue;
      }
      const attributes = attributesOf(match[3]);
      const parent = stack.at(-1).node;
      if (CONTROLS.has(tag) || attributes.id !== undefined) {
        const [node, inner, note] = control(tag, attributes, target);
        parent.append(" ", node, " ");
        if (note) parent.append(note, " ");
        if (!EMPTY.has(tag)) stack.push({ tag, node: inner });
      } else if (!EMPTY.has(tag)) {
        const cell = tag === "td" || tag === "th";
        const node = make(cell ? tag : "span", BLOCKS.has(tag) ? "block" : /^h[1-6]$/.test(tag) ? "head " + tag : "");
        parent.append(node);
        stack.push({ tag, node });
      }
    }
    say(line.slice(from));
  }

  function renderPage(text, target) {
    const page = make("div", "page");
    let rows = null;
    for (const line of text.split("\n")) {
      const tabs = /^\[tabs (.*)\]$/.exec(line);
      if (/^<tr[\s>]/.test(line)) {
        if (!rows) {
          rows = make("tbody", "");
          page.append(make("div", "scroll", make("table", "", rows)));
        }
        const row = make("tr", "");
        fill(row, line.replace(/^<tr[^>]*>/, "").replace(/<\/tr>\s*$/, ""), target);
        rows.append(row);
        continue;
      }
      rows = null;
      if (tabs) {
        const bar = tabs[1].split(/ \| (?=\*?\d+: )/).map((name) => {
          const open = name.startsWith("*");
          return make("span", open ? "tab open" : "tab", decode(name.replace(/^\*/, "")));
        });
        page.append(make("div", "tabs", ...bar));
      } else if (/^\[\d+ (lines|characters) [^\]]*\]$/.test(line)) {
        page.append(make("p", "note", line.slice(1, -1)));
      } else if (line.trim()) {
        const paragraph = make("p", "");
        fill(paragraph, line, target);
        page.append(paragraph);
      }
    }
    if (!page.childNodes.length) page.append(make("p", "note", "The page is empty."));
    return page;
  }

  return { make, renderPage };
})();
