(function (now, random, trust) {
  // The functions that the prelude itself uses, before anything is replaced.
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, construct, deleteProperty } = Reflect;
  const { freeze, isFrozen } = Object;
  const isArray = Array.isArray;

  // A policy sees the time of the decision, and the same numbers in each evaluation.
  const Clock = Date;
  const Fixed = function Date(...given) {
    if (new.target === undefined) return new Clock(now()).toString();
    return construct(Clock, given.length === 0 ? [now()] : given, new.target);
  };
  Fixed.prototype = Clock.prototype;
  Fixed.now = function () { return now(); };
  Fixed.parse = Clock.parse;
  Fixed.UTC = Clock.UTC;
  defineProperty(Clock.prototype, 'constructor', { value: Fixed, writable: true, configurable: true });
  globalThis.Date = Fixed;
  Math.random = function () { return random(); };

  // Nothing that measures time, waits, or goes on after the answer; no code from text, which would reach what all
  // policies share.
  for (const name of ['performance', 'Atomics', 'SharedArrayBuffer', 'FinalizationRegistry', 'WeakRef',
    'queueMicrotask', 'setTimeout', 'setInterval', 'gc', 'navigator', 'DOMException']) {
    deleteProperty(globalThis, name);
  }
  const refused = function () {
    throw new EvalError('a policy cannot make code of text');
  };
  const functions = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const made of functions) {
    const prototype = getPrototypeOf(made);
    defineProperty(prototype, 'constructor', { value: refused, writable: true, configurable: true });
  }
  refused.prototype = Function.prototype;
  globalThis.Function = refused;
  globalThis.eval = function () {
    throw new EvalError('a policy cannot make code of text');
  };

  // Where a policy gives an object of its own such a property, it must not fail because the one it inherits is frozen.
  const overridable = (prototype) => {
    for (const key of ownKeys(prototype)) {
      const { value, writable } = getOwnPropertyDescriptor(prototype, key);
      if (!writable) continue;
      const get = function () { return value; };
      const set = function (given) {
        if (this === prototype) throw new TypeError('what all policies share cannot be changed');
        defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
      };
      trust(get);
      defineProperty(prototype, key, { get, set, enumerable: false, configurable: true });
    }
  };
  for (const shared of [Object, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
    AggregateError]) {
    overridable(shared.prototype);
  }

  // Everything that can be reached without a policy's own code, frozen.
  const pending = [globalThis, ...functions.map(getPrototypeOf), getPrototypeOf(functions[1].prototype),
    getPrototypeOf(functions[3].prototype)];
  for (const iterated of [[], '', new Map(), new Set()]) pending.push(getPrototypeOf(iterated[Symbol.iterator]()));
  pending.push(getPrototypeOf(/x/[Symbol.matchAll]('x')), getPrototypeOf(Uint8Array));
  if (globalThis.Iterator !== undefined) {
    const plain = { next: () => ({ done: true }) };
    pending.push(getPrototypeOf(Iterator.from(plain)), getPrototypeOf([].values().map((item) => item)));
  }
  const seen = new Set();
  while (pending.length > 0) {
    const item = pending.pop();
    if ((typeof item !== 'object' && typeof item !== 'function') || item === null || seen.has(item)) continue;
    seen.add(item);
    for (const key of ownKeys(item)) {
      const { value, get, set } = getOwnPropertyDescriptor(item, key);
      pending.push(value, get, set);
    }
    pending.push(getPrototypeOf(item));
    freeze(item);
    if (!isFrozen(item)) throw new Error('a part of the language cannot be frozen');
  }

  // An event that notes what is read of it.
  const traced = (event) => {
    const paths = [];
    const wrap = (value, path) => {
      if (typeof value !== 'object' || value === null || isArray(value)) return value;
      const note = (key) => {
        const inherited = !(getOwnPropertyDescriptor(value, key)) && key in value;
        if (typeof key === 'string' && !inherited && paths.length < 1000) paths.push(`${path}.${key}`);
      };
      return new Proxy({ ...value }, {
        get(target, key) { note(key); return wrap(value[key], `${path}.${String(key)}`); },
        has(target, key) { note(key); return key in value; },
      });
    };
    return [wrap(event, ''), paths];
  };
  return traced;
})
