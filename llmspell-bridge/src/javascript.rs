//! JavaScript: QuickJS-ng through rquickjs.
