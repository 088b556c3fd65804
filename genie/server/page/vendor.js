// One place that names the vendored libraries; every other module imports from here.
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { h, render, Component } from "./vendor/preact.js";
export { useEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
export { batch, computed, effect, signal, useSignal, useComputed } from "./vendor/signals.js";
export const html = htm.bind(h);
