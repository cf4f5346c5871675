// Knows which elements have a click handler that a script has set (`element.onclick = ...`). Runs in the page's own world,
// since only there they can be seen; layout.js asks by an event and is answered by another.
(() => {
  document.addEventListener("webrlgym:handlers", () => {
    const elements = document.getElementsByTagName("*");
    const found = [];
    for (let index = 0; index < elements.length; index += 1) {
      if (elements[index].onclick) found.push(index);
    }
    // The answer: positions in the document, with commas between them.
    document.dispatchEvent(new CustomEvent("webrlgym:handled", { detail: found.join() }));
  });
})();
