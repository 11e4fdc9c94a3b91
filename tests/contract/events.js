// SPDX-License-Identifier: MIT
// What happened in the account, for who follows it (facts 2.14): a stream of server-sent events in A and B, a
// list to replay in C. The WebSocket of C is not here: nothing says how it authenticates or frames.
"use strict";

function stream(call) {
	const since = Number(call.headers["last-event-id"]) || 0;
	return [200, (response) => {
		const write = ({ seq, type, data }) => response.write(`id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
		response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
		response.write(": hello\n\n");
		for (const event of call.world.events.filter(({ seq }) => seq > since))
			write(event);
		call.world.watchers.add(write);
		response.on("close", () => call.world.watchers.delete(write));
	}];
}

// The spelling of `since` is inferred from the names in the SDK (2.14).
function replay(call) {
	const since = Number(call.query.get("since")) || 0;
	const mine = (event) => !call.identity || event.data.identity === call.identity.uuid;
	return [200, call.world.events.filter((event) => event.seq > since && mine(event))];
}

module.exports = {
	routes: [
		{ method: "GET", path: "/api/events/stream/", auth: "any", scoped: true, not: "C", run: stream },
		{ method: "GET", path: "/api/events/", auth: "any", scoped: true, only: "C", query: ["since", "type"], run: replay },
	],
};
