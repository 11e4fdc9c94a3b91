// SPDX-License-Identifier: MIT
// How lists go out: a bare array or the envelope with count, next, previous and results (facts 2.0); and the
// ways in which a list can move under who pages it.
"use strict";

// `rows` in the order of the list. `paged`: this one has limit and offset whatever the switch says (2.7).
function list(call, rows, { paged = false } = {}) {
	const { settings, query } = call;
	let all = rows;
	if (settings.duplicate_rows && all.length)
		all = [all[0], ...all];
	if (settings.lists !== "paged" && !paged)
		return all;
	const limit = Math.min(Number(query.get("limit")) || settings.page_size, 200);
	const offset = Number(query.get("offset")) || 0;
	// Between two pages a row went, or one came: what is behind it is not where it was.
	if (offset && settings.moving_page === "insert")
		all = [{ ...all[0], id: 900000 + offset }, ...all];
	if (offset && settings.moving_page === "delete")
		all = all.slice(1);
	const page = (at) => {
		const url = new URL(call.path, settings.foreign_next ? "https://elsewhere.test" : call.origin);
		for (const [name, value] of query)
			url.searchParams.set(name, value);
		url.searchParams.set("limit", limit);
		url.searchParams.set("offset", at);
		return url.href;
	};
	return {
		count: all.length,
		next: offset + limit < all.length ? page(offset + limit) : null,
		previous: offset ? page(Math.max(0, offset - limit)) : null,
		results: all.slice(offset, offset + limit),
	};
}

module.exports = { list };
