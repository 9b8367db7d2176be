function f() { return 1 } f()
//---
const f = () => 2; f()
//---
const f = x => x * 2; [1, 2, 3].map(f)
//---
const f = x => ({ a: x }); f(3)
//---
const f = x => (x, 5); f(1)
//---
const f = async x => x + 1; f(1)
//---
const f = async x => { await null; return x + 1; }; f(1)
//---
(async () => { const a = await 1, b = await Promise.resolve(2); return a + b; })()
//---
function* g() { yield 1; yield 2; return 3; } [...g()]
//---
function* g() { const a = yield 1; const b = yield a + 1; return a + b; }
const i = g(); [i.next(), i.next(10), i.next(20), i.next()]
//---
function* g() { try { yield 1; yield 2; } finally { yield 3; } }
const i = g(); [i.next(), i.return(9), i.next(), i.next()]
//---
function* g() { try { yield 1; } catch (e) { yield 'caught ' + e; } return 'end'; }
const i = g(); [i.next(), i.throw('x'), i.next()]
//---
function* inner() { const x = yield 'a'; yield 'b' + x; return 'c'; }
function* outer() { const r = yield* inner(); yield r; }
const i = outer(); [i.next(), i.next(7), i.next(), i.next()]
//---
function* g() { yield; yield
(1); return 2 } [...g()]
//---
function* g() { const x = yield
+1; return x } const i = g(); [i.next(), i.next(5)]
//---
function* g() { yield () => {}
(2) } [...g()].length
//---
function* g() { let a = [yield 1, yield 2]; return a } const i = g(); i.next(); i.next('x'); i.next('y')
//---
function* g() { return `${yield 1}-${yield 2}` } const i = g(); i.next(); i.next('x'); i.next('y')
//---
function* g() { const o = { [yield 'k']: yield 'v' }; return o } const i = g(); i.next(); i.next('key'); i.next('value')
//---
function* g() { (yield 1) ? yield 2 : yield 3 } const i = g(); [i.next(), i.next(false), i.next()]
//---
function* g() { for (const x of yield 'list') yield x * 2 } const i = g(); [i.next(), i.next([1, 2]), i.next(), i.next()]
//---
function* g() { while (yield 'more') ; return 'done' } const i = g(); [i.next(), i.next(1), i.next(0)]
//---
const o = { *[Symbol.iterator]() { yield* [1, 2, 3] } }; [...o]
//---
const o = { get a() { return 1 }, set a(v) { this.b = v }, m() { return this.b } }; o.a = 5; [o.a, o.m()]
//---
const o = { async m() { return await 4 }, *g() { yield 5 }, async *ag() { yield 6 } }
;(async () => [await o.m(), [...o.g()], (await o.ag().next()).value])()
//---
class A { constructor(x) { this.x = x } get y() { return this.x + 1 } static s() { return 's' } } [new A(1).y, A.s()]
//---
class A { constructor(x) { this.x = x } } class B extends A { constructor(x) { const y = x * 2; super(y); this.z = y } } new B(2)
//---
class A { constructor(x) { this.x = x } } class B extends A { constructor(x) { if (x) { super(1); return } super(2) } } [new B(0).x, new B(1).x]
//---
class A {} class B extends A { constructor() { return { other: true } } } new B()
//---
class A {} class B extends A { constructor() { } } try { new B() } catch (e) { e.constructor.name + ': ' + e.message }
//---
class A {} class B extends A { constructor() { const f = () => super(); f(); this.a = 1 } } new B().a
//---
class A {} class B extends A { constructor() { try { this.x } catch (e) { super(); this.seen = e.constructor.name } } } new B().seen
//---
class A { m() { return 'A' } static s() { return 'S' } } class B extends A { m() { return super.m() + 'B' } static s() { return super.s() + 'B' } } [new B().m(), B.s()]
//---
class A { #p = 1; get p() { return this.#p } #q() { return this.#p + 1 } q() { return this.#q() } static #r = 3; static r() { return A.#r } } [new A().p, new A().q(), A.r()]
//---
class A { static x; static { const f = () => 7; this.x = f() } } A.x
//---
class A { f = () => this.v; v = 3; g = function () { return this.v } } [new A().f(), new A().g()]
//---
class A { ['m' + 1]() { return 1 } static ['s' + 2]() { return 2 } } [new A().m1(), A.s2()]
//---
class A { static async *ag() { yield await 1; yield 2 } } (async () => { const r = []; for await (const x of A.ag()) r.push(x); return r })()
//---
const C = class Named { static n() { return Named.name } }; [C.name, C.n()]
//---
const C = class { }; [C.name, (class { }).name, C.length]
//---
function F() { if (!new.target) return new F(); this.t = new.target === F } F().t
//---
const f = function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }; f(5)
//---
function f(a, b = a + 1, ...c) { return [a, b, c, arguments.length, f.length, f.name] } f(1, undefined, 3, 4)
//---
function f({ a, b: { c = 3 } = {} } = {}, [d, , e = 4] = [1]) { return [a, c, d, e] } f({ a: 1 })
//---
function f(g = () => x, x = 2) { return g() } f()
//---
function f(x, g = () => x) { var x = 5; return [x, g()] } f(1)
//---
function f(x) { var x; return x } f(1)
//---
function f(x) { function x() { return 'inner' } return x() } f(1)
//---
function f() { return g(); function g() { return h() } function h() { return 'hoisted' } } f()
//---
function f() { function g() { return 1 } function g() { return 2 } return g() } f()
//---
function f() { var g = 1; function g() { return 2 } return typeof g } f()
//---
function f() { function g() { return 2 } { var g = 1 } return typeof g } try { f() } catch (e) { e.message }
//---
function f() { 'use strict'; return this === undefined } f()
//---
function f() { 'use strict'
return this === undefined } f()
//---
function f() { 'a'; "b"
; return 'directives' } f()
//---
function f() { "use strict" /* no semicolon */ } f()
//---
function f() {} f()
//---
function f() { /* only a comment } */ } f()
//---
function f() { // a line }
} f()
//---
function f() { return } f()
//---
function f() { return /* } */ '}' + "{" + `}${'{'}` + /[{}]/.source } f()
//---
const f = () => /\/(}|{)/.test('/}'); f()
//---
const f = () => `a${(() => `b${1 + 1}`)()}c`; f()
//---
const tag = (s, ...v) => s.raw.join('|') + v.join(','); const f = x => tag`a${x}b\n${x + 1}c`; f(1)
//---
const f = a => b => c => a + b + c; f(1)(2)(3)
//---
const f = a => b => ({ a, b }); f(1)(2)
//---
const f = async a => await (async b => await b + 1)(a); f(1)
//---
const f = (a, b) => a ? b : () => 3, g = x => x; [f(1, 2), f(0)(), g(4)]
//---
const f = x => x
const g = y => y + 1
;[f(1), g(2)]
//---
const f = x => { return x }
const r = [f(1)]
r
//---
let log = []; const f = () => log.push(1)
f(); f()
log
//---
const f = () => {}; typeof f()
//---
const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); fs.map(f => f())
//---
const fs = []; for (var i = 0; i < 3; i++) fs.push(() => i); fs.map(f => f())
//---
const fs = []; for (const k in { a: 1, b: 2 }) fs.push(() => k); fs.map(f => f())
//---
const é = '€€', 变 = x => { throw new Error(x) }; 变(é)
//---
/* 😀😀 */ const f = x => { throw new Error(x) }; f(1)
//---
const f = () => {
  const g = x => x.y.z; return [1].map(() => g({}))
}; f()
//---
outer: for (const a of [1, 2, 3]) { for (const b of [1, 2]) { if (b === 2) continue outer; if (a === 3) break outer } } 'left'
//---
function f() { a: { b: { break a } return 1 } return 2 } f()
//---
function f() { try { return 1 } finally { } } f()
//---
function f() { try { return 1 } finally { return 2 } } f()
//---
function f() { try { throw 1 } catch { return 2 } finally { log = 3 } } let log; [f(), log]
//---
function f() { try { throw 1 } finally { throw 2 } } try { f() } catch (e) { e }
//---
function f() { for (;;) { try { return 1 } finally { break } } return 2 } f()
//---
function f() { for (let i = 0; i < 3; i++) { try { continue } finally { if (i === 1) return i } } } f()
//---
function f() { throw new TypeError('t') } try { f() } catch (e) { [e.name, e.message, e instanceof TypeError] }
//---
function f() { null.x } try { f() } catch (e) { e.stack.split('\n')[0].replace(/:\d+\)/, ')') }
//---
function f(n) { return n ? f(n - 1) : new Error('x').stack.split('\n').filter(l => l.includes('at f')).length } f(5)
//---
function f() { return f.toString() } f()
//---
[function () { return 1 }, () => 2, class A { m() { return 3 } }, async x => await x, { m() { } }.m].map(String)
//---
Function.prototype.toString.call(Math.max).includes('native')
//---
(function () { return [this, arguments.length] })(1, 2)
//---
(function () { return [...arguments] }).apply(null, [1, 2])
//---
const b = (function (x) { return [this.v, x] }).bind({ v: 1 }, 2); [b(), b.name, b.length]
//---
const o = { f: function () { }, g: () => { }, h() { }, get i() { return 1 }, ['j' + 1]: () => 1 }; [o.f.name, o.g.name, o.h.name, o.j1.name, Object.getOwnPropertyDescriptor(o, 'i').get.name]
//---
let f; f = () => 1; let g = (function () { }); [f.name, g.name, (() => 1).name]
//---
const { a = () => 1, b = function () { } } = {}; [a.name, b.name]
//---
const [x = () => 1] = []; x.name
//---
const o = { a: { b: () => 5 } }; [o?.a?.b?.(), o.z?.b(), o?.['a'].b()]
//---
const f = x => x ?? 'none'; [f(null), f(0)]
//---
let x = 0; const f = () => x ||= 4; [f(), x]
//---
const f = (x, y) => x ** y; f(2, 3)
//---
const f = () => void 0, g = () => typeof f, h = () => delete {}.x; [g(), h()]
//---
const f = () => new Date(0).getTime(); f()
//---
const f = () => [1, , 3].length; f()
//---
const f = function () { switch (arguments[0]) { case 1: return 'one'; case 2: { let a = 'two'; return a } default: return 'many' } }; [f(1), f(2), f(3)]
//---
const f = () => { if (true) return 1; else return 2 }, g = () => { do { return 3 } while (true) }; [f(), g()]
//---
const f = () => { var a = 1, b = 2
return a + b }; f()
//---
const f = n => n <= 1 ? n : f(n - 1) + f(n - 2); f(12)
//---
[3, 1, 2].sort((a, b) => a - b)
//---
'abc'.replace(/b/g, m => m.toUpperCase())
//---
[1, 2, 3].reduce((a, b) => a + b, 0)
//---
JSON.parse('[1,2]', (k, v) => typeof v === 'number' ? v + 1 : v)
//---
JSON.stringify({ toJSON() { return { a: 1 } } })
//---
const o = { toString() { return 's' }, valueOf() { return 4 }, [Symbol.toPrimitive]: h => h === 'number' ? 1 : 'p' }; [`${o}`, +o]
//---
new Proxy({}, { get: (t, k) => k + '!' }).x
//---
Reflect.construct(function () { this.t = new.target.name }, [], class K { }).t
//---
const m = new Map([[1, () => 'one']]); m.get(1)()
//---
eval('(() => 6)()') + (0, eval)('7')
//---
const f = x => eval('x + 1'); f(1)
//---
function f() { let a = 1; { let a = 2; } return eval('a') } f()
//---
new Function('a', 'b', 'return a + b')(1, 2)
//---
const s = new Set(); for (const x of (function* () { try { yield 1; yield 2 } finally { s.add('closed') } })()) break; [...s]
//---
const [a] = (function* () { try { yield 1 } finally { console.log('closed') } })(); a
//---
console.log('a'); const f = () => console.log('b'); f(); f()
//---
const log = []; const p = (async () => { log.push(1); await null; log.push(3) })(); log.push(2); p.then(() => log)
//---
const log = []; (async () => { const f = async n => { log.push('in' + n); await null; log.push('out' + n) }; await Promise.all([f(1), f(2)]); return log })()
//---
(async () => { try { await Promise.reject(new Error('no')) } catch (e) { return e.message } finally { console.log('finally') } })()
//---
(async () => { try { return await 1 } finally { await 2 } })()
//---
(async () => { const r = []; for await (const x of [Promise.resolve(1), 2]) r.push(x); return r })()
//---
(async () => { const r = []; outer: for await (const x of (async function* () { yield 1; yield 2; yield 3 })()) { if (x === 2) continue outer; r.push(x) } return r })()
//---
(async () => { for await (const x of [1]) ; return 'empty' })()
//---
(async () => { if (true) for await (const x of [1]) console.log(x); else console.log('no'); return 1 })()
//---
(async () => { async function* g() { try { yield 1; yield 2 } finally { console.log('end') } } for await (const x of g()) return x })()
//---
async function* g() { const x = yield 1; yield x; return 3 } (async () => { const i = g(); return [await i.next(), await i.next(8), await i.next()] })()
//---
async function* g() { yield* [1, 2]; yield* (async function* () { yield 3 })() } (async () => { const r = []; for await (const x of g()) r.push(x); return r })()
//---
async function* g() { return Promise.resolve(4) } (async () => await g().next())()
//---
(async () => { const f = async () => { throw 1 }; return await f().catch(e => e + 1) })()
//---
(async () => { let x = 0; await x++
;(() => x)(); return x })()
//---
(async () => { let x = 1
await null
++x
return x })()
//---
(async () => -await 1 + (await 2) ** 2)()
//---
(async () => (await { a: { b: [5] } }).a.b[0])()
//---
(async () => { const { a, b = await 2 } = await { a: 1 }; return [a, b] })()
//---
(async () => await (await (() => (async () => 9))())())()
//---
(async () => new (await class { v = 1 })().v)()
//---
(async () => typeof await 1)()
//---
const f = async ({ a } = { a: 1 }, ...r) => [a, r, await 2]; f(undefined, 3)
//---
await 1
//---
const x = await Promise.resolve(5); x + 1
//---
const r = []; for await (const x of [1, 2]) r.push(x); r
//---
for await (const x of [1, 2]) { x * 10 }
//---
try { await Promise.reject(3) } catch (e) { e + 1 }
//---
try { await Promise.reject(3) } catch { }
//---
await null
const f = () => 1
f()
//---
const f = async () => { await null; return 2 }; (await f()) + (await f())
//---
const { promise, resolve } = Promise.withResolvers(); const w = (async () => await promise)(); resolve(11); w
//---
new Promise(r => queueMicrotask(() => r('micro')))
//---
const t = { then(f) { f('thenable') } }; (async () => await t)()
//---
class A extends Array { sum() { return this.reduce((a, b) => a + b, 0) } } A.from([1, 2]).sum()
//---
class E extends Error { constructor(m) { super(m); this.name = 'E' } } try { throw new E('m') } catch (e) { `${e}` }
//---
const o = { __proto__: { m() { return 'p' } }, m() { return super.m() + 'c' } }; o.m()
//---
const a = [() => 1, () => 2]; a[0]() + a[1]()
//---
!function () { return 0 }()
//---
+(() => 5)()
//---
(() => { })() === undefined
//---
var f = function () { return 'var' }; f()
//---
var v = 1; function change() { v = 2 } change(); v
//---
let deep = () => () => () => () => 'deep'; deep()()()()
//---
label: { const f = () => { inner: for (;;) break inner; return 1 }; f(); break label }
//---
if (true) function g() { return 1 }
//---
const f = (a = (() => 1)(), b = (function () { return a + 1 })()) => [a, b]; f()
//---
const f = ([a, b] = [(() => 3)(), 4]) => a * b; f()
//---
const compose = (...fs) => x => fs.reduceRight((v, f) => f(v), x); compose(x => x + 1, x => x * 2)(5)
//---
function Counter() { let n = 0; return { inc: () => ++n, get value() { return n } } } const c = Counter(); c.inc(); c.inc(); c.value
//---
function f() { return arguments.callee } try { f() } catch (e) { e.name }
//---
throw new RangeError('out')
//---
(function f() { f() })()
//---
undefinedName
//---
const f = () => missing(); f()
//---
Promise.reject(new Error('unhandled')); 1
//---
(async () => { throw new Error('later') })()
//---
const o = {}; const f = () => o.x.y; f()
//---
const é = ü => ü + '€', 变量 = () => é('a'); 变量()
//---
const f = () => { /* é */ return '😀' }, g = () => f() + '€'; g()
//---
f(); function f() { console.log('early') }
//---
const p = { f() { return (() => this.v)() }, v: 8 }; p.f()
//---
const g = function* () { }; [g().next(), Object.getPrototypeOf(g) === Object.getPrototypeOf(function* () { })]
//---
const i = (function* () { yield 1 })(); [i.return(5), i.next()]
//---
const i = (function* () { yield 1 })(); try { i.throw(new Error('first')) } catch (e) { [e.message, i.next()] }
//---
function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b] } } const r = []; for (const x of fib()) { if (x > 20) break; r.push(x) } r
//---
function* walk(t) { if (t) { yield* walk(t.l); yield t.v; yield* walk(t.r) } } [...walk({ l: { v: 1 }, v: 2, r: { v: 3 } })]
