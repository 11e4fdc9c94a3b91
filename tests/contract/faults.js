// SPDX-License-Identifier: MIT
// What goes wrong between a client and the service, on demand. A fault has `kind`, and may have `path` (a
// regular expression), `method`, `times` (how often; default 1, 0: until it is taken away) and `skip`.
"use strict";

const MIB = 1 << 20;
const json = (response, status, body, headers = {}) => {
	response.writeHead(status, { "Content-Type": "application/json", ...headers });
	response.end(typeof body === "string" ? body : JSON.stringify(body));
};
const throttled = (seconds) => ({ detail: "Request was throttled.", ...seconds === undefined ? {} : { retry_after_seconds: seconds } });

// RST, not FIN. A TLS socket has no way to do that itself, the one below it has.
function reset(socket) {
	if (socket?._parent)
		socket._parent.resetAndDestroy();
	socket?.destroy();
}

// Each is (response, fault, answer); `answer` sends what the service would have said.
const KINDS = {
	// Before a byte of an answer; the request was not carried out.
	"reset": (response) => reset(response.socket),
	// The request was carried out, and nobody hears of it.
	"lost-answer": async (response, fault, answer) => {
		await answer.compute();
		reset(response.socket);
	},
	"reset-mid-body": async (response, fault, answer) => {
		const text = JSON.stringify((await answer.compute())[1] ?? {});
		response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) + 100 });
		response.write(text.slice(0, 10));
		setTimeout(() => reset(response.socket), 20);
	},
	// A byte now and then, for ever.
	"slow": (response) => {
		response.writeHead(200, { "Content-Type": "application/json" });
		const timer = setInterval(() => response.write(" "), 100);
		response.on("close", () => clearInterval(timer));
	},
	"hang": () => {},
	// Late, and otherwise as it should be.
	"delay": (response, fault, answer) => { setTimeout(() => answer.send(), fault.ms ?? 1000); },
	"truncated": async (response, fault, answer) => {
		const text = JSON.stringify((await answer.compute())[1] ?? {});
		json(response, 200, text.slice(0, Math.max(1, text.length >> 1)));
	},
	"html-502": (response) => {
		response.writeHead(502, { "Content-Type": "text/html" });
		response.end("<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>");
	},
	"html-200": (response) => {
		response.writeHead(200, { "Content-Type": "text/html" });
		response.end("<html><body>Sign in to the hotel's network</body></html>");
	},
	"huge-field": (response) => json(response, 200, { uuid: "x", value: "A".repeat(10 * MIB) }),
	"huge-header": (response) => json(response, 200, {}, { "X-Long": "A".repeat(200 << 10) }),
	"endless": (response) => {
		response.writeHead(200, { "Content-Type": "application/json" });
		const piece = Buffer.alloc(64 << 10, " ");
		const more = () => { while (!response.destroyed && response.write(piece)); };
		response.on("drain", more);
		more();
	},
	"deep": (response) => json(response, 200, "[".repeat(100000)),
	// 3.1: the number in the body wins; 3.4: a header in either form.
	"429-body": (response, fault) => json(response, 429, throttled(fault.seconds ?? 1), { "Retry-After": "3600" }),
	"429-seconds": (response, fault) => json(response, 429, throttled(), { "Retry-After": String(fault.seconds ?? 1) }),
	"429-date": (response, fault) => json(response, 429, throttled(), {
		"Retry-After": new Date(Math.ceil((Date.now() + (fault.seconds ?? 1) * 1000) / 1000) * 1000).toUTCString(),
	}),
	"429-bare": (response) => json(response, 429, "slow down", { "Content-Type": "text/plain" }),
	"status": (response, fault) => json(response, fault.status ?? 500, fault.body ?? { detail: "An error on purpose." },
		fault.seconds ? { "Retry-After": String(fault.seconds) } : {}),
	"empty": (response, fault) => { response.writeHead(fault.status ?? 200); response.end(); },
	// To another host, which must not see the credential.
	"redirect": (response, fault) => { response.writeHead(302, { Location: fault.to ?? "https://elsewhere.test/" }); response.end(); },
	"null": (response) => json(response, 200, "null"),
	"wrong-type": (response) => json(response, 200, '"a text where an object belongs"'),
	"body": (response, fault) => json(response, fault.status ?? 200, fault.body),
};

class Faults {
	constructor() { this.list = []; }

	add(fault) {
		if (!KINDS[fault.kind])
			throw new Error(`no fault "${fault.kind}"; there are ${Object.keys(KINDS).join(", ")}`);
		this.list.push({ times: 1, skip: 0, ...fault, pattern: new RegExp(fault.path ?? "") });
	}

	clear() { this.list = []; }

	// The one that strikes this request, or null.
	strike(call) {
		const fault = this.list.find((one) => one.pattern.test(call.path) && (!one.method || one.method === call.method));
		if (!fault)
			return null;
		if (fault.skip) {
			fault.skip--;
			return null;
		}
		if (fault.times && !--fault.times)
			this.list.splice(this.list.indexOf(fault), 1);
		return fault;
	}
}

module.exports = { Faults, KINDS };
