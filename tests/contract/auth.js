// SPDX-License-Identifier: MIT
// Logging in: the device flow (facts 1.4), keys (1.5), and what contract A had instead (1.6, 2.15).
"use strict";
const crypto = require("node:crypto");
const { Refusal } = require("./contract");
const { show } = require("./identities");

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// ---- the device flow ----

function begin(call) {
	const { world, settings } = call;
	const code = crypto.randomBytes(24).toString("base64url");
	const user_code = `${crypto.randomBytes(2).toString("hex")}-${crypto.randomBytes(2).toString("hex")}`.toUpperCase();
	world.devices.set(code, {
		user_code, polls: 0, last: 0, outcome: settings.device_outcome === "manual" ? "" : settings.device_outcome,
		interval: settings.interval,
	});
	return [200, {
		device_code: code, user_code, verification_uri: settings.device_page,
		expires_in: settings.expires_in, interval: settings.interval,
	}];
}

const refuse = (error) => { throw new Refusal(400, { error, error_description: `The answer is ${error}.` }); };

// A poll that comes sooner than the interval says is the client's mistake.
function checkPace(call, device) {
	const now = Date.now();
	if (device.last && now - device.last < device.interval * 1000 - 100)
		call.violate(`polled after ${now - device.last} ms; the interval is ${device.interval} s`);
	device.last = now;
}

async function poll(call) {
	const { world, settings } = call;
	const device = world.devices.get(call.body.device_code);
	if (!device)
		refuse("invalid_grant");
	checkPace(call, device);
	if (call.body.wait && settings.device_hold)
		await sleep(settings.device_hold);
	device.last = Date.now();
	device.polls++;
	if (device.polls <= settings.device_slow_down) {
		device.interval += 5;
		refuse("slow_down");
	}
	if (!device.outcome || device.polls <= settings.device_slow_down + settings.device_pending)
		refuse("authorization_pending");
	if (device.outcome === "expired")
		refuse("expired_token");
	if (device.outcome === "denied")
		refuse("access_denied");
	if (device.outcome === "no-error")
		throw new Refusal(400, { message: "no" });
	world.devices.delete(call.body.device_code);
	return [200, world.isA ? tokens(world) : success(world, settings)];
}

// 1.4 step 5: a non-empty identity_key tells a signup from a login.
function success(world, settings) {
	const management_key = settings.wrong_kind ? world.makeKey("identity", world.makeIdentity()) : world.makeKey("management");
	const answer = { management_key, user: world.user };
	if (settings.device_result === "signup" && !world.isC) {
		const identity = world.makeIdentity();
		return { ...answer, identity_key: world.makeKey("identity", identity), identity: show(world, identity) };
	}
	if (settings.device_result === "empty")
		return answer;
	return { ...answer, identities: world.identities.map((one) => show(world, one)) };
}

// ---- keys ----

function mint(call) {
	const { world, body } = call;
	const identity = world.find(body.identity_uuid);
	if (!identity)
		throw new Refusal(404, "Not found.");
	// The account's is no identity's, and does not count as one.
	const key = call.settings.wrong_kind ? world.makeKey("management") : world.makeKey("identity", identity, body.label);
	return [200, {
		key, identity_uuid: identity.uuid, label: body.label,
	}];
}

// The shape of these rows and the way to revoke one are nowhere documented (1.5); this is the likely one.
function keys(call) {
	const { world, who } = call;
	return [200, [...world.keys.values()].filter((key) => key.kind === "identity" && !key.revoked &&
		(who.kind === "management" || key.identity === who.identity)).map((key) => ({
		uuid: key.uuid, label: key.label, identity_uuid: key.identity.uuid,
	}))];
}

function revoke(call, { uuid }) {
	const key = [...call.world.keys.values()].find((one) => one.uuid === uuid);
	if (!call.settings.key_revocation || !key)
		throw new Refusal(404, "Not found.");
	key.revoked = true;
	return [204];
}

// ---- contract A ----

function tokens(world, identity = null) {
	return {
		access: world.makeToken("access", identity), refresh: world.makeToken("refresh", identity),
		...identity ? {} : { user: world.user },
	};
}

function bind(call) {
	const identity = call.world.find(call.body.identity);
	if (!identity)
		throw new Refusal(404, "Not found.");
	if (call.who.identity)
		call.violate("a token that is bound already was bound again");
	return [200, tokens(call.world, identity)];
}

function refresh(call) {
	const { world, settings, body } = call;
	const token = world.tokens.get(body.refresh);
	if (!token || token.kind !== "refresh" || token.stale)
		throw new Refusal(401, "Token is invalid or expired");
	// What was given out before is worth nothing from now on.
	for (const one of world.tokens.values())
		if (one.kind === "access" && one.identity === token.identity)
			one.stale = true;
	if (settings.access_expired)
		world.set({ access_expired: false });
	token.stale = settings.refresh_rotates;
	return [200, {
		access: world.makeToken("access", token.identity),
		...settings.refresh_rotates ? { refresh: world.makeToken("refresh", token.identity) } : {},
	}];
}

// Documented for A, used by no client that was read (1.6.5).
function logout(call) {
	for (const [, token] of call.world.tokens)
		if (token.identity === call.who.identity)
			token.stale = true;
	return [204];
}

function encryption(call) {
	const { world, settings } = call;
	if (!world.isA || settings.encryption === "absent")
		throw new Refusal(404, "Not found.");
	if (settings.encryption === "empty")
		return [200, { ...world.encryption, salt: "", verifier: "", public_key: "" }];
	if (settings.encryption === "swapped")
		return [200, { ...world.encryption, public_key: crypto.randomBytes(32).toString("base64") }];
	return [200, world.encryption];
}

function setEncryption(call) {
	if (!call.world.isA)
		throw new Refusal(404, "Not found.");
	Object.assign(call.world.encryption, call.body);
	return [200, call.world.encryption];
}

module.exports = {
	routes: [
		{ method: "POST", path: "/api/auth/device/", auth: "none", run: begin },
		{ method: "POST", path: "/api/auth/device/token/", auth: "none", members: { device_code: "string!", wait: "boolean" }, run: poll },
		{ method: "POST", path: "/api/auth/keys/identity/", auth: "management", not: "A", members: { identity_uuid: "string!", label: "string!" }, run: mint },
		{ method: "GET", path: "/api/auth/keys/identity/", auth: "any", not: "A", run: keys },
		{ method: "DELETE", path: "/api/auth/keys/identity/:uuid/", auth: "any", not: "A", run: revoke },
		{ method: "POST", path: "/api/auth/bind-identity/", auth: "user", only: "A", members: { identity: "string!" }, run: bind },
		{ method: "POST", path: "/api/auth/token/refresh/", auth: "none", only: "A", members: { refresh: "string!" }, run: refresh },
		{ method: "POST", path: "/api/auth/logout/", auth: "user", only: "A", members: { refresh: "string" }, run: logout },
		{ method: "GET", path: "/api/encryption/", auth: "any", run: encryption },
		{ method: "PATCH", path: "/api/encryption/", auth: "any", members: { salt: "string!", public_key: "string!", verifier: "string!" }, run: setEncryption },
	],
};
