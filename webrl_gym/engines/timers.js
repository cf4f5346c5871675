// Knows which timers a page waits for. Runs in the page's own world, since only there they can be seen; to the page they
// work as ever. snapshot.js asks by an event and is answered by another: numbers are all that passes between worlds.
(() => {
  const HORIZON = 300;
  const IDLE_LIMIT = 50;
  const pending = new Map();
  const ticking = new Set();
  const frames = new Set();
  const idle = new Map();
  let insideTimer = false;

  const native = {
    setTimeout, clearTimeout, setInterval, clearInterval,
    requestAnimationFrame, cancelAnimationFrame, requestIdleCallback, cancelIdleCallback,
  };
  const now = performance.now.bind(performance);
  const isShort = (delay) => !(Number(delay) > HORIZON);

  function running(handler, before) {
    return function (...values) {
      before();
      const outer = insideTimer;
      insideTimer = true;
      try {
        return handler.apply(this, values);
      } finally {
        insideTimer = outer;
      }
    };
  }

  function forget(id) {
    pending.delete(id);
    ticking.delete(id);
  }

  const tracked = {
    setTimeout(handler, delay, ...values) {
      if (typeof handler !== "function") return native.setTimeout.call(globalThis, handler, delay, ...values);
      const id = native.setTimeout.call(globalThis, running(handler, () => forget(id)), delay, ...values);
      // What a timer sets off in turn may go on for ever, so it is not waited for by its time.
      if (isShort(delay) && insideTimer) ticking.add(id);
      else if (isShort(delay)) pending.set(id, now() + (Number(delay) || 0));
      return id;
    },
    setInterval(handler, delay, ...values) {
      if (typeof handler !== "function") return native.setInterval.call(globalThis, handler, delay, ...values);
      const id = native.setInterval.call(globalThis, running(handler, () => pending.delete(id)), delay, ...values);
      if (isShort(delay)) ticking.add(id);
      // Its first tick is waited for as a timer is: on a busy machine it may come after a whole stillness.
      if (isShort(delay) && !insideTimer) pending.set(id, now() + (Number(delay) || 0));
      return id;
    },
    requestAnimationFrame(handler) {
      if (typeof handler !== "function") return native.requestAnimationFrame.call(globalThis, handler);
      const id = native.requestAnimationFrame.call(globalThis, running(handler, () => frames.delete(id)));
      frames.add(id);
      return id;
    },
    requestIdleCallback(handler, options) {
      if (typeof handler !== "function") return native.requestIdleCallback.call(globalThis, handler, options);
      // Without a screen the browser may never call itself idle again after a click.
      const timeout = Math.min(options?.timeout || IDLE_LIMIT, IDLE_LIMIT);
      const id = native.requestIdleCallback.call(globalThis, running(handler, () => idle.delete(id)), { timeout });
      idle.set(id, insideTimer ? -Infinity : now());
      return id;
    },
    clearTimeout(id) {
      forget(id);
      native.clearTimeout.call(globalThis, id);
    },
    clearInterval(id) {
      forget(id);
      native.clearInterval.call(globalThis, id);
    },
    cancelAnimationFrame(id) {
      frames.delete(id);
      native.cancelAnimationFrame.call(globalThis, id);
    },
    cancelIdleCallback(id) {
      idle.delete(id);
      native.cancelIdleCallback.call(globalThis, id);
    },
  };
  for (const [name, value] of Object.entries(tracked)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }

  // The answer: milliseconds until the last timer to wait for has run, times two, plus one if something keeps ticking.
  document.addEventListener("webrlgym:ask", () => {
    let wait = 0;
    const time = now();
    // A busy machine runs them late, and one that never comes is not waited for for ever.
    for (const due of [...pending.values(), ...idle.values()]) {
      if (time < due + HORIZON) wait = Math.max(wait, due - time, 1);
    }
    const ticks = ticking.size > 0 || frames.size > 0 || idle.size > 0 ? 1 : 0;
    document.dispatchEvent(new UIEvent("webrlgym:tell", { detail: Math.ceil(wait) * 2 + ticks }));
  });
})();
