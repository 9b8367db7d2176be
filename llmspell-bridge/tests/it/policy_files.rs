//! Policy files in Lua and JavaScript: what is refused, what is limited, and what never leaks.
