// SPDX-License-Identifier: MIT
// The rules that hold for every request, whatever it is about: paths, headers, credentials, scope, members.
// What a careful client never does is noted as a violation, besides being answered as the service would.
"use strict";
const { URL } = require("node:url");

// An answer that is no success (facts 3.1).
class Refusal extends Error {
	constructor(status, body, headers = {}) {
		super(typeof body === "string" ? body : JSON.stringify(body));
		this.status = status;
		this.body = typeof body === "string" ? { detail: body } : body;
		this.headers = headers;
	}
}

// `route.path` has :names for segments. A literal + in a path stays one (2.6).
function match(route, segments) {
	const wanted = route.path.split("/").filter(Boolean);
	const names = {};
	if (wanted.length !== segments.length)
		return null;
	for (const [i, part] of wanted.entries()) {
		if (part.startsWith(":"))
			names[part.slice(1)] = segments[i];
		else if (part !== segments[i])
			return null;
	}
	return names;
}

class Call {
	constructor(world, request, body) {
		const url = new URL(request.url, "https://host");
		this.world = world;
		this.settings = world.settings;
		this.method = request.method;
		this.headers = request.headers;
		this.path = url.pathname;
		this.query = url.searchParams;
		this.raw = body;
		this.body = {};
		this.violations = [];
		this.who = null; // { kind, identity, key }
		this.identity = null; // the one that a per-identity call is about; null: the whole account
	}

	violate(what) { this.violations.push(what); }

	// 1.1: every path ends in '/'. Django answers 301, which turns a POST into a GET (3.4).
	checkPath() {
		if (!this.path.endsWith("/")) {
			this.violate("the path has no final slash");
			throw new Refusal(301, {}, { Location: `${this.path}/` });
		}
		try {
			this.segments = this.path.split("/").filter(Boolean).map(decodeURIComponent);
		} catch {
			this.violate("the path is not well encoded");
			throw new Refusal(400, "Bad path.");
		}
	}

	// 1.2
	checkHeaders() {
		if (this.headers.accept !== "application/json")
			this.violate(`Accept is ${this.headers.accept ?? "missing"}`);
		if (this.raw.length && !/^application\/json\b/.test(this.headers["content-type"] ?? ""))
			this.violate(`Content-Type is ${this.headers["content-type"] ?? "missing"}`);
		if (this.headers.cookie)
			this.violate("a cookie was sent");
		if (this.headers["x-ravi-identity"] && !(this.world.isA && this.settings.a_phase === 1))
			this.violate("X-Ravi-Identity belongs to contract A with an unbound token alone (8.2.3)");
		if (this.raw.length) {
			try {
				this.body = JSON.parse(this.raw);
			} catch {
				this.violate("the body is no JSON");
				throw new Refusal(400, "JSON parse error");
			}
		}
	}

	// 1.3: who asks, by what the credential looks like.
	identify() {
		const [scheme, value] = (this.headers.authorization ?? "").split(" ");
		if (!this.headers.authorization)
			return;
		if (scheme !== "Bearer" || !value) {
			this.violate("Authorization is no bearer's");
			throw new Refusal(401, "Authentication credentials were not provided.");
		}
		this.who = this.world.isA ? this.byToken(value) : this.byKey(value);
	}

	byKey(value) {
		const key = this.world.keys.get(value);
		if (!/^ravi_(id|mgmt)_/.test(value))
			this.violate("a credential of contract A at a service of B or C");
		if (!key || key.revoked)
			throw new Refusal(401, "Invalid API key.");
		return { kind: key.kind, identity: key.identity, key: value };
	}

	byToken(value) {
		const token = this.world.tokens.get(value);
		if (/^ravi_/.test(value))
			this.violate("an API key at a service of contract A");
		if (!token || token.kind !== "access" || token.stale || this.settings.access_expired)
			throw new Refusal(401, "Token is invalid or expired");
		return { kind: "user", identity: token.identity, key: value };
	}

	// 1.7: which key a route wants.
	checkKind(route) {
		if (route.auth === "none") {
			if (this.headers.authorization)
				this.violate("a credential was sent where none belongs");
			return;
		}
		this.identify();
		if (!this.who)
			throw new Refusal(401, "Authentication credentials were not provided.");
		if (this.who.kind === "user" || route.auth === "any" || route.auth === this.who.kind)
			return;
		this.violate(`a key of the wrong kind (${this.who.kind})`);
		throw new Refusal(403, route.auth === "identity" ? "Identity-scoped key required." : "Management key required.");
	}

	// 2.13: whose things a per-identity call is about.
	checkScope(route) {
		const named = this.query.get("identity");
		if (!route.scoped) {
			if (named)
				this.violate("?identity= does not belong here");
			return;
		}
		this.identity = this.who.identity;
		if (this.who.kind === "identity" && named) {
			if (!this.world.isC)
				this.violate("?identity= is contract C's");
			if (named !== this.who.identity.uuid) {
				this.violate("?identity= names another identity than the key's (8.2.2)");
				throw new Refusal(404, "Not found.");
			}
		}
		if (this.who.kind === "user" && this.settings.a_phase === 1)
			this.identity = this.world.find(this.headers["x-ravi-identity"]) ?? null;
		// A server of B ignores the parameter, and so does /api/phone/ of C (2.2).
		if (this.who.kind === "management" && named && this.world.isC && !route.ignores_scope) {
			this.identity = this.world.find(named);
			if (!this.identity)
				throw new Refusal(404, "Not found.");
		}
		if (!this.identity && this.who.kind === "management" && !named)
			this.violate("a management key without ?identity= on a per-identity call (8.2.2)");
		if (!this.identity && this.who.kind === "user")
			this.violate("a token that is bound to no identity on a per-identity call (1.6)");
		if (!this.identity && route.method !== "GET")
			throw new Refusal(400, "Identity is required.");
	}

	checkMembers(route) {
		for (const name of this.query.keys())
			if (!(route.query ?? []).includes(name) && !(route.scoped && name === "identity"))
				this.violate(`the query has "${name}", which nothing documents here`);
		const ignored = route.read_only ?? [];
		const unknown = Object.keys(this.body).filter((name) => !(name in (route.members ?? {})));
		for (const name of unknown)
			this.violate(`the body has "${name}", ${ignored.includes(name) ? "which is read-only (2.0)" : "which nothing documents here"}`);
		const refused = unknown.filter((name) => !ignored.includes(name));
		if (refused.length)
			throw new Refusal(400, Object.fromEntries(refused.map((name) => [name, ["Unknown field."]])));
		for (const [name, type] of Object.entries(route.members ?? {})) {
			const value = this.body[name];
			const required = type.endsWith("!");
			if (value === undefined && !required)
				continue;
			const kind = Array.isArray(value) ? "array" : typeof value;
			if (kind !== type.replace("!", "")) {
				this.violate(`"${name}" is ${value === undefined ? "missing" : `a ${kind}`}`);
				throw new Refusal(400, { [name]: [value === undefined ? "This field is required." : "Not a valid value."] });
			}
		}
	}

	// The things of the identity, or of the whole account where nobody was named (2.2).
	all(kind) {
		return this.identity ? this.identity[kind] : this.world.identities.flatMap((one) => one[kind]);
	}

	find(kind, same, what = "Not found.") {
		const found = this.all(kind).find(same);
		if (!found)
			throw new Refusal(404, what);
		return found;
	}
}

module.exports = { Call, Refusal, match };
